/// One page of a trail, and the end of it as the manager keeps it apart from the entries.
public struct AuditTrailPage: Decodable, Sendable, Equatable {
    /// Entries in their order.
    public var result: [AuditTrailEntry]
    /// The end; earlier managers do not send it.
    public var head: Head?

    /// What a signature is worth, in the manager's words.
    public enum Signature: String, Codable, Sendable {
        /// The manager made it.
        case valid
        /// There is none.
        case missing
        /// It is not that of the head.
        case invalid
    }

    /// Number and hash of the last entry.
    public struct Head: Decodable, Sendable, Equatable {
        /// Position of the last entry; 0 for a trail without any.
        public var number: Int64
        /// Its hash, in hex.
        public var hash: String
        /// The manager's check of the signature of the two; earlier managers do not sign.
        public var signature: Signature?

        public init(number: Int64, hash: String, signature: Signature? = nil) {
            self.number = number
            self.hash = hash
            self.signature = signature
        }

        /// Reads `NUMBER:HASH`, as a head stands in the manager's log; nil when the text is none.
        public init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let number = Int64(parts[0]), number > 0,
                parts[1].wholeMatch(of: /[0-9a-f]{64}/) != nil
            else { return nil }
            self.init(number: number, hash: parts[1])
        }
    }
}

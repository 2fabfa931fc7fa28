/// The end of a trail, kept apart from its entries.
public struct AuditHead: Sendable, Equatable {
    /// Number of the last entry.
    public var number: Int64
    public var hash: String
    /// What the manager's signature of the two is worth.
    public var signature: AuditSignature

    public init(number: Int64, hash: String, signature: AuditSignature) {
        self.number = number
        self.hash = hash
        self.signature = signature
    }

    /// The head of a trail without entries.
    public static let empty = AuditHead(number: 0, hash: AuditEntry.noHash, signature: .missing)

    /// The text that is signed: it belongs to one trail, and each part has its length in bytes before it.
    public static func signedText(_ scope: AuditScope, number: Int64, hash: String) -> String {
        [scope.text, "\(number)", hash].map { "\($0.utf8.count):\($0)" }.joined(separator: "\n")
    }
}

/// What the signature of a head is worth.
public enum AuditSignature: String, Sendable, CaseIterable {
    /// This installation's manager wrote the head.
    case valid
    /// There is none: the head was written before signatures existed, or the signature was removed.
    case missing
    /// It does not match the head: one of them was changed.
    case invalid

    /// Judges what is stored beside a head.
    public init(
        stored: [UInt8]?, of head: (number: Int64, hash: String), in scope: AuditScope, by signer: any AuditSigner
    ) throws(KeyError) {
        guard let stored else {
            self = .missing
            return
        }
        let text = AuditHead.signedText(scope, number: head.number, hash: head.hash)
        self = try signer.isSignature(stored, of: text) ? .valid : .invalid
    }
}

/// Signs the ends of audit trails with a key that is not in the database.
public protocol AuditSigner: Sendable {
    func sign(_ text: String) throws(KeyError) -> [UInt8]
    /// Whether ``sign(_:)`` made the signature of this text.
    func isSignature(_ signature: [UInt8], of text: String) throws(KeyError) -> Bool
}

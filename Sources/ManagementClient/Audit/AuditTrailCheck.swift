import TokenKit

/// An entry of an audit trail, with what is needed to check its place in the chain.
public struct AuditTrailEntry: Codable, Sendable, Equatable {
    /// Position in the trail, from 1 without gaps.
    public var number: Int64
    /// Hash of the entry before, in hex; 64 zeros for the first.
    public var previousHash: String
    /// Its own hash, in hex.
    public var hash: String
    /// The one text that stands for what was done; the hash is taken over it.
    public var canonical: String

    /// An entry.
    public init(number: Int64, previousHash: String, hash: String, canonical: String) {
        self.number = number
        self.previousHash = previousHash
        self.hash = hash
        self.canonical = canonical
    }

    enum CodingKeys: String, CodingKey {
        case number, hash, canonical
        case previousHash = "previous_hash"
    }
}

/// One page of a trail, and the end of it as the manager keeps it apart from the entries.
public struct AuditTrailPage: Decodable, Sendable, Equatable {
    /// Entries in their order.
    public var result: [AuditTrailEntry]
    /// The end; managers of before do not tell it.
    public var head: Head?

    /// Number and hash of the last entry.
    public struct Head: Decodable, Sendable, Equatable {
        /// Position of the last entry; 0 for a trail without any.
        public var number: Int64
        /// Its hash, in hex.
        public var hash: String

        /// A head.
        public init(number: Int64, hash: String) {
            self.number = number
            self.hash = hash
        }
    }
}

/// Checks an audit trail entry by entry, from its first one on: that no entry is missing, none was changed, and each
/// follows from the one before. Pure.
///
/// A trail that was cut off at its end is a chain too: ``checkEnd(_:)`` compares it with the end that the manager keeps
/// apart. Where both were cut only a ``head`` that was kept elsewhere tells, as in the manager's log.
public struct AuditTrailCheck: Sendable, Equatable {
    /// What is wrong with a trail.
    public struct Break: Error, Sendable, Equatable, CustomStringConvertible {
        /// The entry at which the trail breaks.
        public let number: Int64
        /// What is wrong there.
        public let reason: Reason

        /// Damage at an entry.
        public init(number: Int64, reason: Reason) {
            self.number = number
            self.reason = reason
        }

        /// Kinds of damage.
        public enum Reason: Sendable, Equatable {
            /// Another number was due: entries are missing, or are there twice.
            case wrongNumber(expected: Int64)
            /// It does not name the hash of the entry before.
            case wrongLink
            /// Its hash is not that of its content.
            case wrongHash
            /// Its content names another number than it has.
            case wrongContent
            /// The trail ends before this entry, which the manager knows to be the last.
            case missingEnd(last: Int64)
            /// The last entry has another hash than the manager knows.
            case wrongEnd
            /// The hash could not be computed.
            case notComputed
        }

        /// The same in words.
        public var description: String {
            switch reason {
            case .wrongNumber(let expected): "entry \(expected) is missing: entry \(number) is in its place"
            case .wrongLink: "entry \(number) does not follow from the entry before it"
            case .wrongHash: "entry \(number) was changed: its hash is not that of its content"
            case .wrongContent: "entry \(number) was moved: its content names another number"
            case .missingEnd(let last):
                number == 0
                    ? "all \(last) entries are missing" : "the entries after \(number) are missing, up to entry \(last)"
            case .wrongEnd: "the last entry, \(number), is another one than the manager wrote"
            case .notComputed: "the hash of entry \(number) could not be computed"
            }
        }
    }

    /// What stands for the hash before the first entry.
    public static let noHash = String(repeating: "0", count: 64)

    /// Entries that were checked, all in order.
    public private(set) var count: Int64 = 0
    /// Hash of the last entry that was checked.
    public private(set) var head = noHash

    /// A check that has seen nothing yet.
    public init() {}

    /// A check of the end of a trail: it takes for granted what stands before `entry`.
    public init(before entry: AuditTrailEntry) {
        count = entry.number - 1
        head = entry.number == 1 ? Self.noHash : entry.previousHash
    }

    /// Checks the next entry.
    public mutating func check(_ entry: AuditTrailEntry) throws(Break) {
        guard entry.number == count + 1 else {
            throw Break(number: entry.number, reason: .wrongNumber(expected: count + 1))
        }
        guard entry.previousHash == head else { throw Break(number: entry.number, reason: .wrongLink) }
        let digest: [UInt8]
        do throws(TokenError) {
            digest = try Digest.sha256(Array("\(entry.previousHash)\n\(entry.canonical)".utf8))
        } catch { throw Break(number: entry.number, reason: .notComputed) }
        guard Hex.encode(digest) == entry.hash else { throw Break(number: entry.number, reason: .wrongHash) }
        guard Self.number(in: entry.canonical).map({ $0 == "\(entry.number)" }) ?? true else {
            throw Break(number: entry.number, reason: .wrongContent)
        }
        count = entry.number
        head = entry.hash
    }

    /// Checks that the trail reaches the end that is known of it. Entries that came later are after it.
    public func checkEnd(_ end: AuditTrailPage.Head?) throws(Break) {
        guard let end else { return }
        guard count >= end.number else { throw Break(number: count, reason: .missingEnd(last: end.number)) }
        guard count > end.number || head == end.hash else { throw Break(number: count, reason: .wrongEnd) }
    }

    /// The number that a canonical text begins with, `6:number=LENGTH:VALUE`; nil when it begins otherwise.
    private static func number(in canonical: String) -> String? {
        let name = "6:number="
        guard canonical.hasPrefix(name) else { return nil }
        let halves = canonical.dropFirst(name.count).prefix { $0 != "\n" }.split(separator: ":", maxSplits: 1)
        return halves.count == 2 ? String(halves[1]) : nil
    }
}

import TokenKit

/// An entry of an audit trail, with what is needed to check its place in the chain.
public struct AuditTrailEntry: Codable, Sendable, Equatable {
    /// Position in the trail, from 1 without gaps.
    public var number: Int64
    /// Hash of the entry before, in hex; 64 zeros for the first.
    public var previousHash: String
    /// Its own hash, in hex.
    public var hash: String
    /// The canonical text of the event, over which the hash is computed.
    public var canonical: String

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

/// Checks an audit trail entry by entry, from its first one on: that no entry is missing, none was changed, and each
/// entry follows from its predecessor. Pure.
///
/// A trail that was cut off at its end is a chain too: ``checkEnd(_:)`` compares it with the end that the manager keeps
/// apart and signs. An older end, put back together with its signature, is found only with a head that was kept
/// elsewhere, as in the manager's log: ``expected``.
public struct AuditTrailCheck: Sendable, Equatable {
    /// The damage of a trail.
    public struct Break: Error, Sendable, Equatable, CustomStringConvertible {
        /// The entry at which the trail breaks.
        public let number: Int64
        /// The damage.
        public let reason: Reason

        /// Damage at an entry.
        public init(number: Int64, reason: Reason) {
            self.number = number
            self.reason = reason
        }

        /// Kinds of damage.
        public enum Reason: Sendable, Equatable {
            /// Another number was expected: entries are missing or repeated.
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
            /// The manager knows of fewer entries than there are.
            case earlyEnd(last: Int64)
            /// The end that the manager keeps does not have its signature.
            case replacedEnd
            /// The entry has another hash than the one that was kept elsewhere.
            case unexpected
            /// The hash could not be computed.
            case notComputed
        }

        /// The text form.
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
            case .earlyEnd(let last):
                "the stored end of the trail is entry \(last), and there are entries up to \(number): the end was replaced"
            case .replacedEnd:
                "the stored end of the trail, entry \(number), does not have the manager's signature: it was replaced"
            case .unexpected: "entry \(number) has another hash than expected"
            case .notComputed: "the hash of entry \(number) could not be computed"
            }
        }
    }

    /// The hash before the first entry.
    public static let noHash = String(repeating: "0", count: 64)

    /// Entries that were checked, all in order.
    public private(set) var count: Int64 = 0
    /// Hash of the last entry that was checked.
    public private(set) var head = noHash
    /// What the signature of the end is worth; nil before the end, and where the manager does not sign.
    public private(set) var endSignature: AuditTrailPage.Signature?
    /// An entry that is known from elsewhere: it must be there, with this hash.
    public var expected: AuditTrailPage.Head?

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
        if let expected, expected.number == entry.number, expected.hash != entry.hash {
            throw Break(number: entry.number, reason: .unexpected)
        }
        count = entry.number
        head = entry.hash
    }

    /// Checks that the trail ends where the manager says. The end must have been read when all checked entries were
    /// there, and before it was seen that no other follows.
    public mutating func checkEnd(_ end: AuditTrailPage.Head?) throws(Break) {
        if let expected, count < expected.number {
            throw Break(number: count, reason: .missingEnd(last: expected.number))
        }
        guard let end else { return }
        guard count >= end.number else { throw Break(number: count, reason: .missingEnd(last: end.number)) }
        guard count == end.number else { throw Break(number: count, reason: .earlyEnd(last: end.number)) }
        guard head == end.hash else { throw Break(number: count, reason: .wrongEnd) }
        guard end.signature != .invalid else { throw Break(number: count, reason: .replacedEnd) }
        endSignature = end.signature
    }

    /// The number that a canonical text begins with, `6:number=LENGTH:VALUE`; nil when it begins otherwise.
    private static func number(in canonical: String) -> String? {
        let name = "6:number="
        guard canonical.hasPrefix(name) else { return nil }
        let halves = canonical.dropFirst(name.count).prefix { $0 != "\n" }.split(separator: ":", maxSplits: 1)
        return halves.count == 2 ? String(halves[1]) : nil
    }
}

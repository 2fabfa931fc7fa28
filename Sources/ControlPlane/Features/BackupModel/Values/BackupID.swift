/// The name of a base backup in the archive: 1 to 64 characters of small letters, digits and hyphens. It is part of
/// the names of objects.
public struct BackupID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The text.
    public let value: String

    /// Nil for a text that is no such name.
    public init?(_ text: String) {
        guard ArchiveName.isValid(text) else { return nil }
        value = text
    }

    /// Orders by text.
    public static func < (one: Self, other: Self) -> Bool { one.value < other.value }

    /// The text.
    public var description: String { value }
}

/// What may be a part of an object's name.
enum ArchiveName {
    static let lengthMax = 64

    static func isValid(_ text: String) -> Bool {
        (1...lengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }
}

/// Where the backups of one cluster are, below the root of a store.
public struct ArchiveLocation: Sendable, Hashable, CustomStringConvertible {
    /// The installation of the manager.
    public let installation: String
    /// One `initdb` or one clone: a random name. Two writers never share one.
    public let incarnation: String

    /// Nil unless both are 1 to 64 characters of small letters, digits and hyphens.
    public init?(installation: String, incarnation: String) {
        guard ArchiveName.isValid(installation), ArchiveName.isValid(incarnation) else { return nil }
        self.installation = installation
        self.incarnation = incarnation
    }

    /// Both parts.
    public var description: String { "\(installation)/\(incarnation)" }
}

public import ProjectModel

/// Kind of an opaque API key.
public enum APIKeyKind: String, Sendable, CaseIterable {
    /// Public (`sb_publishable_…`); maps to the database role `anon`.
    case publishable
    /// For servers only (`sb_secret_…`); stands for the database role `service_role`.
    case secret

    /// What every key of this kind begins with.
    public var prefix: String { "sb_\(rawValue)_" }

    /// Database role that the gateway gives to requests with such a key.
    public var role: String { (self == .publishable ? TokenRole.anon : .serviceRole).rawValue }
}

/// An opaque API key of a project, in the clear. The gateway knows all of a project's keys and puts the token of the
/// key's role in its place.
public struct ProjectAPIKey: Sendable, Equatable {
    /// UUID in lower case.
    public var id: String
    /// Name; unique among the project's keys of the same kind.
    public var name: String
    public var kind: APIKeyKind
    /// The first characters of the key, enough to distinguish keys and to reveal none.
    public var prefix: String
    /// The key itself.
    public var key: Secret<String>
    /// SHA-256 of the key in lower-case hexadecimal digits.
    public var digest: String
    /// What it is for, in its owner's words.
    public var description: String?
    /// Database role, `anon` or `service_role`.
    public var role: String
    /// Creation time.
    public var insertedAt: Timestamp
    /// Last change of name or description.
    public var updatedAt: Timestamp

    /// The key as it was stored, with its value opened.
    public init(_ stored: StoredAPIKey, key: Secret<String>) {
        id = stored.id
        name = stored.name
        kind = stored.kind
        prefix = stored.prefix
        self.key = key
        digest = stored.digest
        description = stored.description
        role = stored.role
        insertedAt = stored.insertedAt
        updatedAt = stored.updatedAt
    }
}

/// What to change about an API key; the key itself never changes.
public struct APIKeyEdit: Sendable, Equatable {
    /// Another name; nil leaves the present one.
    public var name: String?
    /// Another description; nil leaves the present one, `.some(nil)` removes it.
    public var description: String??

    /// A change; nothing by default.
    public init(name: String? = nil, description: String?? = nil) {
        self.name = name
        self.description = description
    }
}

/// Bounds of API keys.
public enum APIKeyLimits {
    /// Keys of one project: the gateway reads all of them from its environment.
    public static let countMax = 100
    /// Characters of a name.
    public static let nameLengths = 4...64
    public static let descriptionBytesMax = 1_024
    /// Characters that ``ProjectAPIKey/prefix`` shows after the kind's own.
    static let shownCharacters = 5
    /// Name of the two keys that every project begins with.
    public static let defaultName = "default"

    /// Why a name cannot be used; nil for a good one: a lower-case letter or `_`, then letters, digits and `_`.
    static func problem(ofName name: String) -> String? {
        let bytes = Array(name.utf8)
        let isGood =
            bytes.first.map { isLetter($0) } == true && nameLengths.contains(bytes.count)
            && bytes.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) }
        guard !isGood else { return nil }
        return "the name of an API key has \(nameLengths.lowerBound) to \(nameLengths.upperBound) characters:"
            + " lower-case letters, digits and _, and no digit first"
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || byte == 0x5F }
}

public import ProjectModel

/// A project's own configuration, sealed: every value under the project's key.
public struct StoredConfiguration: Sendable, Equatable {
    /// Number that grows with every change.
    public var revision: Int64
    /// Overridden variables of the template, by name.
    public var settings: [String: [UInt8]]
    /// Opaque API keys, by name and kind.
    public var apiKeys: [StoredAPIKey]
    /// Whether the gateway accepts the signed keys (anon, service_role) beside the opaque ones.
    public var acceptsLegacyKeys: Bool
    /// Function secrets, by name.
    public var functionSecrets: [String: StoredFunctionSecret]

    /// A configuration; that of a project about which nothing was changed by default.
    public init(
        revision: Int64 = 0, settings: [String: [UInt8]] = [:], apiKeys: [StoredAPIKey] = [],
        acceptsLegacyKeys: Bool = true, functionSecrets: [String: StoredFunctionSecret] = [:]
    ) {
        self.revision = revision
        self.settings = settings
        self.apiKeys = apiKeys
        self.acceptsLegacyKeys = acceptsLegacyKeys
        self.functionSecrets = functionSecrets
    }

    /// The configuration after a change.
    public func applying(_ change: ConfigurationChange) -> StoredConfiguration {
        var next = self
        next.revision += 1
        for (name, sealed) in change.settings { next.settings[name] = sealed }
        for (name, secret) in change.functionSecrets { next.functionSecrets[name] = secret }
        let replaced = Set(change.savedKeys.map(\.id)).union(change.removedKeys)
        next.apiKeys = apiKeys.filter { !replaced.contains($0.id) } + change.savedKeys
        next.apiKeys.sort { ($0.name, $0.kind.rawValue) < ($1.name, $1.kind.rawValue) }
        next.acceptsLegacyKeys = change.acceptsLegacyKeys ?? acceptsLegacyKeys
        return next
    }
}

/// An opaque API key, sealed.
public struct StoredAPIKey: Sendable, Equatable {
    /// UUID in lower case.
    public var id: String
    /// Name; unique among the project's keys of the same kind.
    public var name: String
    public var kind: APIKeyKind
    /// First characters, shown to people.
    public var prefix: String
    /// SHA-256 in hexadecimal digits.
    public var digest: String
    /// The sealed key.
    public var sealed: [UInt8]
    /// Its purpose.
    public var description: String?
    /// Database role.
    public var role: String
    /// Creation time.
    public var insertedAt: Timestamp
    /// Last change.
    public var updatedAt: Timestamp

    public init(
        id: String, name: String, kind: APIKeyKind, prefix: String, digest: String, sealed: [UInt8],
        description: String?, role: String, insertedAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.prefix = prefix
        self.digest = digest
        self.sealed = sealed
        self.description = description
        self.role = role
        self.insertedAt = insertedAt
        self.updatedAt = updatedAt
    }
}

/// A function secret, sealed.
public struct StoredFunctionSecret: Sendable, Equatable {
    /// The sealed value.
    public var sealed: [UInt8]
    /// When it was set.
    public var updatedAt: Timestamp

    public init(sealed: [UInt8], updatedAt: Timestamp) {
        self.sealed = sealed
        self.updatedAt = updatedAt
    }
}

/// A change of a project's configuration; the store makes all of it in one transaction, or nothing.
public struct ConfigurationChange: Sendable, Equatable {
    /// Revision that the change was made from: with any other the store refuses it.
    public var revision: Int64
    /// Variables to set, or to forget where the value is nil.
    public var settings: [String: [UInt8]?] = [:]
    /// Function secrets to set, or to forget where the value is nil.
    public var functionSecrets: [String: StoredFunctionSecret?] = [:]
    /// Minted secrets and tokens to replace, or to add.
    public var secrets: [String: [UInt8]] = [:]
    /// API keys that are new, or whose name or description changes.
    public var savedKeys: [StoredAPIKey] = []
    /// API keys to forget, by id.
    public var removedKeys: [String] = []
    /// Whether signed keys are accepted from now on; nil leaves it.
    public var acceptsLegacyKeys: Bool?
    /// The operation of a change that is tried: an ACTIVE project becomes RESTARTING with it, and what ``settings``
    /// replaces is kept until it is ACTIVE again or ``StatusTransition/restoresSettings``. The store refuses the change
    /// of a project in another status.
    public var trial: NewOperation?
    /// When.
    public var at: Timestamp

    /// The change of status that a trial begins with.
    public var trialTransition: StatusTransition? {
        trial.map {
            StatusTransition(
                from: .active, to: .restarting, cause: "new settings of the database are tried", opens: $0, at: at)
        }
    }

    /// An empty change, made from `revision`.
    public init(from revision: Int64, at time: Timestamp) {
        self.revision = revision
        at = time
    }
}

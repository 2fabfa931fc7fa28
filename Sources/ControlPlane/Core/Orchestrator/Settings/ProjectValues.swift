public import ProjectModel

/// All values of one project that its stack is rendered with, in the clear.
public struct ProjectValues: Sendable, Equatable {
    /// Secrets and tokens minted for the project, by the template's variable.
    public var secrets: [String: Secret<String>]
    /// Variables of the template that the project overrides.
    public var settings: [String: Secret<String>]
    /// Secrets of the project's functions.
    public var functionSecrets: [String: Secret<String>]
    /// Opaque API keys.
    public var apiKeys: [ProjectAPIKey]
    /// Whether the gateway accepts the signed keys beside the opaque ones.
    public var acceptsLegacyKeys: Bool

    /// Values; only what was minted by default.
    public init(
        secrets: [String: Secret<String>], settings: [String: Secret<String>] = [:],
        functionSecrets: [String: Secret<String>] = [:], apiKeys: [ProjectAPIKey] = [],
        acceptsLegacyKeys: Bool = true
    ) {
        self.secrets = secrets
        self.settings = settings
        self.functionSecrets = functionSecrets
        self.apiKeys = apiKeys
        self.acceptsLegacyKeys = acceptsLegacyKeys
    }

    /// What of the function secrets becomes variables of a container. Those that were stored before their names were
    /// refused do not.
    public var functionEnvironment: [String: Secret<String>] {
        functionSecrets.filter { !ReservedVariables.contains($0.key) }
    }

    /// The names of the function secrets that are left out.
    var unusedFunctionSecrets: [String] { functionSecrets.keys.filter(ReservedVariables.contains).sorted() }

    /// Everything that must be taken out of a text before users see it. Of the settings only those count that the
    /// template calls secret: a log without any `true` or `3600` would be no log.
    func confidential(_ declared: [DeclaredSetting]) -> [String: Secret<String>] {
        var found = secrets
        for setting in declared where setting.isSecret {
            found["setting \(setting.name)"] = settings[setting.name]
        }
        for (name, value) in functionSecrets { found["function secret \(name)"] = value }
        for key in apiKeys where key.kind == .secret { found["API key \(key.id)"] = key.key }
        return found
    }

    /// A message about these values without any of them, public settings included.
    func withoutValues(_ message: String) -> String {
        Redactor(confidential([]).merging(settings) { $1 }).redacted(message, open: .end)
    }
}

/// The names under which a project's values are sealed; a value opens under its own name only, so none can be put in
/// the place of another. Minted secrets are sealed under the bare name of their variable.
enum SealedName {
    static func setting(_ name: String) -> String { "setting/\(name)" }
    static func functionSecret(_ name: String) -> String { "function-secret/\(name)" }
    static func apiKey(_ id: String) -> String { "api-key/\(id)" }
}

extension KeyMinter {
    /// Opens everything that a project's stack is rendered with.
    func values(
        _ secrets: SealedSecrets, _ configuration: StoredConfiguration, of ref: ProjectRef
    ) throws(KeyError) -> ProjectValues {
        var all = secrets
        for (name, sealed) in configuration.settings { all.values[SealedName.setting(name)] = sealed }
        for (name, secret) in configuration.functionSecrets {
            all.values[SealedName.functionSecret(name)] = secret.sealed
        }
        for key in configuration.apiKeys { all.values[SealedName.apiKey(key.id)] = key.sealed }
        let opened = try open(all, of: ref)
        func pick(_ names: some Sequence<String>, _ sealedName: (String) -> String) -> [String: Secret<String>] {
            var found: [String: Secret<String>] = [:]
            for name in names { found[name] = opened[sealedName(name)] }
            return found
        }
        return ProjectValues(
            secrets: pick(secrets.values.keys) { $0 },
            settings: pick(configuration.settings.keys, SealedName.setting),
            functionSecrets: pick(configuration.functionSecrets.keys, SealedName.functionSecret),
            apiKeys: configuration.apiKeys.compactMap { stored in
                opened[SealedName.apiKey(stored.id)].map { ProjectAPIKey(stored, key: $0) }
            },
            acceptsLegacyKeys: configuration.acceptsLegacyKeys)
    }
}

import ProjectModel

extension TemplateManifest {
    /// The declared names as the manager looks for them. Purposes are unique: ``ManifestCheck`` enforces it.
    var stackRoles: StackRoles {
        var stack = StackRoles()
        stack.services = roles.compactMapValues { ServiceName($0) }
        stack.healthNames = healthNames
        stack.restartNames = restartNames
        stack.ports = Self.byPurpose(ports.map { ($0.purpose, $0.name) })
        stack.secrets = Self.byPurpose(secrets.map { ($0.value.purpose, $0.key) })
        stack.tokens = Self.byPurpose(tokens.map { ($0.value, $0.key) })
        stack.apiKeys = Self.byPurpose(apiKeys.map { ($0.value, $0.key) })
        stack.settings = Self.byPurpose(variables.map { ($0.purpose, $0.name) })
        stack.settingNames = settings
        stack.tokenClaims = tokenClaims
        stack.database = database
        stack.functionsFolder = functionsFolder
        return stack
    }

    private static func byPurpose<Purpose: Hashable>(_ pairs: [(Purpose?, String)]) -> [Purpose: String] {
        pairs.reduce(into: [:]) { result, pair in
            if let purpose = pair.0 { result[purpose] = pair.1 }
        }
    }
}

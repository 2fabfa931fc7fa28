extension ProviderDefinition {
    /// All providers, in the order of their names.
    static let all: [ProviderDefinition] = (codeProviders + openIDProviders + ownProviders).sorted { $0.name < $1.name }

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    static func named(_ name: String) -> ProviderDefinition? { byName[name] }
}

/// The names that a template gives to what the manager and the Management API work with. Everything that a template
/// does not declare is unsupported by its stack.
public struct StackRoles: Sendable, Hashable {
    public var services: [ServiceRole: ServiceName]
    /// Names in the API's health answer, and the role that each reports on.
    public var healthNames: [String: ServiceRole]
    /// Names of services in the API's requests to restart some of them.
    public var restartNames: [String: ServiceRole]
    /// Variables of leased ports.
    public var ports: [PortPurpose: String]
    /// Variables of minted secrets.
    public var secrets: [SecretPurpose: String]
    /// Variables of signed API tokens.
    public var tokens: [TokenRole: String]
    /// Variables of API keys in other forms.
    public var apiKeys: [APIKeyForm: String]
    /// Variables of settings that the manager reads.
    public var settings: [SettingPurpose: String]
    /// Variables that carry the API's settings.
    public var settingNames: [SettingName: String]
    /// PostgreSQL roles that tokens name; a token's role has its own name where nothing is said.
    public var tokenClaims: [TokenRole: String]
    public var database: DatabaseRoles?
    /// Names of the variables that the template itself gives to the services of functions; no function secret can have
    /// them.
    public var functionVariables: Set<String>
    /// Folder of the functions, relative to the project's folder.
    public var functionsFolder: String?
    /// Version of the database, as its image's tag says it.
    public var databaseVersion: String?

    /// A stack without known roles.
    public init() {
        services = [:]
        healthNames = [:]
        restartNames = [:]
        ports = [:]
        secrets = [:]
        tokens = [:]
        apiKeys = [:]
        settings = [:]
        settingNames = [:]
        tokenClaims = [:]
        functionVariables = []
    }

    /// The roles of a service.
    public func roles(of service: ServiceName) -> Set<ServiceRole> {
        Set(services.filter { $0.value == service }.keys)
    }

    /// The PostgreSQL role that a token of `role` names in its claims.
    public func claim(of role: TokenRole) -> String { tokenClaims[role] ?? role.rawValue }
}

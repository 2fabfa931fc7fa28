public import Orchestrator
public import ProjectModel

/// What a template for tests declares besides its services.
public struct TemplateNames: Sendable {
    /// Services, variables and SQL roles.
    public var roles: StackRoles
    /// Secrets to mint.
    public var secrets: [SecretRequirement]
    /// Tokens to mint.
    public var tokens: [TokenRequirement]
    public var settings: [DeclaredSetting]

    /// The declarations of a template that has these services alone.
    public func roles(of services: [ServiceName]) -> StackRoles {
        var present = roles
        present.services = roles.services.filter { services.contains($0.value) }
        present.healthNames = roles.healthNames.filter { present.services[$0.value] != nil }
        present.restartNames = roles.restartNames.filter { present.services[$0.value] != nil }
        return present
    }

    /// The names of the Supabase stack.
    public static let sample = TemplateNames(
        roles: sampleRoles,
        secrets: [
            SecretRequirement(name: "POSTGRES_PASSWORD", alphabet: .alphanumeric, length: 32),
            SecretRequirement(name: "JWT_SECRET", alphabet: .alphanumeric, length: 40),
        ], tokens: [TokenRequirement(name: "ANON_KEY", role: "anon")],
        settings: [
            DeclaredSetting(name: "SITE_URL", defaultValue: "http://localhost:3000"),
            DeclaredSetting(name: "DISABLE_SIGNUP", defaultValue: "false"),
            DeclaredSetting(name: "PGRST_DB_MAX_ROWS", defaultValue: "1000"),
            DeclaredSetting(name: "SMTP_PASS", defaultValue: "", isSecret: true),
            DeclaredSetting(name: "GOTRUE_SESSIONS_TIMEBOX", defaultValue: nil),
            DeclaredSetting(name: "POSTGRES_SHARED_BUFFERS", defaultValue: nil),
            DeclaredSetting(name: "DASHBOARD_USERNAME", defaultValue: "supabase"),
        ])

    private static let sampleRoles: StackRoles = {
        var roles = StackRoles()
        roles.services = [
            .database: .db, .gateway: .gateway, .auth: .auth, .rest: .rest, .realtime: .realtime, .storage: .storage,
            .functions: .functions, .meta: .meta, .analytics: .analytics, .studio: .studio, .pooler: .named("pooler"),
        ]
        roles.healthNames = [
            "db": .database, "auth": .auth, "rest": .rest, "realtime": .realtime, "storage": .storage,
            "pooler": .pooler,
        ]
        roles.restartNames = [
            "api-gateway": .gateway, "envoy": .gateway, "kong": .gateway, "functions": .functions, "gotrue": .auth,
            "pgbouncer": .pooler, "postgresql": .database, "postgrest": .rest, "realtime": .realtime,
            "storage": .storage,
        ]
        roles.ports = [
            .gateway: "GATEWAY_PORT", .database: "DB_PORT", .poolerSession: "POOLER_SESSION_PORT",
            .poolerTransaction: "POOLER_TRANSACTION_PORT",
        ]
        roles.secrets = [
            .databasePassword: "POSTGRES_PASSWORD", .tokenSigning: "JWT_SECRET",
            .dashboardPassword: "DASHBOARD_PASSWORD",
        ]
        roles.tokens = [.anon: "ANON_KEY", .serviceRole: "SERVICE_ROLE_KEY"]
        roles.apiKeys = [.manager: "GATEWAY_SERVICE_KEY"]
        roles.settings = [.dashboardUser: "DASHBOARD_USERNAME"]
        roles.settingNames = SampleSettings.all
        roles.database = DatabaseRoles(
            database: "postgres", owner: "postgres", administrator: "supabase_admin",
            readOnly: "supabase_read_only_user",
            sharingPassword: ["authenticator", "supabase_auth_admin", "supabase_read_only_user"],
            serviceSchemas: ["auth", "realtime", "storage", "vault"],
            replication: ReplicationAccess(role: "supabase_admin", volume: "db-data"))
        roles.functionVariables = ["JWT_SECRET", "VERIFY_JWT"]
        roles.functionsFolder = "volumes/functions"
        roles.databaseVersion = "17.6.1.175"
        return roles
    }()
}

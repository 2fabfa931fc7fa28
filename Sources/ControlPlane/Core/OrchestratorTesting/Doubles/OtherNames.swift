import Orchestrator
public import ProjectModel
import Reconciler

/// A stack in which everything is called otherwise than in the Supabase stack, and one container has four roles.
public enum OtherNames {
    /// The database.
    public static let store = ServiceName.named("store")
    /// The one container that answers for auth, REST, realtime and storage.
    public static let server = ServiceName.named("server")
    /// The gateway.
    public static let door = ServiceName.named("door")
    /// Runs functions.
    public static let jobs = ServiceName.named("jobs")

    public static let services: [TemplateService] = {
        var shared = TemplateService(
            server, dependencies: [Dependency(on: store)],
            probe: .several([
                .auth: .http(port: 80, path: "/a", status: nil, headers: [:]), .rest: .tcp(port: 81),
                .realtime: .tcp(port: 82), .storage: .tcp(port: 83),
            ]))
        shared.variables = ["HOME_PAGE", "SIGNING", "MASTER"]
        var runner = TemplateService(jobs)
        runner.takesFunctionSecrets = true
        return [
            TemplateService(store, portVariable: "STORE_AT", volume: "rows"), shared, runner,
            TemplateService(door, portVariable: "DOOR_AT"),
        ]
    }()

    /// The template's declarations.
    public static let names = TemplateNames(
        roles: roles,
        secrets: [
            SecretRequirement(name: "MASTER", alphabet: .alphanumeric, length: 32),
            SecretRequirement(name: "SIGNING", alphabet: .alphanumeric, length: 40),
        ],
        tokens: [
            TokenRequirement(name: "OPEN_TOKEN", role: "visitor"),
            TokenRequirement(name: "FULL_TOKEN", role: "backend"),
        ],
        settings: [
            DeclaredSetting(name: "HOME_PAGE", defaultValue: "http://localhost:1"),
            DeclaredSetting(name: "DESK_USER", defaultValue: "desk"),
        ])

    private static let roles: StackRoles = {
        var roles = StackRoles()
        roles.services = [
            .database: store, .gateway: door, .auth: server, .rest: server, .realtime: server, .storage: server,
            .functions: jobs,
        ]
        roles.healthNames = [
            "db": .database, "auth": .auth, "rest": .rest, "realtime": .realtime, "storage": .storage,
        ]
        roles.restartNames = ["postgresql": .database, "gotrue": .auth]
        roles.ports = [.gateway: "DOOR_AT", .database: "STORE_AT"]
        roles.secrets = [.databasePassword: "MASTER", .tokenSigning: "SIGNING"]
        roles.tokens = [.anon: "OPEN_TOKEN", .serviceRole: "FULL_TOKEN"]
        roles.tokenClaims = [.anon: "visitor", .authenticated: "member", .serviceRole: "backend"]
        roles.apiKeys = [.manager: "DOOR_KEY"]
        roles.settings = [.dashboardUser: "DESK_USER"]
        roles.settingNames = [SettingName(.auth, "site_url"): "HOME_PAGE"]
        roles.database = DatabaseRoles(
            database: "rows", owner: "keeper", administrator: "chief", readOnly: "reader",
            sharingPassword: ["keeper", "reader", "chief"], serviceSchemas: ["people", "files"])
        roles.functionsFolder = "work/jobs"
        roles.databaseVersion = "17.2"
        return roles
    }()
}

import Orchestrator
import ProjectModel

/// How people log in to a project's database and to its own dashboard.
struct ProjectCredentials: Encodable, Sendable, Documented {
    /// The database, as its owner role.
    struct Database: Encodable, Sendable {
        let host: String
        let port: Nullable<Int>
        let name: String
        let user: String
        let password: Nullable<String>
    }

    /// The dashboard behind the project's gateway.
    struct Dashboard: Encodable, Sendable {
        let url: Nullable<String>
        let username: String
        let password: Nullable<String>
    }

    let database: Database
    let dashboard: Dashboard

    static let schema = Schema.named(
        "ProjectCredentials",
        .fields(
            .init(
                "database",
                .fields(
                    .init("host", .text), .init("port", .nullable(.integer(1...65_535))), .init("name", .text),
                    .init("user", .text), .init("password", .nullable(.text)))),
            .init(
                "dashboard",
                .fields(
                    .init("url", .nullable(.text)), .init("username", .text), .init("password", .nullable(.text))))))

    init(
        _ record: ProjectRecord, _ secrets: [String: Secret<String>], apiURL: String?,
        _ configuration: ManagementAPIConfiguration
    ) {
        database = Database(
            host: configuration.publicHost,
            port: Nullable(record.leases?.ports[configuration.databasePortVariable].map { Int($0) }),
            name: "postgres", user: "postgres",
            password: Nullable(secrets[configuration.databasePasswordVariable]?.reveal()))
        dashboard = Dashboard(
            url: Nullable(apiURL), username: configuration.dashboardUser,
            password: Nullable(secrets[configuration.dashboardPasswordVariable]?.reveal()))
    }
}

import APIKit
import Orchestrator
import ProjectModel

/// Logins of a project's database and dashboard; null where the stack has none.
struct ProjectCredentials: Encodable, Sendable, Documented {
    /// The database, as its owner role.
    struct Database: Encodable, Sendable {
        let host: String
        let port: Nullable<Int>
        let name: Nullable<String>
        let user: Nullable<String>
        let password: Nullable<String>
    }

    /// The dashboard behind the project's gateway.
    struct Dashboard: Encodable, Sendable {
        let url: Nullable<String>
        let username: Nullable<String>
        let password: Nullable<String>
    }

    let database: Database
    let dashboard: Dashboard

    /// What of them is secret, by the names that the audit trail knows it by.
    var secretNames: [String] {
        [
            database.password.value.map { _ in "database password" },
            dashboard.password.value.map { _ in "dashboard password" },
        ].compactMap { $0 }
    }

    static let schema = Schema.named(
        "ProjectCredentials",
        .fields(
            .init(
                "database",
                .fields(
                    .init("host", .text), .init("port", .nullable(.integer(1...65_535))),
                    .init("name", .nullable(.text)),
                    .init("user", .nullable(.text)), .init("password", .nullable(.text)))),
            .init(
                "dashboard",
                .fields(
                    .init("url", .nullable(.text)), .init("username", .nullable(.text)),
                    .init("password", .nullable(.text))))))

    init(
        stack: ProjectStack, secrets: [String: Secret<String>], dashboardUser: String?, endpoint: ProjectEndpoint?,
        publicHost: String
    ) {
        func secret(_ purpose: SecretPurpose) -> String? {
            stack.roles.secrets[purpose].flatMap { secrets[$0]?.reveal() }
        }
        database = Database(
            host: publicHost, port: Nullable(stack.port(.database).map { Int($0) }),
            name: Nullable(stack.roles.database?.database), user: Nullable(stack.roles.database?.owner),
            password: Nullable(secret(.databasePassword)))
        // A stack whose template declares no login to a dashboard has none.
        dashboard = Dashboard(
            url: Nullable(dashboardUser == nil ? nil : endpoint?.url), username: Nullable(dashboardUser),
            password: Nullable(secret(.dashboardPassword)))
    }
}

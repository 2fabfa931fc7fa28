import APIKit
import Orchestrator
import ProjectModel

/// Logins of a project's database and dashboard; null where the stack has none.
struct ProjectCredentials: EncodableBody {
    /// The database, as its owner role.
    struct Database: EncodableBody {
        let host: String
        let port: Nullable<Int>
        let name: Nullable<String>
        let user: Nullable<String>
        let password: Nullable<String>

        static let shape = BodyShape<Self>([
            .init("host", of: \.host),
            .init("port", .integer(1...65_535), of: \.port),
            .init("name", of: \.name),
            .init("user", of: \.user),
            .init("password", of: \.password),
        ])
    }

    /// The dashboard behind the project's gateway.
    struct Dashboard: EncodableBody {
        let url: Nullable<String>
        let username: Nullable<String>
        let password: Nullable<String>

        static let shape = BodyShape<Self>([
            .init("url", of: \.url),
            .init("username", of: \.username),
            .init("password", of: \.password),
        ])
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

    static let shape = BodyShape<Self>(
        "ProjectCredentials",
        [
            .init("database", of: \.database),
            .init("dashboard", of: \.dashboard),
        ])

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

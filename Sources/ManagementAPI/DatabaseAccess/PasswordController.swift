import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// The password of a project's database.
struct PasswordController: Sendable {
    let reach: ProjectReach

    var routes: [Route] {
        [
            Route(
                .patch, "/platform/projects/{ref}/db-password", .permission(.databaseConfigWrite),
                .external("database.password"), operation, change),
            Route(
                .patch, "/v1/projects/{ref}/database/password", .permission(.databaseConfigWrite),
                .external("database.password"), operation, change),
        ]
    }

    private var operation: Operation {
        Operation(
            summary: "Change the database password; services that use it get new containers",
            body: .json(PasswordBody.schema), answer: .json(.fields(.init("message", .text))))
    }

    /// The roles first: services that start with the new password must be let in. Should the password not be stored
    /// then, the roles get the old one back, so that what is stored stays true.
    private func change(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let password = Secret(try request.decode(PasswordBody.self).password)
        try reach.catalog.check(databasePassword: password)
        let variable = reach.configuration.databasePasswordVariable
        guard let old = try await reach.catalog.secrets(of: record.ref)[variable] else {
            throw APIError(.badRequest, "project \(record.ref) has no database")
        }
        try await set(password, on: record)
        do { try await reach.catalog.changeDatabasePassword(of: record.ref, to: password) } catch let cause {
            try await restore(old, instead: password, on: record)
            throw APIError(anything: cause)
        }
        return try APIResponse(json: ["message": "the database password was changed"])
    }

    private func set(_ password: Secret<String>, on record: ProjectRecord) async throws {
        let query = try PasswordChange.sql(newPassword: password)
        do {
            _ = try await reach.run(query, on: record, as: DatabaseTarget.administrator)
        } catch ProjectDatabaseError.query(let failure) {
            throw APIError(.internalServerError, "the project's database refused the password: \(failure.message)")
        }
    }

    /// Logs in with the new password, which nothing but the database knows.
    private func restore(_ old: Secret<String>, instead new: Secret<String>, on record: ProjectRecord) async throws {
        do {
            let target = try await reach.database(of: record, as: DatabaseTarget.administrator, password: new)
            _ = try await reach.databases.run(try PasswordChange.sql(newPassword: old), on: target)
        } catch {
            throw APIError(
                .internalServerError,
                "the database password was changed in the database and could not be stored: set it again")
        }
    }
}

/// A new database password.
struct PasswordBody: Decodable, Sendable {
    let password: String

    static let schema = Schema.fields(
        .init("password", .text(ProjectCatalog.passwordLengths)))
}

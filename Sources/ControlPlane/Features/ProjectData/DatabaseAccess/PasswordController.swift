import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import ProjectSQL

/// The password of a project's database.
struct PasswordController: Sendable {
    let reach: ProjectReach

    var routes: [Route] {
        [
            Route(
                .patch, "/platform/projects/{ref}/db-password", access: .permission(.databaseConfigWrite),
                effect: .external("database.password"), operation: operation, handler: change
            ).takingAccess,
            Route(
                .patch, "/v1/projects/{ref}/database/password", access: .permission(.databaseConfigWrite),
                effect: .external("database.password"), operation: operation, handler: change
            ).takingAccess,
        ]
    }

    private var operation: Operation {
        Operation(
            summary: "Change the database password; services that use it get new containers",
            body: .json(PasswordBody.schema), answer: .json(.fields(.init("message", .text))))
    }

    /// The roles first: services that start with the new password must be able to log in. If storing the password fails
    /// then, the roles get the old one back, so that the record stays true.
    private func change(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let password = Secret(try request.decode(PasswordBody.self).password)
        try reach.catalog.check(databasePassword: password)
        // The way back is prepared before the change: afterwards the manager's own database may not answer.
        let target = try await reach.target(record, as: .administrator)
        let former = try reach.catalog.databaseVerifier(of: target.password)
        let caller = try request.caller()
        try await set(password, on: target, for: caller)
        do { try await reach.catalog.changeDatabasePassword(of: record.ref, to: password) } catch let cause {
            try await restore(former, instead: password, on: target, for: caller)
            throw APIError(anything: cause)
        }
        return try APIResponse(json: ["message": "the database password was changed"])
    }

    private func set(
        _ password: Secret<String>, on target: DatabaseTarget, for caller: Principal
    ) async throws {
        let verifier = try reach.catalog.databaseVerifier(of: password)
        let query = try PasswordChange.sql(verifier: verifier, of: target.roles)
        do {
            _ = try await reach.run(query, on: target, for: caller)
        } catch ProjectDatabaseError.query(let failure) {
            throw APIError(.internalServerError, "the project's database refused the password: \(failure.message)")
        }
    }

    /// Logs in with the new password, which only the database has.
    private func restore(
        _ old: DatabasePasswordVerifier, instead new: Secret<String>, on target: DatabaseTarget,
        for caller: Principal
    ) async throws {
        var target = target
        target.password = new
        do {
            let query = try PasswordChange.sql(verifier: old, of: target.roles)
            _ = try await reach.run(query, on: target, for: caller)
        } catch {
            throw APIError(
                .internalServerError,
                "the database password was changed in the database and could not be stored: set it again")
        }
    }
}

/// A new database password.
struct PasswordBody: DecodableBody {
    let password: String

    init(fields: BodyReader) throws {
        password = try fields.read("password", .text(ProjectCatalog.passwordLengths))
    }
}

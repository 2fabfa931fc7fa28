import APIKit
import FeatureKit
import FoundationEssentials
import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import ProjectModel
import ProjectSQL

/// `/v1/projects/{ref}/database/migrations`: the history that the command line keeps in the project's database.
struct MigrationsController: Sendable {
    let reach: ProjectReach
    let time: any TimeSource

    var routes: [Route] {
        let path = "/v1/projects/{ref}/database/migrations"
        let entry = Schema.fields(.init("version", .text(1...255)), .optional("name", .text))
        let full = entry.adding([
            .optional("statements", .array(.text)), .optional("rollback", .array(.text)),
            .optional("created_by", .text), .optional("idempotency_key", .text),
        ])
        return [
            Route(
                .get, path, access: .permission(.migrationsRead),
                operation: Operation(summary: "Migrations on record, oldest first", answer: .json(.array(entry))),
                handler: list),
            Route(
                .post, path, access: .permission(.migrationsWrite), effect: .external("database.migration.apply"),
                operation: Operation(
                    summary: "Run a migration and record it, both or neither", body: .json(MigrationBody.schema),
                    answer: .empty(.ok)), handler: apply
            ).takingLargeBody,
            Route(
                .put, path, access: .permission(.migrationsWrite), effect: .external("database.migration.record"),
                operation: Operation(
                    summary: "Record a migration without running it", body: .json(MigrationBody.schema),
                    answer: .empty(.ok)), handler: record
            ).takingLargeBody,
            Route(
                .delete, path, access: .permission(.migrationsWrite), effect: .external("database.migration.rollback"),
                operation: Operation(
                    summary: "Roll back every migration from a version on, all or none",
                    query: [
                        .init(
                            name: "gte", schema: .pattern("^[0-9]+$"), description: "The earliest version to take back",
                            isRequired: true)
                    ], answer: .empty(.ok)), handler: rollBack),
            Route(
                .get, "\(path)/{version}", access: .permission(.migrationsRead),
                operation: Operation(summary: "One migration", answer: .json(full)), handler: read),
            Route(
                .patch, "\(path)/{version}", access: .permission(.migrationsWrite),
                effect: .external("database.migration.edit"),
                operation: Operation(
                    summary: "Change the name or the rollback script on record", body: .json(MigrationEdit.schema),
                    answer: .empty(.ok)), handler: edit
            ).takingLargeBody,
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        try await answering(request, query: MigrationHistory.list()) { rows in
            try APIResponse(json: rows.map { JSON.compact(["version": $0["version"], "name": $0.kept("name")]) })
        }
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let version = try request.migrationVersion()
        return try await answering(request, query: MigrationHistory.get(version: version)) { rows in
            guard let row = rows.first else { throw APIError.noMigration(version) }
            let names = ["version", "name", "statements", "rollback", "created_by", "idempotency_key"]
            return try APIResponse(
                json: JSON.compact(Dictionary(uniqueKeysWithValues: names.map { ($0, row.kept($0)) })))
        }
    }

    private func apply(_ request: APIRequest) async throws -> APIResponse {
        try await change(request, try MigrationHistory.apply(try migration(request)))
    }

    private func record(_ request: APIRequest) async throws -> APIResponse {
        try await change(request, try MigrationHistory.record(try migration(request)))
    }

    private func rollBack(_ request: APIRequest) async throws -> APIResponse {
        guard let version = request.query["gte"], version.isDigits else {
            throw APIError(.badRequest, "gte must be a version: digits only")
        }
        request.audit.target("from_version", version)
        return try await change(request, try MigrationHistory.rollBack(from: version))
    }

    private func edit(_ request: APIRequest) async throws -> APIResponse {
        let version = try request.migrationVersion()
        let body = try request.decode(MigrationEdit.self)
        request.audit.target("version", version)
        let query = try MigrationHistory.update(version: version, name: body.name, rollback: body.rollback)
        return try await .reporting {
            guard try await reach.run(query, on: try request.project(), for: try request.caller()).rowCount > 0 else {
                throw APIError.noMigration(version)
            }
            return APIResponse(.ok)
        }
    }

    private func change(_ request: APIRequest, _ query: ProjectQueryText) async throws -> APIResponse {
        try await .reporting {
            _ = try await reach.run(query, on: try request.project(), for: try request.caller())
            return APIResponse(.ok)
        }
    }

    /// The rows of a reading query; none where the project has no history yet.
    private func answering(
        _ request: APIRequest, query: ProjectQueryText, form: ([JSON]) throws -> APIResponse
    ) async throws -> APIResponse {
        let rows: [JSON]
        do {
            let answer = try await reach.run(query, on: try request.project(), for: try request.caller())
            rows = JSON(bytes: answer.json)?.elements ?? []
        } catch ProjectDatabaseError.query(let failure) where MigrationHistory.isMissing(failure) {
            rows = []
        }
        return try form(rows)
    }

    private func migration(_ request: APIRequest) throws -> MigrationHistory.Migration {
        let body = try request.decode(MigrationBody.self)
        guard !body.query.isEmpty else { throw APIError(.badRequest, "query must not be empty") }
        let version = time.now().migrationVersion
        request.audit.target("version", version)
        request.audit.target("statement", StatementSummary.of(body.query))
        return MigrationHistory.Migration(
            version: version, name: body.name, query: body.query, rollback: body.rollback,
            createdBy: try request.caller().account.email, idempotencyKey: request.headers[.idempotencyKey])
    }
}

/// A migration as it comes over the wire.
struct MigrationBody: DecodableBody {
    let query: String
    let name: String?
    let rollback: String?

    init(fields: BodyReader) throws {
        query = try fields.read("query", .text(1...Int(Int32.max)))
        name = try fields.readIfPresent("name")
        rollback = try fields.readIfPresent("rollback")
    }
}

/// A change of a recorded migration.
struct MigrationEdit: DecodableBody {
    let name: String?
    let rollback: String?

    init(fields: BodyReader) throws {
        name = try fields.readIfPresent("name")
        rollback = try fields.readIfPresent("rollback")
    }
}

extension APIRequest {
    fileprivate func migrationVersion() throws(APIError) -> String {
        let version = try parameter("version")
        guard version.isDigits else { throw .noMigration(String(version.prefix(20))) }
        return version
    }
}

extension APIError {
    fileprivate static func noMigration(_ version: String) -> APIError {
        APIError(.notFound, "there is no migration \(version) on record")
    }
}

extension JSON {
    /// A field that says something.
    fileprivate func kept(_ name: String) -> JSON? {
        guard let value = self[name], value != .null else { return nil }
        return value
    }
}

extension String {
    /// Whether it is a number of up to twenty digits.
    fileprivate var isDigits: Bool { (1...20).contains(utf8.count) && utf8.allSatisfy { (0x30...0x39).contains($0) } }
}

extension Timestamp {
    /// The time as a migration version: `YYYYMMDDhhmmss`, in UTC.
    var migrationVersion: String { String(rfc3339.prefix(19)).filter(\.isNumber) }
}

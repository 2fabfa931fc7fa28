import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// SQL on a project's database: what Studio does most of its work with, and the Management API's own form of it.
struct QueryController: Sendable {
    let reach: ProjectReach

    var routes: [Route] {
        let path = "/v1/projects/{ref}/database/query"
        return [
            Route(
                .post, "/platform/pg-meta/{ref}/query", access: .anyOf([.databaseWrite, .databaseRead]),
                effect: .external("database.query"),
                operation: Operation(
                    summary: "Run SQL; without the permission to write it runs read-only",
                    query: [.init(name: "key", schema: .text, description: "The client's name for the query")],
                    body: .json(StudioQueryBody.schema),
                    answer: QueryBody.rows), handler: studio
            ).takingLargeBody.lasting(.minutes).needing(.entry),
            Route(
                .post, path, access: .anyOf([.databaseWrite, .databaseRead]), effect: .external("database.query"),
                operation: Operation(
                    summary: "Run SQL; without the permission to write only with read_only",
                    body: .json(QueryBody.schema), answer: QueryBody.rows), handler: write
            ).checking(mayWrite).takingLargeBody.lasting(.minutes).needing(.entry),
            Route(
                .post, "\(path)/read-only", access: .permission(.databaseRead),
                operation: Operation(
                    summary: "Run SQL that changes nothing", body: .json(QueryBody.schema), answer: QueryBody.rows),
                handler: read
            ).takingLargeBody.lasting(.minutes),
        ]
    }

    private func studio(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(StudioQueryBody.self)
        return try await run(request, body.query, isReadOnly: try !request.mayWriteSQL(), role: body.role)
    }

    private func write(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(QueryBody.self)
        return try await run(request, body, isReadOnly: body.isReadOnly ?? false)
    }

    /// Read-only callers must say so in the body.
    private func mayWrite(_ request: APIRequest) async throws {
        guard try request.decode(QueryBody.self).isReadOnly != true else { return }
        let record = try request.project()
        try request.caller().require([.databaseWrite], in: record.organizationSlug, project: record.ref)
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        try await run(request, try request.decode(QueryBody.self), isReadOnly: true)
    }

    /// - Parameter role: taken on before the statement; a statement that reads only runs as the role that reads.
    private func run(
        _ request: APIRequest, _ body: QueryBody, isReadOnly: Bool, role: String? = nil
    ) async throws -> APIResponse {
        request.audit.target("statement", StatementSummary.of(body.query))
        var query = try body.query(
            isReadOnly: isReadOnly,
            applicationName: request.headers[.databaseApplication] ?? ProjectQueryText.dashboard)
        query.isRestricted = try isReadOnly && !request.mayWriteSQL()
        query.role = isReadOnly ? nil : role
        query.changesNothing = query.role != nil && body.isReadOnly == true
        let record = try request.project()
        if !isReadOnly { request.audit.noteAttempt() }
        return try await .rows(.created) { try await reach.run(query, on: record, for: try request.caller()) }
    }
}

extension APIRequest {
    /// Whether the caller may change data by SQL in the project that the path names.
    func mayWriteSQL() throws(APIError) -> Bool {
        let record = try project()
        return try caller().permissions(in: record.organizationSlug, project: record.ref).contains(.databaseWrite)
    }
}

extension APIResponse {
    /// The rows of a query; what PostgreSQL refuses is answered as `postgres-meta` does: 400 with its whole report.
    static func rows(
        _ status: HTTPResponse.Status, _ work: () async throws -> QueryAnswer
    ) async throws -> APIResponse {
        try await reporting { APIResponse(status, jsonBytes: try await work().json) }
    }

    /// An answer, or PostgreSQL's report of what it refused.
    static func reporting(_ work: () async throws -> APIResponse) async throws -> APIResponse {
        do { return try await work() } catch let error as ProjectDatabaseError {
            guard case .query(let failure) = error else { throw APIError(error) }
            return APIResponse(.badRequest, jsonBytes: failure.json)
        }
    }
}

/// SQL as it comes over the wire.
struct QueryBody: DecodableBody {
    let query: String
    let parameters: [JSON]?
    let disablesTimeout: Bool?
    let isReadOnly: Bool?

    /// Rows of an answer: a bare list of objects.
    static let rows = Operation.Answer.json(.array(.map(.anything)), .created)

    init(fields: BodyReader) throws {
        query = try fields.read("query", .text(1...Int(Int32.max)))
        parameters = try fields.readIfPresent("parameters")
        disablesTimeout = try fields.readIfPresent("disable_statement_timeout")
        isReadOnly = try fields.readIfPresent("read_only")
    }

    func query(isReadOnly: Bool, applicationName: String) throws(APIError) -> ProjectQueryText {
        guard !query.isEmpty else { throw APIError(.badRequest, "query must not be empty") }
        return ProjectQueryText(
            sql: query, parameters: (parameters ?? []).map(JSONParameter.init), isReadOnly: isReadOnly,
            disablesStatementTimeout: disablesTimeout ?? false, applicationName: applicationName)
    }
}

/// The same with a role of the database to run as.
struct StudioQueryBody: DecodableBody {
    let query: QueryBody
    let role: String?

    init(fields: BodyReader) throws {
        query = try QueryBody(fields: fields)
        role = try fields.readIfPresent("role", .nullable(.text))
    }
}

extension JSONParameter {
    /// A parameter as JSON carries it.
    init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .boolean(let value): self = .bool(value)
        case .integer(let value): self = .number("\(value)")
        case .number(let value): self = .number("\(value)")
        case .string(let value): self = .string(value)
        case .array(let values): self = .array(values.map(JSONParameter.init))
        case .object:
            let bytes = (try? json.bytes()) ?? Array("{}".utf8)
            self = .json(String(decoding: bytes, as: UTF8.self))
        }
    }
}

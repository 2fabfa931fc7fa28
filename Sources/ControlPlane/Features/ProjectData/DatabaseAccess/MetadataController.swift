import APIKit
import FeatureKit
import FoundationEssentials
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// What is in a project's database: the lists of `postgres-meta`, TypeScript types, and PostgREST's own document.
struct MetadataController: Sendable {
    let reach: ProjectReach

    /// Lists of `postgres-meta` that Studio asks for.
    private static let lists = [
        "tables", "views", "materialized-views", "foreign-tables", "types", "policies", "triggers", "publications",
        "extensions", "column-privileges",
    ]
    var routes: [Route] {
        let path = "/v1/projects/{ref}"
        return Self.lists.map(list) + [
            Route(
                .get, "\(path)/types/typescript", access: .permission(.databaseRead),
                operation: Operation(
                    summary: "TypeScript types of a database's schemas",
                    query: [
                        .init(name: "included_schemas", schema: .text, description: "Schemas, separated by commas")
                    ], answer: .json(.fields(.init("types", .text)))), handler: types),
            Route(
                .get, "\(path)/database/openapi", access: .permission(.databaseRead),
                operation: Operation(
                    summary: "PostgREST's description of a schema",
                    query: [.init(name: "schema", schema: .text, description: "The schema; public by default")],
                    answer: .json(.object([])), refusals: Operation.Refusal.upstream), handler: openAPI),
            Route(
                .get, "\(path)/database/context", access: .permission(.databaseRead),
                operation: Operation(summary: "Databases and schemas", answer: .json(Self.context)), handler: schemas),
            Route(
                .get, "/platform/projects/{ref}/api/rest", access: .permission(.databaseRead),
                operation: Operation(
                    summary: "PostgREST's description of its default schema; HEAD checks whether PostgREST answers",
                    answer: .json(.object([])),
                    refusals: Operation.Refusal.upstream), handler: openAPI),
            Route(
                .post, "/platform/projects/{ref}/api/graphql", access: .permission(.databaseWrite),
                effect: .external("graphql.query"),
                operation: Operation(
                    summary: "Run GraphQL as the service role", body: .json(.object([])),
                    answer: .json(.object([]), .created), refusals: Operation.Refusal.upstream), handler: graphQL
            ).takingLargeBody,
        ]
    }

    private static let context = Schema.fields(
        .init(
            "databases",
            .array(
                .fields(.init("name", .text), .init("schemas", .array(.fields(.init("name", .text))))))))

    private func list(_ name: String) -> Route {
        Route(
            .get, "/platform/pg-meta/{ref}/\(name)", access: .permission(.databaseRead),
            operation: Operation(
                summary: "The \(name) of a database, from postgres-meta", query: MetadataFilter.parameters,
                answer: .json(.array(.object([]))), refusals: Operation.Refusal.upstream)
        ) { request in
            let wanted = try GatewayRequest(path: "/pg/\(name)", query: try MetadataFilter.read(request.query))
            return try await reach.send(wanted, to: try request.project(), service: .meta).response(.ok, by: .meta)
        }
    }

    private func types(_ request: APIRequest) async throws -> APIResponse {
        let wanted = try GatewayRequest(
            path: "/pg/generators/typescript",
            query: [("included_schemas", try MetadataFilter.schemas("included_schemas", request.query) ?? "public")])
        let answer = try await reach.send(wanted, to: try request.project(), service: .meta)
        guard answer.isSuccess else { throw answer.refusal(by: .meta) }
        return try APIResponse(json: ["types": String(decoding: answer.body, as: UTF8.self)])
    }

    private func openAPI(_ request: APIRequest) async throws -> APIResponse {
        let headers = request.query["schema"].map { [("Accept-Profile", $0)] } ?? []
        guard headers.allSatisfy({ $0.1.utf8.allSatisfy { (0x20...0x7E).contains($0) } }) else {
            throw APIError(.badRequest, "schema must be a name of printable ASCII characters")
        }
        let wanted = try GatewayRequest(path: "/rest/v1/", headers: headers)
        return try await reach.send(wanted, to: try request.project(), service: .rest).response(.ok, by: .rest)
    }

    private func graphQL(_ request: APIRequest) async throws -> APIResponse {
        guard request.headers[.graphQLAuthorization] == nil else {
            throw APIError(
                .badRequest,
                "GraphQL on behalf of another role does not go through the manager: send it to the project's own "
                    + "gateway with that role's key")
        }
        let body = try request.decode(JSON.self)
        guard body.fields != nil else {
            throw APIError(.badRequest, "the request body must be a JSON object with a query")
        }
        let record = try request.project()
        let answer = try await reach.json("POST", "/graphql/v1", body: body, to: record, service: .rest)
        return try answer.response(.created, by: .rest)
    }

    private func schemas(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let sql = """
            select datname as name, case when datname = current_database() then (
                    select coalesce(json_agg(json_build_object('name', nspname) order by nspname), '[]'::json)
                    from pg_namespace where nspname !~ '^pg_(temp|toast)')
                else '[]'::json end as schemas
            from pg_database where datallowconn and not datistemplate order by datname
            """
        return try await .reporting {
            let query = ProjectQueryText(sql: sql, isReadOnly: true)
            let answer = try await reach.run(query, on: record, for: try request.caller())
            return try APIResponse(json: JSON.object(["databases": JSON(bytes: answer.json) ?? []]))
        }
    }
}

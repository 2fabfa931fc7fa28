import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SettingTables

/// The connection pooler of a project, where its template runs one.
struct PoolerController: Sendable {
    let editor: SettingsEditor
    let publicHost: String

    private static let entry = Schema.fields(
        .init("identifier", .ref), .init("database_type", .choice(["PRIMARY", "READ_REPLICA"])),
        .init("is_using_scram_auth", .boolean), .init("db_user", .text), .init("db_host", .text),
        .init("db_port", .integer(1...65_535)), .init("db_name", .text), .init("connection_string", .text),
        .init("connectionString", .text), .init("default_pool_size", .nullable(.integer())),
        .init("max_client_conn", .nullable(.integer())), .init("pool_mode", .choice(["transaction", "session"])))

    var routes: [Route] {
        let path = "/v1/projects/{ref}/config/database"
        return [
            Route(
                .get, "\(path)/pooler", access: .permission(.poolerConfigRead),
                operation: Operation(
                    summary: "The pooler's connection data; empty without a pooler",
                    answer: .json(.array(Self.entry)))
            ) { try APIResponse(json: try await entries($0)) },
            Route(
                .patch, "\(path)/pooler", access: .permission(.poolerConfigWrite), effect: .change("config.pooler"),
                operation: Operation(
                    summary: "Change the pooler's configuration",
                    body: .json(
                        .fields(
                            .optional("default_pool_size", .nullable(.integer(0...3_000))),
                            .optional("pool_mode", .choice(["transaction", "session"])))),
                    answer: .json(
                        .fields(.init("default_pool_size", .nullable(.integer())), .init("pool_mode", .text)))),
                handler: change),
            Route(
                .get, "\(path)/pgbouncer", access: .permission(.databaseRead),
                operation: Operation(
                    summary: "The pooler in PgBouncer's words",
                    answer: .json(
                        .fields(
                            .optional("default_pool_size", .integer()), .optional("max_client_conn", .integer()),
                            .optional("pool_mode", .choice(["transaction", "session", "statement"])),
                            .optional("connection_string", .text)))), handler: bouncer),
        ]
    }

    private func entries(_ request: APIRequest) async throws -> [[String: JSON]] {
        let record = try request.project()
        let stack = try await editor.catalog.stack(of: record)
        guard stack.service(.pooler) != nil else { return [] }
        let values = try await editor.object(StackSettings.pooler, of: record.ref)
        return Self.entry(of: record, try ConnectionData(stack, publicHost), values).map { [$0] } ?? []
    }

    /// How the pooler is reached and set up; nothing for a project without one.
    static func entry(of record: ProjectRecord, _ connection: ConnectionData, _ values: JSON) -> [String: JSON]? {
        guard let port = connection.poolerPort, let address = connection.poolerString else { return nil }
        return [
            "identifier": .string(record.ref.text), "database_type": "PRIMARY", "is_using_scram_auth": true,
            "db_user": .string(connection.poolerUser), "db_host": .string(connection.host),
            "db_port": .integer(Int64(port)), "db_name": .string(connection.database),
            "connection_string": .string(address), "connectionString": .string(address),
            "default_pool_size": values["default_pool_size"] ?? .null,
            "max_client_conn": values["max_client_conn"] ?? .null, "pool_mode": values["pool_mode"] ?? "transaction",
        ]
    }

    private func change(_ request: APIRequest) async throws -> APIResponse {
        let wanted = try SettingsJSON.values(try request.decode(JSON.self))
        if let stranger = wanted.keys.sorted().first(where: { $0 != "default_pool_size" && $0 != "pool_mode" }) {
            throw APIError(.badRequest, "the pooler's setting \(stranger) cannot be changed")
        }
        let object = try await editor.change(StackSettings.pooler, to: wanted, request: request)
        return try APIResponse(
            json: ["default_pool_size": object["default_pool_size"], "pool_mode": object["pool_mode"]].mapValues {
                $0 ?? JSON.null
            })
    }

    private func bouncer(_ request: APIRequest) async throws -> APIResponse {
        guard let entry = try await entries(request).first else { return try APIResponse(json: [String: JSON]()) }
        let names = ["default_pool_size", "max_client_conn", "pool_mode", "connection_string"]
        return try APIResponse(json: entry.filter { names.contains($0.key) && $0.value != .null })
    }
}

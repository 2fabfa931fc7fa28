import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SettingTables

/// The configurations of storage and realtime.
struct StorageConfigController: Sendable {
    let editor: SettingsEditor

    private static let schema = SettingsJSON.schema(StackSettings.storage.settings, isRequired: true, isNullable: false)
        .adding([
            .init("capabilities", .fields(.init("list_v2", .boolean), .init("iceberg_catalog", .boolean))),
            .init("migrationVersion", .text), .init("databasePoolMode", .text),
        ])
    private static let body = SettingsJSON.schema(
        StackSettings.storage.settings, isRequired: false, isNullable: false)
    /// The capabilities of the template's version of storage. Its migrations are storage's own, and it opens a pool of
    /// its own to the database.
    private static let rest: [String: JSON] = [
        "capabilities": ["list_v2": true, "iceberg_catalog": false], "migrationVersion": "unknown",
        "databasePoolMode": "recycled",
    ]

    var routes: [Route] {
        let studio = "/platform/projects/{ref}/config/storage"
        let path = "/v1/projects/{ref}/config/storage"
        return [
            read(studio), read(path),
            Route(
                .patch, studio, access: .permission(.storageConfigWrite), effect: .change("config.storage"),
                operation: Operation(
                    summary: "Change the configuration of storage", body: .json(Self.body),
                    answer: .json(Self.schema))
            ) { try APIResponse(json: Self.whole(try await change($0))) },
            Route(
                .patch, path, access: .permission(.storageConfigWrite), effect: .change("config.storage"),
                operation: Operation(
                    summary: "Change the configuration of storage", body: .json(Self.body), answer: .empty(.ok))
            ) { request in
                _ = try await change(request)
                return APIResponse(.ok)
            },
        ]
    }

    private func read(_ path: String) -> Route {
        Route(
            .get, path, access: .permission(.storageConfigRead),
            operation: Operation(summary: "The configuration of storage", answer: .json(Self.schema))
        ) { request in
            try APIResponse(
                json: Self.whole(try await editor.object(StackSettings.storage, of: try request.project().ref)))
        }
    }

    private static func whole(_ object: JSON) -> [String: JSON] {
        (object.fields ?? [:]).merging(rest) { first, _ in first }
    }

    private func change(_ request: APIRequest) async throws -> JSON {
        let wanted = try SettingsJSON.values(try request.decode(JSON.self))
        return try await editor.change(StackSettings.storage, to: wanted, request: request)
    }
}

/// The configuration of realtime.
struct RealtimeConfigController: Sendable {
    let editor: SettingsEditor

    private static let schema = SettingsJSON.schema(StackSettings.realtime.settings, isRequired: true)
    private static let body = SettingsJSON.schema(StackSettings.realtime.settings, isRequired: false)

    var routes: [Route] {
        ["/platform/projects/{ref}/config/realtime", "/v1/projects/{ref}/config/realtime"].flatMap { path in
            [
                Route(
                    .get, path, access: .permission(.realtimeConfigRead),
                    operation: Operation(summary: "The configuration of realtime", answer: .json(Self.schema))
                ) { try APIResponse(json: try await editor.object(StackSettings.realtime, of: try $0.project().ref)) },
                Route(
                    .patch, path, access: .permission(.realtimeConfigWrite), effect: .change("config.realtime"),
                    operation: Operation(
                        summary: "Change the configuration of realtime", body: .json(Self.body),
                        answer: .empty(.noContent))
                ) { request in
                    let wanted = try SettingsJSON.values(try request.decode(JSON.self))
                    _ = try await editor.change(StackSettings.realtime, to: wanted, request: request)
                    return APIResponse(.noContent)
                },
            ]
        } + [
            Route(
                .post, "/v1/projects/{ref}/config/realtime/shutdown", access: .permission(.realtimeConfigWrite),
                effect: .change("realtime.shutdown"),
                operation: Operation(
                    summary: "End all connections to realtime: it is restarted", answer: .empty(.noContent),
                    refusals: [.conflict]), handler: shutDown)
        ]
    }

    private func shutDown(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let realtime = try await editor.catalog.stack(of: record).required(.realtime)
        _ = try await editor.catalog.restartServices(of: record.ref, [realtime])
        return APIResponse(.noContent)
    }
}

import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SettingTables

/// The configuration of PostgreSQL. A change restarts the database; one with which it does not start is reverted.
struct DatabaseConfigController: Sendable {
    let editor: SettingsEditor

    private static let schema = SettingsJSON.schema(
        StackSettings.postgres.settings, isRequired: false, isNullable: false)
    private static let body = SettingsJSON.schema(StackSettings.postgres.settings, isRequired: false).adding([
        .optional("restart_database", .boolean)
    ])

    var routes: [Route] {
        [
            "/v1/projects/{ref}/config/database/postgres", "/platform/projects/{ref}/config/postgres",
        ].flatMap { path in
            [
                Route(
                    .get, path, access: .permission(.databaseConfigRead),
                    operation: Operation(
                        summary: "What a project sets of PostgreSQL's configuration", answer: .json(Self.schema))
                ) { request in
                    let object = try await editor.object(StackSettings.postgres, of: try request.project().ref)
                    return try APIResponse(json: object.withoutNulls)
                },
                Route(
                    .put, path, access: .permission(.databaseConfigWrite), effect: .change("config.postgres"),
                    operation: Operation(
                        summary: """
                            Change PostgreSQL's configuration; the database is restarted, and settings with which it does \
                            not come up are taken back (operation settings_change)
                            """,
                        body: .json(Self.body), answer: .json(Self.schema)), handler: change),
            ]
        }
    }

    private func change(_ request: APIRequest) async throws -> APIResponse {
        var wanted = try SettingsJSON.values(try request.decode(JSON.self))
        if let restart = wanted.removeValue(forKey: "restart_database"), restart == .flag(false) {
            throw APIError(
                .badRequest, "restart_database cannot be false: a change of the configuration restarts the database")
        }
        let object = try await editor.change(StackSettings.postgres, to: wanted, request: request, isTried: true)
        return try await APIResponse(json: object.withoutNulls)
            .naming(operationOf: try request.project().ref, in: editor.catalog)
    }
}

extension JSON {
    /// The object without the fields that say nothing.
    var withoutNulls: JSON {
        guard let fields else { return self }
        return .object(fields.filter { $0.value != .null })
    }
}

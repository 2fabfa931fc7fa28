import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Database webhooks. The template installs them when a database is initialised; this checks that they exist, and adds
/// the extension where it was dropped.
struct WebhooksController: Sendable {
    let reach: ProjectReach

    var routes: [Route] {
        [route("/v1/projects/{ref}/database/webhooks/enable"), route("/platform/database/{ref}/hook-enable")]
    }

    private func route(_ path: String) -> Route {
        Route(
            .post, path, access: .permission(.databaseWebhooksWrite), effect: .external("database.webhooks.enable"),
            operation: Operation(summary: "Turn on database webhooks", answer: .empty(.created)), handler: enable)
    }

    private func enable(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let sql = """
            select to_regprocedure('supabase_functions.http_request()') is not null as function,
                exists (select from pg_available_extensions where name = 'pg_net') as network
            """
        return try await .reporting {
            let query = ProjectQueryText(sql: sql, isReadOnly: true)
            let answer = try await reach.run(query, on: record, for: try request.caller())
            let row = JSON(bytes: answer.json)?.elements?.first
            guard row?["function"] == true, row?["network"] == true else {
                throw APIError.unoffered(
                    "webhooks in this database",
                    "it lacks the schema supabase_functions or the extension pg_net, which the template brings along")
            }
            let extend = ProjectQueryText(sql: "create extension if not exists pg_net with schema extensions")
            _ = try await reach.run(extend, on: record, for: try request.caller())
            return APIResponse(.created)
        }
    }
}

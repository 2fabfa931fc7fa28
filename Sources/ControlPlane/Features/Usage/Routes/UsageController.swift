import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/organizations/{slug}/usage`: what is not measured has no row, and a project without numbers says why.
struct UsageController: Sendable {
    let catalog: ProjectCatalog
    /// Measures on behalf of a caller.
    let meter: @Sendable (Principal) -> UsageMeter
    let time: any TimeSource

    var routes: [Route] {
        let path = "/platform/organizations/{slug}/usage"
        let query =
            [Operation.Parameter(name: "project_ref", schema: .ref, description: "Only of this project")]
            + UsagePeriod.parameters
        return [
            Route(
                .get, path, access: .permission(.analyticsUsageRead),
                operation: Operation(
                    summary: "What an organization's projects use: sizes of databases and storage, active users",
                    query: query, answer: .of(UsageBody.self)), handler: usage),
            Route(
                .get, "\(path)/daily", access: .permission(.analyticsUsageRead),
                operation: Operation(
                    summary: "The same by day: no history is kept", query: query,
                    answer: .json(.fields(.init("usages", .array(.anything)))))
            ) { request in
                _ = try UsagePeriod(request.query, at: time.now())
                return try APIResponse(json: ["usages": JSON.array([])])
            }.supported(as: .empty),
        ]
    }

    private func usage(_ request: APIRequest) async throws -> APIResponse {
        let period = try UsagePeriod(request.query, at: time.now())
        let records = try await records(request)
        let usage = try await meter(try request.caller()).measure(records, in: period)
        return try APIResponse(json: UsageBody(records, usage))
    }

    /// The projects of the organization that the caller sees, or the one that is asked for.
    private func records(_ request: APIRequest) async throws -> [ProjectRecord] {
        let (slug, caller) = (try request.slug(), try request.caller())
        let records = try await catalog.all(seenBy: caller.projectVisibility(in: slug))
        guard let text = request.query["project_ref"], !text.isEmpty else { return records }
        guard let record = records.first(where: { $0.ref.text == text }) else {
            throw APIError(.notFound, "there is no such project in organization \(slug)")
        }
        return [record]
    }
}

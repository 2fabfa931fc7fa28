import APIKit
import FeatureKit
import HTTPTypes
import Identity
import NotificationModel
import Orchestrator
import ProjectModel

/// `/platform/notifications`: events of the projects that the caller sees, with the caller's read marks.
struct NotificationsController: Sendable {
    let notifications: any NotificationStore

    var routes: [Route] {
        let path = "/platform/notifications"
        return [
            Route(
                .get, path, access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "What happened to your projects, the latest first", query: Self.parameters,
                    answer: .of([NotificationBody].self)), handler: list),
            Route(
                .get, "\(path)/summary", access: .permission(.projectAdminRead),
                operation: Operation(summary: "What you have not seen yet", answer: .of(NotificationSummaryBody.self)),
                handler: summary),
            Route(
                .patch, path, access: .permission(.projectAdminRead), effect: .unaudited,
                operation: Operation(
                    summary: "Mark notifications as new, seen or archived, for yourself",
                    body: .json([NotificationMarkBody].schema), answer: .of([NotificationBody].self)), handler: mark),
            Route(
                .patch, "\(path)/archive-all", access: .permission(.projectAdminRead), effect: .unaudited,
                operation: Operation(summary: "Archive everything, for yourself", answer: .empty(.ok)),
                handler: archiveAll),
        ]
    }

    private static let parameters: [Operation.Parameter] = [
        .limit, .offset, words("status", NotificationStatus.self), words("priority", NotificationPriority.self),
        Operation.Parameter(name: "org_slug", schema: .array(.text), description: "Organizations: a list"),
        Operation.Parameter(name: "project_ref", schema: .array(.ref), description: "Projects: a list"),
    ]

    private static func words<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Word.Type
    ) -> Operation.Parameter {
        Operation.Parameter(
            name: name, schema: .array(.choice(Word.allCases.map(\.rawValue))),
            description: "Values to list: separated by commas, or repeated")
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let entries = try await notifications.notifications(try Self.query(request.query), for: viewer(request))
        return try APIResponse(json: entries.map(NotificationBody.init))
    }

    private func summary(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(json: NotificationSummaryBody(try await notifications.summary(for: viewer(request))))
    }

    private func mark(_ request: APIRequest) async throws -> APIResponse {
        let marks = try NotificationMarkBody.marks(try request.decode([NotificationMarkBody].self))
        let entries = try await notifications.mark(marks, for: viewer(request))
        return try APIResponse(json: entries.map(NotificationBody.init))
    }

    private func archiveAll(_ request: APIRequest) async throws -> APIResponse {
        try await notifications.archiveAll(for: viewer(request))
        return APIResponse(.ok)
    }

    private func viewer(_ request: APIRequest) throws(APIError) -> NotificationViewer {
        let caller = try request.caller()
        return NotificationViewer(account: caller.account.id, visibility: caller.projectVisibility)
    }

    /// Reads the query; 400 for an invalid one.
    static func query(_ query: QueryParameters) throws(APIError) -> NotificationQuery {
        NotificationQuery(
            limit: try query.number("limit", in: 1...NotificationQuery.limitMax, default: NotificationQuery.limitMax),
            offset: try query.number("offset", in: 0...Int(Int32.max), default: 0),
            statuses: try query.words("status", NotificationStatus.self),
            priorities: try query.words("priority", NotificationPriority.self),
            organizations: query.texts("org_slug").map { Set($0) }, refs: try query.refs("project_ref"))
    }
}

import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// An organization: its members, and what was done in it.
struct OrganizationRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls

    /// Entries of the audit trail that a page shows.
    private static let entriesShown = 50

    var routes: [Route] {
        [
            Route(
                .get, "\(Pages.home)/organizations/{slug}", access: .permission(.membersRead),
                operation: .page("An organization"), handler: show)
        ]
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let slug = try request.slug()
        let members = try await calls.json(.get, "/v1/organizations/\(slug)/members", for: request)
        var fields: [String: PageValue] = ["slug": .visible(slug), "members": PageValue(members)]
        if try request.caller().permissions(in: slug).contains(.auditRead) {
            let trail = try await calls.json(
                .get, "/platform/organizations/\(slug)/audit?limit=\(Self.entriesShown)", for: request)
            fields["has_audit"] = true
            fields["audit"] = PageValue(trail["result"])
        }
        return try pages.page("organization", title: "Organization", fields, for: request)
    }
}

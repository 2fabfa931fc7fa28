import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator

/// The caller's own account: sessions, which can be ended here, and access tokens.
struct AccountRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls
    let directory: AccountDirectory

    private static let path = "\(Pages.home)/account"

    var routes: [Route] {
        [
            Route(.get, Self.path, access: .session, operation: .page("Your account"), handler: show),
            Route(
                .post, "\(Self.path)/sessions/{id}/end", access: .session, effect: .change("session.delete"),
                operation: .form("End a session"), handler: end
            ).endingCredentials,
        ]
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        let sessions = try await directory.sessions(of: caller.account.id).map { session in
            PageValue.object([
                "id": .text(session.id), "opened": .visible(PageText.time(session.openedAt.rfc3339)),
                "seen": .visible(PageText.time(session.seenAt.rfc3339)),
                "ends": .visible(PageText.time(session.notAfter.rfc3339)), "agent": .visible(session.agent),
                "is_own": .flag(caller.credential == .session(session.id)),
            ])
        }
        let tokens = try await calls.json(.get, "/platform/profile/access-tokens", for: request)
        return try pages.page(
            "account", title: "Account", ["sessions": .list(sessions), "tokens": PageValue(tokens)], for: request)
    }

    private func end(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        let id = try request.uuid("id")
        request.audit.target("session", id)
        try await directory.signOut(session: id, of: caller.account.id, scope: .local)
        request.audit.noteAttempt()
        return pages.see(caller.credential == .session(id) ? Pages.signIn : Self.path)
    }
}

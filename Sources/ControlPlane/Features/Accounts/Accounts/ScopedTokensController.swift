import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/profile/scoped-access-tokens`: tokens for some permissions, organizations or projects. A scoped token may
/// make narrower ones, which end with it, and sees and revokes none but itself.
struct ScopedTokensController: Sendable {
    let directory: AccountDirectory
    let catalog: ProjectCatalog
    let time: any TimeSource

    var routes: [Route] {
        let all = "/platform/profile/scoped-access-tokens"
        return [
            Route(
                .get, all, access: .wholeAccount,
                operation: Operation(
                    summary: "Your scoped access tokens", answer: .of([ScopedTokenRow].self),
                    refusals: [.scopedToken]), handler: tokens.list),
            Route(
                .post, all, access: .signedIn, effect: .change("scoped_token.create"),
                operation: Operation(
                    summary: "Create a scoped access token; it is shown in this answer only",
                    body: .json(CreateScopedTokenBody.schema), answer: .of(CreatedToken<ScopedTokenRow>.self, .created),
                    refusals: [
                        .widerToken, .oldSignIn,
                        Operation.Refusal(status: .notFound, meaning: "no such organization or project"),
                    ]), preparing: prepareCreate
            ).checking(mayCreate).showing(.shownOnce),
            Route(
                .get, "\(all)/{id}", access: .signedIn,
                operation: Operation(
                    summary: "One scoped access token", answer: .of(ScopedTokenRow.self), refusals: [.scopedToken]),
                handler: tokens.read
            ).checking(mayReach),
            Route(
                .delete, "\(all)/{id}", access: .signedIn, effect: .change("scoped_token.delete"),
                operation: Operation(
                    summary: "Revoke a scoped access token", answer: .of(ScopedTokenRow.self),
                    refusals: [.scopedToken]), handler: tokens.revoke
            ).checking(mayReach).endingCredentials,
        ]
    }

    /// Refuses a token that would be wider than what makes it, and one that names what its maker does not see: the
    /// refs of others stand in every anon key.
    private func mayCreate(_ request: APIRequest) async throws {
        let caller = try request.caller()
        let limits = try request.decode(CreateScopedTokenBody.self).limits()
        try limits.check(for: caller)
        guard let refs = limits.projectRefs else { return }
        let seen = Set(try await catalog.all(seenBy: caller.visibility(of: refs)).map(\.ref))
        if let unknown = refs.subtracting(seen).min() { throw APIError.noProject(unknown) }
    }

    private var tokens: TokenRoutes<ScopedTokenRow> {
        TokenRoutes(directory: directory, kind: .scoped, target: "scoped_token")
    }

    private func prepareCreate(_ request: APIRequest) async throws -> Route.Handler {
        try await directory.confirmTokenMaker(request)
        return create
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(CreateScopedTokenBody.self)
        return try await tokens.create(
            request, name: try CreateTokenBody.name(body.name), scope: try body.limits(),
            expiresAt: try CreateTokenBody.end(body.expiresAt, after: time.now()))
    }

    /// A scoped token reaches no token but itself.
    private func mayReach(_ request: APIRequest) async throws {
        let caller = try request.caller()
        if TokenKey(caller.credential) == (try tokens.key(request)) { return }
        try caller.requireWholeAccount()
    }
}

extension Operation.Refusal {
    /// 403 for a token that would be wider than its maker.
    fileprivate static let widerToken = Operation.Refusal(
        status: .forbidden, meaning: "the token would reach further, last longer or allow more than its maker")
}

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
                    refusals: [.scopedToken]), handler: list),
            Route(
                .post, all, access: .signedIn, effect: .change("scoped_token.create"),
                operation: Operation(
                    summary: "Create a scoped access token; it is shown in this answer only",
                    body: .json(CreateScopedTokenBody.schema), answer: .json(ScopedTokenRow.created, .created),
                    refusals: [
                        .widerToken, .oldSignIn,
                        Operation.Refusal(status: .notFound, meaning: "no such organization or project"),
                    ]), preparing: prepareCreate
            ).checking(mayCreate).showing(.shownOnce),
            Route(
                .get, "\(all)/{id}", access: .signedIn,
                operation: Operation(
                    summary: "One scoped access token", answer: .of(ScopedTokenRow.self), refusals: [.scopedToken]),
                handler: read
            ).checking(mayReach),
            Route(
                .delete, "\(all)/{id}", access: .signedIn, effect: .change("scoped_token.delete"),
                operation: Operation(
                    summary: "Revoke a scoped access token", answer: .of(ScopedTokenRow.self),
                    refusals: [.scopedToken]), handler: revoke
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

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let records = try await directory.scopedTokens(of: try request.caller().account.id)
        return try APIResponse(json: records.map { ScopedTokenRow($0) })
    }

    private func prepareCreate(_ request: APIRequest) async throws -> Route.Handler {
        try await directory.confirmTokenMaker(request)
        return create
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        let body = try request.decode(CreateScopedTokenBody.self)
        let name = try CreateTokenBody.name(body.name)
        let limits = try body.limits()
        let end = try CreateTokenBody.end(body.expiresAt, after: time.now())
        let (record, token) = try await directory.createScopedToken(
            of: caller.account.id, name: name, permissions: limits.permissions,
            organizationSlugs: limits.organizationSlugs, projectRefs: limits.projectRefs, expiresAt: end,
            with: caller.credential)
        request.audit.target("scoped_token", record.id)
        request.audit.change("name", from: nil, to: record.name)
        request.audit.change(
            "permissions", from: nil, to: record.permissions.map(\.rawValue).sorted().joined(separator: " "))
        return try APIResponse(.created, json: ScopedTokenRow(record, token: token))
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let (account, id) = (try request.caller().account.id, try request.uuid("id"))
        return try APIResponse(json: ScopedTokenRow(try await directory.scopedToken(id, of: account)))
    }

    private func revoke(_ request: APIRequest) async throws -> APIResponse {
        let (account, id) = (try request.caller().account.id, try request.uuid("id"))
        let record = try await directory.scopedToken(id, of: account)
        _ = try await directory.revokeScopedToken(id, of: account)
        request.audit.target("scoped_token", id)
        request.audit.change("name", from: record.name, to: nil)
        return try APIResponse(json: ScopedTokenRow(record))
    }

    /// A scoped token reaches no token but itself.
    private func mayReach(_ request: APIRequest) async throws {
        let (caller, id) = (try request.caller(), try request.uuid("id"))
        if case .scopedToken(let scope) = caller.credential, scope.tokenID == id { return }
        try caller.requireWholeAccount()
    }
}

extension Operation.Refusal {
    /// 403 for a token that would be wider than its maker.
    fileprivate static let widerToken = Operation.Refusal(
        status: .forbidden, meaning: "the token would reach further, last longer or allow more than its maker")
}

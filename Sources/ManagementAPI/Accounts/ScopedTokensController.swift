import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/profile/scoped-access-tokens`: tokens for some permissions, organizations or projects. A scoped token may
/// make narrower ones, and sees and revokes none but itself.
struct ScopedTokensController: Sendable {
    let directory: AccountDirectory
    let time: any TimeSource

    var routes: [Route] {
        let all = "/platform/profile/scoped-access-tokens"
        return [
            Route(
                .get, all, .signedIn,
                Operation(
                    summary: "Your scoped access tokens", answer: .of([ScopedTokenRow].self),
                    refusals: [.scopedToken]), list),
            Route(
                .post, all, .signedIn, .change("scoped_token.create"),
                Operation(
                    summary: "Create a scoped access token; it is shown in this answer only",
                    body: .json(CreateScopedTokenBody.schema), answer: .json(ScopedTokenRow.created, .created),
                    refusals: [
                        .widerToken,
                        Operation.Refusal(status: .notFound, meaning: "no such organization"),
                    ]), create),
            Route(
                .get, "\(all)/{id}", .signedIn,
                Operation(
                    summary: "One scoped access token", answer: .of(ScopedTokenRow.self), refusals: [.scopedToken]),
                read),
            Route(
                .delete, "\(all)/{id}", .signedIn, .change("scoped_token.delete"),
                Operation(
                    summary: "Revoke a scoped access token", answer: .of(ScopedTokenRow.self),
                    refusals: [.scopedToken]), revoke),
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let records = try await directory.scopedTokens(of: try request.wholeAccount().account.id)
        return try APIResponse(json: records.map { ScopedTokenRow($0) })
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        let body = try request.decode(CreateScopedTokenBody.self)
        let name = try CreateTokenBody.name(body.name)
        let limits = try body.limits()
        try limits.check(for: caller)
        let end = try await end(of: body, for: caller)
        let (record, token) = try await directory.createScopedToken(
            of: caller.account.id, name: name, permissions: limits.permissions,
            organizationSlugs: limits.organizationSlugs, projectRefs: limits.projectRefs, expiresAt: end)
        request.audit.target("scoped_token", record.id)
        request.audit.change("name", from: nil, to: record.name)
        request.audit.change(
            "permissions", from: nil, to: record.permissions.map(\.rawValue).sorted().joined(separator: " "))
        return try APIResponse(.created, json: ScopedTokenRow(record, token: token))
    }

    /// When the new token ends: not after the scoped token that makes it.
    private func end(of body: CreateScopedTokenBody, for caller: Principal) async throws -> Timestamp? {
        let wanted = try CreateTokenBody.end(body.expiresAt, after: time.now())
        guard case .scopedToken(let scope) = caller.credential else { return wanted }
        let maker = try await directory.scopedToken(scope.tokenID, of: caller.account.id)
        guard let latest = maker.expiresAt else { return wanted }
        guard let wanted, wanted <= latest else {
            throw APIError(
                .forbidden,
                "a scoped access token cannot make one that lasts longer: "
                    + "expires_at must be at most \(latest.rfc3339)")
        }
        return wanted
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let (account, id) = try own(request)
        return try APIResponse(json: ScopedTokenRow(try await directory.scopedToken(id, of: account)))
    }

    private func revoke(_ request: APIRequest) async throws -> APIResponse {
        let (account, id) = try own(request)
        let record = try await directory.scopedToken(id, of: account)
        _ = try await directory.revokeScopedToken(id, of: account)
        request.audit.target("scoped_token", id)
        request.audit.change("name", from: record.name, to: nil)
        return try APIResponse(json: ScopedTokenRow(record))
    }

    /// The account and the token that the path names, which a scoped token reaches only when it is itself.
    private func own(_ request: APIRequest) throws -> (account: String, id: String) {
        let id = try request.uuid("id")
        let caller = try request.caller()
        if case .scopedToken(let scope) = caller.credential, scope.tokenID == id { return (caller.account.id, id) }
        return (try request.wholeAccount().account.id, id)
    }
}

extension Operation.Refusal {
    /// 403 for a token that would be wider than its maker.
    fileprivate static let widerToken = Operation.Refusal(
        status: .forbidden, meaning: "the token would reach further, last longer or allow more than its maker")
}

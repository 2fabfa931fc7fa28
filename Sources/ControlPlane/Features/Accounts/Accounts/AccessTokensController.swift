import APIKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/profile/access-tokens`: personal access tokens, for the command line and Terraform. A token stands for
/// the whole account, so a scoped one neither makes nor revokes them.
struct AccessTokensController: Sendable {
    let directory: AccountDirectory
    let time: any TimeSource

    var routes: [Route] {
        let all = "/platform/profile/access-tokens"
        return [
            Route(
                .get, all, access: .wholeAccount,
                operation: Operation(
                    summary: "Your access tokens", answer: .of([AccessTokenRow].self), refusals: [.scopedToken]),
                handler: list),
            Route(
                .post, all, access: .wholeAccount, effect: .change("access_token.create"),
                operation: Operation(
                    summary: "Create an access token; it is shown in this answer only",
                    body: .json(CreateTokenBody.schema), answer: .json(AccessTokenRow.created, .created),
                    refusals: [
                        Operation.Refusal(
                            status: .forbidden,
                            meaning: "a scoped access token, or an end after that of its maker"),
                        .oldSignIn,
                    ]), preparing: prepareCreate
            ).showing(.shownOnce),
            Route(
                .get, "\(all)/{id}", access: .wholeAccount,
                operation: Operation(
                    summary: "One access token", answer: .of(AccessTokenRow.self), refusals: [.scopedToken]),
                handler: read),
            Route(
                .delete, "\(all)/{id}", access: .wholeAccount, effect: .change("access_token.delete"),
                operation: Operation(
                    summary: "Revoke an access token", answer: .of(AccessTokenRow.self), refusals: [.scopedToken]),
                handler: revoke
            ).endingCredentials,
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let records = try await directory.accessTokens(of: try request.caller().account.id)
        return try APIResponse(json: records.map { AccessTokenRow($0) })
    }

    private func prepareCreate(_ request: APIRequest) async throws -> Route.Handler {
        let wanted = try request.decode(CreateTokenBody.self).checked(at: time.now())
        try await directory.confirmTokenMaker(request)
        return { try await create($0, wanted) }
    }

    private func create(
        _ request: APIRequest, _ wanted: (name: String, expiresAt: Timestamp?)
    ) async throws -> APIResponse {
        let caller = try request.caller()
        let (record, token) = try await directory.createAccessToken(
            of: caller.account.id, name: wanted.name, expiresAt: wanted.expiresAt, with: caller.credential)
        request.audit.target("access_token", String(record.number))
        request.audit.change("name", from: nil, to: record.name)
        if let end = record.expiresAt { request.audit.change("expires_at", from: nil, to: end.rfc3339) }
        return try APIResponse(.created, json: AccessTokenRow(record, token: token))
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let account = try request.caller().account.id
        return try APIResponse(
            json: AccessTokenRow(try await directory.accessToken(try request.number("id"), of: account)))
    }

    private func revoke(_ request: APIRequest) async throws -> APIResponse {
        let account = try request.caller().account.id
        let number = try request.number("id")
        let record = try await directory.accessToken(number, of: account)
        _ = try await directory.revokeAccessToken(number, of: account)
        request.audit.target("access_token", String(number))
        request.audit.change("name", from: record.name, to: nil)
        return try APIResponse(json: AccessTokenRow(record))
    }
}

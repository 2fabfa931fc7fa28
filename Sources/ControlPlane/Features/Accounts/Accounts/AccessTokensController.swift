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
                handler: tokens.list),
            Route(
                .post, all, access: .wholeAccount, effect: .change("access_token.create"),
                operation: Operation(
                    summary: "Create an access token; it is shown in this answer only",
                    body: .json(CreateTokenBody.schema), answer: .of(CreatedToken<AccessTokenRow>.self, .created),
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
                handler: tokens.read),
            Route(
                .delete, "\(all)/{id}", access: .wholeAccount, effect: .change("access_token.delete"),
                operation: Operation(
                    summary: "Revoke an access token", answer: .of(AccessTokenRow.self), refusals: [.scopedToken]),
                handler: tokens.revoke
            ).endingCredentials,
        ]
    }

    private var tokens: TokenRoutes<AccessTokenRow> {
        TokenRoutes(directory: directory, kind: .personal, target: "access_token")
    }

    private func prepareCreate(_ request: APIRequest) async throws -> Route.Handler {
        let wanted = try request.decode(CreateTokenBody.self).checked(at: time.now())
        try await directory.confirmTokenMaker(request)
        return { try await tokens.create($0, name: wanted.name, scope: nil, expiresAt: wanted.expiresAt) }
    }
}

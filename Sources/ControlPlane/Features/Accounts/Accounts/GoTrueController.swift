import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/auth/v1`: sign-in in GoTrue's form, for Studio's sign-in page. No `apikey` header is required.
struct GoTrueController: Sendable {
    let directory: AccountDirectory
    let trail: SessionTrail
    let version: String

    /// The common prefix.
    static let base = "/auth/v1"

    var routes: [Route] { signIn + own + facts }

    private var signIn: [Route] {
        [
            Route(
                .post, "\(Self.base)/token", access: .open,
                operation: Operation(
                    summary: "Sign in with a password or a refresh token",
                    query: [
                        Operation.Parameter(
                            name: "grant_type", schema: .choice(["password", "refresh_token"]),
                            description: "What the body holds", isRequired: true)
                    ],
                    body: .json(.oneOf([CredentialsBody.schema, RefreshBody.schema])),
                    answer: .of(GoTrueSession.self), refusals: [.throttled]), handler: token),
            Route(
                .post, "\(Self.base)/signup", access: .open,
                operation: Operation(
                    summary: "Create an account, where sign-up is open", body: .json(CredentialsBody.schema),
                    answer: .of(GoTrueSession.self), refusals: [.throttled, .unprocessable]), handler: signUp
            ).needing(.growth),
            Route(
                .post, "\(Self.base)/recover", access: .open,
                operation: Operation(
                    summary: "Nothing: this installation sends no mail", body: .json(EmailBody.schema),
                    answer: .json(.map(.anything))), handler: recover),
        ]
    }

    private var own: [Route] {
        [
            Route(
                .get, "\(Self.base)/user", access: .signedIn,
                operation: Operation(summary: "The signed-in account", answer: .of(GoTrueUser.self))
            ) { try APIResponse(json: GoTrueUser(try $0.caller().account)) },
            Route(
                .put, "\(Self.base)/user", access: .session, effect: .change("account.update"),
                operation: Operation(
                    summary: "Change your password, which ends your other sessions and revokes your access tokens, or "
                        + "ask for another e-mail address, which counts once an administrator has confirmed it; needs "
                        + "current_password or a sign-in of the last five minutes",
                    body: .json(UserUpdateBody.schema), answer: .of(GoTrueUser.self),
                    refusals: [.reauthentication]), preparing: prepareUpdate
            ).takingAccess,
            Route(
                .post, "\(Self.base)/logout", access: .signedIn, effect: .change("session.delete"),
                operation: Operation(
                    summary: "End the session, or all of them",
                    query: [
                        Operation.Parameter(
                            name: "scope", schema: .choice(SignOutScope.names), description: "Which sessions end")
                    ], answer: .empty(.noContent)), handler: signOut
            ).endingCredentials,
        ]
    }

    private var facts: [Route] {
        let health = Schema.fields(.init("version", .text), .init("name", .text), .init("description", .text))
        return [
            Route(
                .get, "\(Self.base)/.well-known/jwks.json", access: .open,
                operation: Operation(
                    summary: "Public keys of access tokens", answer: .json(.fields(.init("keys", .array(.anything)))))
            ) { _ in
                var answer = APIResponse(jsonBytes: Array(directory.jsonWebKeySet.utf8))
                answer.headers[.cacheControl] = "public, max-age=600"
                return answer
            },
            Route(
                .get, "\(Self.base)/settings", access: .open,
                operation: Operation(summary: "What sign-in offers", answer: .of(GoTrueSettings.self))
            ) { _ in try APIResponse(json: GoTrueSettings(isSignUpOpen: directory.policy.isSignUpOpen)) },
            Route(
                .get, "\(Self.base)/health", access: .open,
                operation: Operation(summary: "Whether sign-in is served", answer: .json(health))
            ) { _ in
                try APIResponse(json: [
                    "version": version, "name": "SupaManager", "description": "Sign-in in GoTrue's words",
                ])
            },
        ]
    }

    private func token(_ request: APIRequest) async throws -> APIResponse {
        do throws(APIError) {
            switch request.query["grant_type"] {
            case "password": return try await signIn(request)
            case "refresh_token": return try await refresh(request)
            default:
                throw .goTrue(
                    .badRequest, code: "validation_failed", message: "grant_type must be password or refresh_token")
            }
        } catch {
            throw error.asGrantError
        }
    }

    private func signIn(_ request: APIRequest) async throws(APIError) -> APIResponse {
        let body = try request.goTrueBody(CredentialsBody.self)
        let grant = try await during(.password) { () async throws(IdentityError) in
            try await directory.signIn(email: body.email, password: body.password, from: request.address)
        }
        return try await session(grant, request, route: "POST \(Self.base)/token")
    }

    private func refresh(_ request: APIRequest) async throws(APIError) -> APIResponse {
        let body = try request.goTrueBody(RefreshBody.self)
        let grant = try await during(.refresh) { () async throws(IdentityError) in
            try await directory.refresh(body.refreshToken)
        }
        return try Self.answer(grant)
    }

    private func signUp(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.goTrueBody(CredentialsBody.self)
        let account = try await during(.signUp) { () async throws(IdentityError) in
            try await directory.signUp(email: body.email, password: body.password)
        }
        let route = "POST \(Self.base)/signup"
        try await trail.add("account.create", by: account, session: nil, request: request, route: route)
        let grant = try await during(.password) { () async throws(IdentityError) in
            try await directory.signIn(email: body.email, password: body.password, from: request.address)
        }
        return try await session(grant, request, route: route)
    }

    /// The answer to a new session, once it stands in the trail.
    private func session(
        _ grant: SessionGrant, _ request: APIRequest, route: String
    ) async throws(APIError) -> APIResponse {
        do {
            try await trail.add(
                "session.create", by: grant.account, session: grant.sessionID, request: request, route: route)
        } catch {
            throw APIError(anything: error).inGoTrueForm("unexpected_failure")
        }
        return try Self.answer(grant)
    }

    private static func answer(_ grant: SessionGrant) throws(APIError) -> APIResponse {
        do {
            var answer = try APIResponse(json: GoTrueSession(grant))
            answer.headers[.cacheControl] = "no-store"
            return answer
        } catch { throw APIError(anything: error) }
    }

    /// Whether the address is known stays untold: the answer is the same.
    private func recover(_ request: APIRequest) async throws -> APIResponse {
        _ = try request.goTrueBody(EmailBody.self)
        return try APIResponse(json: [String: String]())
    }
}

extension APIRequest {
    /// The body, refused in GoTrue's form.
    func goTrueBody<Body: Decodable>(_ type: Body.Type) throws(APIError) -> Body {
        do throws(APIError) { return try decode(type) } catch { throw error.inGoTrueForm("validation_failed") }
    }
}

extension Operation.Refusal {
    /// 422.
    static let unprocessable = Operation.Refusal(
        status: .unprocessableContent, meaning: "sign-up is closed, the address is taken or the password too weak")
}

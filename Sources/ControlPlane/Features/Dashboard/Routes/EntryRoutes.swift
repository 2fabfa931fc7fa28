import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// The way in and out: sign-in, the first run, sign-out.
struct EntryRoutes: Sendable {
    let pages: Pages
    let directory: AccountDirectory
    let trail: SessionTrail

    private static let firstRun = "\(Pages.home)/first-run"

    var routes: [Route] {
        [
            Route(.get, "/", access: .open, operation: .page("The way to the dashboard")) { _ in
                pages.see(Pages.home)
            },
            Route(
                .get, Pages.signIn, access: .open, operation: .page("Sign in", query: ["next"]), handler: showSignIn
            ).costly,
            Route(.post, Pages.signIn, access: .open, operation: .form("Sign in"), handler: signIn),
            Route(.get, Self.firstRun, access: .open, operation: .page("The first run"), handler: showFirstRun).costly,
            Route(
                .post, Self.firstRun, access: .open, operation: .form("Set the administrator's password"),
                handler: setPassword),
            Route(
                .post, "\(Pages.home)/sign-out", access: .session, effect: .change("session.delete"),
                operation: .form("Sign out"), handler: signOut
            ).endingCredentials,
        ]
    }

    private func showSignIn(_ request: APIRequest) async throws -> APIResponse {
        if try await directory.needsFirstPassword() { return pages.see(Self.firstRun) }
        return try signInPage(request, next: request.query["next"])
    }

    private func signInPage(
        _ request: APIRequest, next: String?, email: String = "", problem: APIError? = nil
    ) throws -> APIResponse {
        try pages.page(
            "sign-in", title: "Sign in",
            [
                "next": .visible(next.flatMap { LocalPath($0, below: Pages.home)?.text }), "email": .visible(email),
                "problem": .visible(problem?.message),
            ], for: request, status: problem?.status ?? .ok)
    }

    private func signIn(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let email = form.trimmed("email")
        let grant: BrowserGrant
        do throws(IdentityError) {
            grant = try await directory.signInBrowser(
                email: email, password: Secret(form["password"] ?? ""), from: request.address,
                agent: request.headers[.userAgent] ?? "")
        } catch {
            return try signInPage(
                request, next: form["next"], email: email, problem: APIError(anything: error).unchallenged)
        }
        return try await enter(grant, request, next: form["next"])
    }

    /// The answer to a new session, once it stands in the trail.
    private func enter(_ grant: BrowserGrant, _ request: APIRequest, next: String?) async throws -> APIResponse {
        try await trail.add(
            "session.create", by: grant.account, session: grant.sessionID, request: request,
            route: "POST \(Pages.signIn)")
        var response = pages.see(next.flatMap { LocalPath($0, below: Pages.home)?.text } ?? Pages.home)
        response.headers[.setCookie] = pages.gate.cookie.setting(grant.secret, for: grant.life)
        return response
    }

    private func showFirstRun(_ request: APIRequest) async throws -> APIResponse {
        guard try await directory.needsFirstPassword() else { return pages.see(Pages.signIn) }
        return try firstRunPage(request)
    }

    private func firstRunPage(_ request: APIRequest, problem: APIError? = nil) throws -> APIResponse {
        try pages.page(
            "first-run", title: "First run",
            [
                "problem": .visible(problem?.message),
                "password_min": .text("\(directory.policy.passwordBytes.lowerBound)"),
            ], for: request, status: problem?.status ?? .ok)
    }

    /// Sets the first password and signs in with it.
    private func setPassword(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let password = Secret(form["password"] ?? "")
        guard form["password"] == form["repeated"] else {
            return try firstRunPage(request, problem: APIError(.badRequest, "the two passwords are not the same"))
        }
        let account: Account
        do throws(IdentityError) {
            account = try await directory.setFirstPassword(
                password, token: Secret(form.trimmed("token")), from: request.address)
        } catch .invalidCredentials {
            return try firstRunPage(request, problem: APIError(.forbidden, Self.wrongToken))
        } catch {
            return try firstRunPage(request, problem: APIError(anything: error).unchallenged)
        }
        try await note(account, request)
        let grant = try await directory.signInBrowser(
            email: account.email, password: password, from: request.address,
            agent: request.headers[.userAgent] ?? "")
        return try await enter(grant, request, next: nil)
    }

    private func note(_ account: Account, _ request: APIRequest) async throws {
        try await trail.add(
            "account.first_password", by: account, session: nil, request: request, route: "POST \(Self.firstRun)")
    }

    private static let wrongToken =
        "this is not the administrator's token: it is the line of the file admin-token in the manager's data folder, "
        + "or the value of SUPAMANAGER_ADMIN_TOKEN"

    private func signOut(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        guard case .session(let session) = caller.credential else { return pages.see(Pages.signIn) }
        request.audit.target("session", session)
        try await directory.signOut(session: session, of: caller.account.id, scope: .local)
        // Forms are answered with a redirect, which is no success by its status.
        request.audit.noteAttempt()
        var response = pages.see(Pages.signIn)
        response.headers[.setCookie] = pages.gate.cookie.removing
        return response
    }
}

extension APIError {
    /// The same without a challenge for credentials: browsers would ask for a password in a window of their own.
    var unchallenged: APIError {
        var copy = APIError(status == .unauthorized ? .forbidden : status, message)
        copy.headers = headers
        copy.headers[.wwwAuthenticate] = nil
        return copy
    }
}

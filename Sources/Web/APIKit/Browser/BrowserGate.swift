import HTTPTypes
package import Identity
package import ProjectModel

/// Finds the sessions that cookies stand for.
package protocol BrowserSessions: Sendable {
    /// The principal of a cookie's session, or nothing when it has ended.
    func principal(ofCookie secret: Secret<String>) async throws(AccessTokenError) -> Principal?
    /// The token that forms of a cookie's session carry.
    func formToken(ofCookie secret: Secret<String>) throws(AccessTokenError) -> String
}

/// Admits browsers to the routes of a ``BrowserSite``. Cookies count there and nowhere else; tokens do not count there.
package struct BrowserGate: Sendable {
    package let sessions: any BrowserSessions
    package let cookie: SessionCookie
    package let origin: BrowserOrigin

    package init(sessions: any BrowserSessions, cookie: SessionCookie, origin: BrowserOrigin) {
        self.sessions = sessions
        self.cookie = cookie
        self.origin = origin
    }

    /// The caller of a page; nil where the page is open. 403 for a change that another site's page asks for.
    func identify(_ route: Route, _ headers: HTTPFields, authority: String?) async throws(APIError) -> Principal? {
        if route.method != .get, !origin.isOwn(headers, authority: authority) { throw BrowserOrigin.refusal }
        if route.access == .open { return nil }
        guard let secret = cookie.secret(in: headers) else { throw Self.signInNeeded }
        let principal: Principal?
        do { principal = try await sessions.principal(ofCookie: secret) } catch { throw APIError(error) }
        guard let principal else { throw Self.signInNeeded }
        return principal
    }

    /// Refuses a change without the token of the session's own forms: 403.
    func requireFormToken(_ request: APIRequest, for route: Route) throws(APIError) {
        guard route.method != .get, route.access != .open else { return }
        var given = request.headers[.formToken]
        if given == nil {
            given =
                try request.isMultipart
                ? request.multipart()[FormField.token] : request.form()[FormField.token]
        }
        guard let given, let own = try formToken(of: request), Self.isSame(given, own) else { throw Self.noFormToken }
    }

    /// The token for forms of a page; nil without a session.
    package func formToken(of request: APIRequest) throws(APIError) -> String? {
        guard let secret = cookie.secret(in: request.headers) else { return nil }
        do { return try sessions.formToken(ofCookie: secret) } catch { throw APIError(error) }
    }

    /// Compares in a time that says nothing about where two texts differ.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return zip(left.utf8, right.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// 401 without a challenge: browsers would ask for a password in a window of their own.
    static let signInNeeded = APIError(.unauthorized, "you are not signed in, or your session has ended: sign in")

    private static let noFormToken = APIError(
        .forbidden, "this form belongs to a session that has ended: load the page again and repeat what you did")
}

/// Names of fields that forms have in common.
package enum FormField {
    /// The session's token.
    package static let token = "form_token"
}

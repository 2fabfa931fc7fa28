package import HTTPTypes

/// Pages for browsers beside an API: their routes, who is admitted to them, and how a refusal looks.
package struct BrowserSite: Sendable {
    /// The path below which all pages are; `/` leads there.
    package let path: String
    package let routes: RouteTable
    package let gate: BrowserGate
    /// A refusal as a page.
    package let refusalPage: @Sendable (APIError, Visit) -> APIResponse
    private let compression: PageCompression

    /// What a refusal is about.
    package struct Visit: Sendable {
        /// Path of the request.
        package let path: String
        package let headers: HTTPFields
        package let method: HTTPRequest.Method
        /// Whether its address has a query.
        package var hasQuery = false
    }

    /// - Parameter routes: each becomes a page: it takes cookies, and no tokens.
    package init(
        path: String, routes: [Route], gate: BrowserGate, compression: PageCompression,
        refusalPage: @escaping @Sendable (APIError, Visit) -> APIResponse
    ) {
        self.path = path
        self.routes = RouteTable(routes.map(\.page))
        self.gate = gate
        self.compression = compression
        self.refusalPage = refusalPage
    }

    /// Whether a path is a page's, existing or not.
    package func owns(_ path: String) -> Bool {
        path == "/" || path == self.path || path.hasPrefix(self.path + "/")
    }

    /// A response with what every one of the site has: refusals are pages, and no page runs foreign code, is framed or
    /// tells other sites where it was.
    func dressed(_ response: APIResponse, to visit: Visit) -> APIResponse {
        var page = response.refusal.map { refusalPage($0, visit) } ?? response
        if response.refusal != nil {
            for field in response.headers where field.name != .contentType { page.headers.append(field) }
        }
        for (name, value) in Self.headers { page.headers[name] = value }
        if page.headers[.cacheControl] == nil { page.headers[.cacheControl] = "no-store" }
        return compression.compressed(page, to: visit)
    }

    private static let headers: [(HTTPField.Name, String)] = [
        (.contentSecurityPolicy, contentSecurityPolicy), (.xContentTypeOptions, "nosniff"),
        // Forms send `Origin: null` under stricter policies, and ours are held to their origin.
        (.referrerPolicy, "same-origin"), (.frameOptions, "DENY"), (.openerPolicy, "same-origin"),
        (.crossOriginResourcePolicy, "same-origin"),
    ]

    private static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")
}

extension HTTPField.Name {
    /// `Sec-Fetch-Site`: how the page that sent a request is related to what it asked.
    package static let fetchSite = custom("Sec-Fetch-Site")
    /// `X-Form-Token`: the token of a session's forms, of a script's request.
    package static let formToken = custom("X-Form-Token")
    /// `Referrer-Policy`.
    package static let referrerPolicy = custom("Referrer-Policy")
    /// `X-Frame-Options`.
    package static let frameOptions = custom("X-Frame-Options")
    /// `Cross-Origin-Opener-Policy`.
    package static let openerPolicy = custom("Cross-Origin-Opener-Policy")
}

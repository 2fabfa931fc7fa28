package import HTTPTypes

/// Which web pages may call the API from a browser (Fetch standard §3.2). Studio sends credentials, so its origin is
/// named exactly: a literal `*` would be refused by the browser.
public struct CORSPolicy: Sendable, Equatable {
    /// Origins as browsers send them: scheme, host and, where it is not the usual one, port.
    public var origins: Set<String>

    /// A policy; without origins no page of another origin may call.
    public init(origins: Set<String> = []) { self.origins = origins }

    /// Seconds for which a browser may remember what is allowed.
    package static let maximumAge = 600

    package static let methods = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
    package static let requestHeaders = [
        "authorization", "content-type", "idempotency-key", "x-request-id", "x-connection-encrypted",
        "x-pg-application-name", "x-graphql-authorization", "version", "apikey", "x-client-info",
        "x-supabase-api-version",
    ].joined(separator: ", ")
    package static let exposedHeaders = [
        "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Total-Count",
        "X-Request-Id", "Idempotency-Replayed", "X-Operation-Id",
    ].joined(separator: ", ")

    /// Header fields for an answer to a request of this origin. `Vary` is there in any case: a cache must not give one
    /// page the answer to another.
    package func fields(for origin: String?) -> HTTPFields {
        var fields = HTTPFields()
        guard !origins.isEmpty else { return fields }
        fields[.vary] = "Origin"
        guard let origin, origins.contains(origin) else { return fields }
        fields[.accessControlAllowOrigin] = origin
        fields[.accessControlAllowCredentials] = "true"
        fields[.accessControlExposeHeaders] = Self.exposedHeaders
        return fields
    }

    /// Whether a page of this origin may read answers.
    package func allows(_ origin: String?) -> Bool { origin.map(origins.contains) ?? false }

    /// Header fields that a preflight request gets besides.
    package func preflightFields(for origin: String?) -> HTTPFields {
        var fields = HTTPFields()
        guard let origin, origins.contains(origin) else { return fields }
        fields[.accessControlAllowMethods] = Self.methods
        fields[.accessControlAllowHeaders] = Self.requestHeaders
        fields[.accessControlMaxAge] = String(Self.maximumAge)
        return fields
    }
}

extension APIResponse {
    /// Adds what keeps browsers and caches from using an answer for anything else: its type is believed, pages of other
    /// origins neither read nor embed it unless they may call the API, and nothing keeps it unless it says so itself.
    mutating func protect(for origin: String?, _ policy: CORSPolicy) {
        headers[.xContentTypeOptions] = "nosniff"
        headers[.crossOriginResourcePolicy] = policy.allows(origin) ? "cross-origin" : "same-origin"
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        for field in policy.fields(for: origin) { headers.append(field) }
    }
}

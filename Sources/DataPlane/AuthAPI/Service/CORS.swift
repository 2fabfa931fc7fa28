import DataPlaneCore

/// Headers for pages of other origins: all of them may call, with credentials.
struct CORS {
    private static let methods = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
    private static let headers = [
        "Accept", "Authorization", "Content-Type", "apikey", "X-Client-IP", "X-Client-Info", "X-JWT-AUD",
        "x-use-cookie", "X-Supabase-Api-Version",
    ]
    private static let exposed = "X-Total-Count, Link, X-Supabase-Api-Version, x-sb-error-code, Retry-After"
    private static let maxAgeSeconds = 86_400

    private let extraHeaders: [String]

    init(_ configuration: AuthConfiguration) { extraHeaders = configuration.extraCORSHeaders }

    /// The answer to a preflight, which carries no token. Clients send headers of their own, which are allowed as asked.
    func preflight(_ http: ServiceRequest) -> ServiceResponse {
        var response = ServiceResponse(status: 204)
        mark(&response, for: http)
        let asked = (http.header("access-control-request-headers") ?? "").split(separator: ",")
            .map { String($0).trimmed }.filter { !$0.isEmpty }
        var seen: Set<String> = []
        let names = (Self.headers + extraHeaders + asked).filter { seen.insert($0.lowercased()).inserted }
        response.set("Access-Control-Allow-Methods", Self.methods)
        response.set("Access-Control-Allow-Headers", names.joined(separator: ", "))
        response.set("Access-Control-Max-Age", String(Self.maxAgeSeconds))
        return response
    }

    /// Adds what a page of the request's origin may do.
    func mark(_ response: inout ServiceResponse, for http: ServiceRequest) {
        guard let origin = http.header("origin"), !origin.contains(where: \.isNewline) else { return }
        response.set("Access-Control-Allow-Origin", origin)
        response.set("Access-Control-Allow-Credentials", "true")
        response.set("Access-Control-Expose-Headers", Self.exposed)
        response.headers.append(("Vary", "Origin"))
    }
}

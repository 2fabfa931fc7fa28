import DataPlaneCore

/// Headers for pages of other origins.
struct CORSAnswer {
    private static let methods = "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD"
    private static let maxAgeSeconds = 86_400
    private static let exposed =
        "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, "
        + "Range-Unit"

    /// Origins that may call; empty allows all.
    let allowedOrigins: [String]

    /// The answer to a preflight, which needs no token; nil for other requests.
    func preflight(_ http: RestHTTPRequest) -> RestHTTPResponse? {
        guard http.method == "OPTIONS", http.header("origin") != nil,
            http.header("access-control-request-method") != nil
        else { return nil }
        var response = RestHTTPResponse(status: 200)
        mark(&response, for: http)
        guard response.headers.contains(where: { $0.name == "Access-Control-Allow-Origin" }) else { return response }
        let asked = (http.header("access-control-request-headers") ?? "").split(separator: ",")
            .map { String($0).trimmingBlanks }
        let headers = (["Authorization"] + asked + ["Accept", "Accept-Language", "Content-Language"]).uniqued
        response.headers.append(("Access-Control-Allow-Methods", Self.methods))
        response.headers.append(("Access-Control-Allow-Headers", headers.joined(separator: ", ")))
        response.headers.append(("Access-Control-Max-Age", String(Self.maxAgeSeconds)))
        return response
    }

    /// Adds what a page of the request's origin may do.
    func mark(_ response: inout RestHTTPResponse, for http: RestHTTPRequest) {
        guard let origin = http.header("origin") else { return }
        if allowedOrigins.isEmpty {
            response.set("Access-Control-Allow-Origin", "*")
        } else if allowedOrigins.contains(origin) {
            response.set("Access-Control-Allow-Origin", origin)
            response.set("Access-Control-Allow-Credentials", "true")
        } else {
            return
        }
        response.set("Access-Control-Expose-Headers", Self.exposed)
    }
}

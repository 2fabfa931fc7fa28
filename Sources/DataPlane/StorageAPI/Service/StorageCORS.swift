import DataPlaneCore

/// Headers for pages of other origins: all of them may call.
enum StorageCORS {
    private static let methods = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
    private static let maxAgeSeconds = 86_400
    private static let exposed = """
        Upload-Offset, Location, Upload-Length, Tus-Version, Tus-Resumable, Tus-Max-Size, Tus-Extension, \
        Upload-Metadata, Upload-Defer-Length, Upload-Expires, Content-Range, Content-Disposition, ETag, Last-Modified, \
        Accept-Ranges
        """

    /// The answer to a preflight, which carries no token. Headers are allowed as asked.
    static func preflight(_ http: ServiceRequest) -> ServiceResponse {
        var response = ServiceResponse(status: 204)
        mark(&response, for: http)
        response.set("Access-Control-Allow-Methods", methods)
        if let asked = http.header("access-control-request-headers"), !asked.contains(where: \.isNewline) {
            response.set("Access-Control-Allow-Headers", asked)
        }
        response.set("Access-Control-Max-Age", String(maxAgeSeconds))
        return response
    }

    /// Adds what a page of another origin may do and read.
    static func mark(_ response: inout ServiceResponse, for http: ServiceRequest) {
        guard http.header("origin") != nil else { return }
        response.set("Access-Control-Allow-Origin", "*")
        response.set("Access-Control-Expose-Headers", exposed)
    }
}

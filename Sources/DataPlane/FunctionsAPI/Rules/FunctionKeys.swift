public import DataPlaneCore

/// Turns keys of a project into the tokens that functions check.
///
/// A function decides who calls it: a client without a key too, or one with another kind of `Authorization`. So only what is a key of the project is turned, and everything else passes as it came.
public enum FunctionKeys {
    /// The request as the functions are to see it; nil where it carries a key that counts no more.
    public static func identified(_ request: ServiceRequest, by keys: APIKeys) -> ServiceRequest? {
        guard request.method != "OPTIONS" else { return request }
        let named = request.headers("apikey")
        let bearer = bearerToken(of: request)
        guard !(named + [bearer].compactMap { $0 }).contains(where: keys.isRefused) else { return nil }
        var inner = request
        if let bearer, let token = keys.token(for: bearer) {
            replace(&inner, with: token)
        } else if request.header("authorization") == nil, named.count == 1, let token = keys.token(for: named[0]) {
            replace(&inner, with: token)
        }
        return inner
    }

    private static func bearerToken(of request: ServiceRequest) -> String? {
        // What is no plain token is none of the project's keys: the function sees it.
        do { return try BearerToken.of(request) } catch { return nil }
    }

    private static func replace(_ request: inout ServiceRequest, with token: String) {
        request.headers.removeAll { $0.name == "authorization" }
        request.headers.append(("authorization", "Bearer \(token)"))
    }
}

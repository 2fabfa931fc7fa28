/// Several services behind one address: routes by prefix and requires a key of the project.
///
/// A key comes as header `apikey`, as query parameter `apikey`, or as bearer token. Who sends no token of a user is
/// who the key says.
public struct Gateway: DataPlaneService {
    /// A service and the prefix of its paths.
    public struct Mount: Sendable {
        /// Without a slash at its end, such as `/rest/v1`.
        public var prefix: String
        /// Paths below the prefix that are reached by links, redirects and probes, which carry no key. One that ends in
        /// a slash stands for all below it.
        public var openPaths: [String]
        /// Below which paths requests may be signed in `Authorization` in place of a token (`AWS4-HMAC-SHA256`). The
        /// service checks the signature, and every token that comes with it.
        public var signedPaths: [String]
        /// Whether a key of the project is required here; false where the service looks at keys itself.
        public var checksKeys: Bool
        /// The service.
        public var service: any DataPlaneService

        /// A mount.
        public init(
            prefix: String, openPaths: [String] = [], signedPaths: [String] = [], checksKeys: Bool = true,
            service: any DataPlaneService
        ) {
            self.prefix = prefix
            self.openPaths = openPaths
            self.signedPaths = signedPaths
            self.checksKeys = checksKeys
            self.service = service
        }

        func isOpen(_ path: String) -> Bool {
            openPaths.contains { $0.hasSuffix("/") ? path.hasPrefix($0) : path == $0 }
        }

        /// A request's signature, where this mount takes any. No token can have its form.
        func signature(of request: ServiceRequest) -> String? {
            guard signedPaths.contains(where: { request.path == $0 || request.path.hasPrefix($0 + "/") }),
                let value = request.header("authorization"), value.utf8.starts(with: "AWS4-HMAC-SHA256 ".utf8)
            else { return nil }
            return value
        }
    }

    private let mounts: [Mount]
    private let keys: APIKeys
    private let isReady: @Sendable () async -> Bool

    /// A gateway.
    ///
    /// - Parameter isReady: whether every service can do its work now; asked by `/ready`.
    public init(mounts: [Mount], keys: APIKeys, isReady: @escaping @Sendable () async -> Bool) {
        self.mounts = mounts
        self.keys = keys
        self.isReady = isReady
    }

    private enum Route {
        case live
        case ready
        case service(any DataPlaneService, ServiceRequest)
        case refused(ServiceResponse)
    }

    /// Most bytes of a body: the service's own bound.
    public func bodyBytesMax(for request: ServiceRequest) -> Int {
        guard case .service(let service, let inner) = route(request) else { return 0 }
        return service.bodyBytesMax(for: inner)
    }

    /// Refuses unknown paths and keys, and asks the service about the rest.
    public func refusal(ofHead request: ServiceRequest) -> ServiceResponse? {
        switch route(request) {
        case .live, .ready: nil
        case .service(let service, let inner): service.refusal(ofHead: inner)
        case .refused(let response): response
        }
    }

    /// The service's own refusal.
    public func refusal(ofBody problem: BodyProblem, _ request: ServiceRequest) -> ServiceResponse {
        switch route(request) {
        case .service(let service, let inner): return service.refusal(ofBody: problem, inner)
        case .refused(let response): return response
        case .live, .ready:
            return Self.failure(413, "The request has a body", hint: "This address takes none.", request: request)
        }
    }

    /// Answers by the service that the path belongs to.
    public func respond(to request: ServiceRequest) async -> ServiceResponse {
        switch route(request) {
        case .live: return ServiceResponse(status: 200, json: .object([.init("status", .string("ok"))]))
        case .ready:
            let ready = await isReady()
            return ServiceResponse(status: ready ? 200 : 503, json: .object([.init("ready", .bool(ready))]))
        case .service(let service, let inner): return await service.respond(to: inner)
        case .refused(let response): return response
        }
    }

    /// The service's own.
    public func isBrief(_ request: ServiceRequest) -> Bool {
        guard case .service(let service, let inner) = route(request) else { return false }
        return service.isBrief(inner)
    }

    /// The service's own.
    public func takesPieces(of request: ServiceRequest) -> Bool {
        guard case .service(let service, let inner) = route(request) else { return false }
        return service.takesPieces(of: inner)
    }

    /// Answers by the service that the path belongs to.
    public func respond(to request: ServiceRequest, body: ServiceBody) async -> ServiceResponse {
        guard case .service(let service, let inner) = route(request) else { return await respond(to: request) }
        return await service.respond(to: inner, body: body)
    }

    /// The service's own.
    public func streams(_ request: ServiceRequest) -> Bool {
        guard case .service(let service, let inner) = route(request) else { return false }
        return service.streams(inner)
    }

    /// Answers by the service that the path belongs to.
    public func respond(to request: ServiceRequest, body: ServiceBody, by answer: AnswerStream) async {
        guard case .service(let service, let inner) = route(request) else {
            return answer.finish(with: await respond(to: request))
        }
        await service.respond(to: inner, body: body, by: answer)
    }

    private func route(_ request: ServiceRequest) -> Route {
        if request.path == "/health" { return .live }
        if request.path == "/ready" { return .ready }
        let mount = mounts.first { request.path == $0.prefix || request.path.hasPrefix($0.prefix + "/") }
        guard let mount else {
            return .refused(
                Self.failure(
                    404, "There is no service at this path", hint: "The paths begin with \(prefixes).", request: request
                ))
        }
        var inner = request
        inner.path = String(request.path.dropFirst(mount.prefix.count))
        if inner.path.isEmpty { inner.path = "/" }
        guard mount.checksKeys else { return .service(mount.service, inner) }
        let (query, keyInQuery) = Self.takingKey(outOf: request.query)
        inner.query = query
        if inner.isPreflight {
            inner.headers.removeAll { $0.name == "authorization" || $0.name == "apikey" }
            return .service(mount.service, inner)
        }
        if let name = Self.repeatedName(request) { return .refused(Self.repetition(of: name, request)) }
        return identified(inner, at: mount, keys: [request.header("apikey"), keyInQuery].compactMap { $0 })
    }

    /// The request as the service is to see it: with one token, as it was looked at here, or with none.
    ///
    /// - Parameter named: keys that the request names beside its bearer token.
    private func identified(_ request: ServiceRequest, at mount: Mount, keys named: [String]) -> Route {
        guard named.allSatisfy(BearerToken.isPlain) else { return .refused(Self.keyRefusal(hasKey: true, request)) }
        let bearer: String?
        do throws(TokenRefusal) { bearer = try BearerToken.of(request) } catch {
            return .refused(Self.tokenRefusal(request))
        }
        let named = named + [bearer].compactMap { $0 }
        if named.contains(where: keys.isRefused) { return .refused(Self.legacyRefusal(request)) }
        let token = named.lazy.compactMap { keys.token(for: $0) }.first
        guard token != nil || mount.isOpen(request.path) else {
            return .refused(Self.keyRefusal(hasKey: !named.isEmpty, request))
        }
        var inner = request
        inner.headers.removeAll { $0.name == "authorization" }
        // The token of the key stands where there is none of a user, and for an opaque key in its place.
        if let signature = mount.signature(of: request) {
            inner.headers.append(("authorization", signature))
        } else if let own = bearer.map({ keys.token(for: $0) ?? $0 }) ?? token {
            inner.headers.append(("authorization", "Bearer \(own)"))
        }
        return .service(mount.service, inner)
    }

    private var prefixes: String { mounts.map(\.prefix).joined(separator: ", ") }

    /// Who names itself twice is refused: what reads the first and what reads the last would not agree on who it is.
    private static func repeatedName(_ request: ServiceRequest) -> String? {
        if let name = ["authorization", "apikey"].first(where: { request.headers($0).count > 1 }) { return name }
        return pairs(of: request.query).count(where: isKey) > 1 ? "apikey" : nil
    }

    private static func repetition(of name: String, _ request: ServiceRequest) -> ServiceResponse {
        failure(400, "Repeated \(name)", hint: "Send one key and one token.", request: request)
    }

    /// The key is no filter of the REST API's. JSON Web Tokens and opaque keys have nothing to decode in them.
    private static func takingKey(outOf query: String) -> (query: String, key: String?) {
        let parts = pairs(of: query)
        guard let key = parts.first(where: isKey) else { return (query, nil) }
        let others = parts.filter { !isKey($0) }.joined(separator: [UInt8(ascii: "&")])
        return (
            String(decoding: Array(others), as: UTF8.self),
            String(decoding: key.dropFirst(keyPrefix.count), as: UTF8.self)
        )
    }

    /// By bytes: a combining scalar hides no separator.
    private static func pairs(of query: String) -> [Substring.UTF8View] {
        query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
    }

    private static let keyPrefix = "apikey=".utf8

    private static func isKey(_ pair: Substring.UTF8View) -> Bool { pair.starts(with: keyPrefix) }

    private static func keyRefusal(hasKey: Bool, _ request: ServiceRequest) -> ServiceResponse {
        hasKey
            ? failure(
                401, "Invalid API key", hint: "Double check your Supabase `anon` or `service_role` API key.",
                request: request)
            : failure(
                401, "No API key found in request", hint: "No `apikey` request header or url param was found.",
                request: request)
    }

    private static func tokenRefusal(_ request: ServiceRequest) -> ServiceResponse {
        failure(
            401, "Invalid Authorization header", hint: "It is `Bearer`, one space and a token.", request: request)
    }

    private static func legacyRefusal(_ request: ServiceRequest) -> ServiceResponse {
        failure(
            401, "Legacy API keys are disabled",
            hint: "Use the project's publishable and secret keys, or switch these on again.", request: request)
    }

    private static func failure(
        _ status: Int, _ message: String, hint: String, request: ServiceRequest
    ) -> ServiceResponse {
        var response = ServiceResponse(
            status: status,
            json: .object([.init("message", .string(message)), .init("hint", .string(hint))]))
        if request.header("origin") != nil { response.set("Access-Control-Allow-Origin", "*") }
        return response
    }
}

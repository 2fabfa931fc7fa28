public import DataPlaneCore
public import PostgresKit
import Synchronization

/// The REST API of one database: PostgREST's contract.
///
/// A request is authenticated, read and planned without the database, then run as one pipeline in one transaction.
public final class RestService: DataPlaneService {
    /// Time of the slowest part of a request's life on the database: a statement without a timeout of its own.
    public static let statementDeadline: Duration = .seconds(60)

    let configuration: RestConfiguration
    let pool: PostgresPool
    /// Reads the catalogue, whose size is its owner's decision.
    private let catalogPool: PostgresPool
    let verifier: TokenVerifier
    let clock: @Sendable () -> Double
    /// By schema.
    private let searchPaths: [String: String]
    private let cache = Mutex<SchemaCache?>(nil)
    private let reloads: AsyncStream<Void>
    private let reloadRequests: AsyncStream<Void>.Continuation
    private let reloadThrottle = Mutex(ReloadThrottle())

    /// A service without a schema cache: until ``reload()`` has succeeded requests get PGRST002.
    ///
    /// - Parameters:
    ///   - catalogPool: reads the catalogue, in place of `pool`.
    ///   - clock: seconds since the epoch.
    public init(
        configuration: RestConfiguration, pool: PostgresPool, catalogPool: PostgresPool? = nil,
        verifier: TokenVerifier, clock: @escaping @Sendable () -> Double
    ) {
        self.catalogPool = catalogPool ?? pool
        self.configuration = configuration
        self.pool = pool
        self.verifier = verifier
        self.clock = clock
        searchPaths = Dictionary(
            configuration.schemas.map { ($0, SessionSQL.searchPath($0, configuration)) },
            uniquingKeysWith: { first, _ in first })
        (reloads, reloadRequests) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func searchPath(of schema: String) -> String {
        searchPaths[schema] ?? SessionSQL.searchPath(schema, configuration)
    }

    /// Whether requests are served.
    public var isReady: Bool { cache.withLock { $0 != nil } }

    /// Reads the catalogue aside and swaps the cache.
    public func reload() async throws {
        let loaded = try await CatalogLoader(pool: catalogPool, configuration: configuration).load()
        cache.withLock { $0 = loaded }
    }

    /// Asks for a reload; several wishes that come before it starts are one.
    public func requestReload() { reloadRequests.yield() }

    /// Asks for a reload because an error of a request may come from an old cache, unless another request has done so
    /// a moment ago. Whether it asked; a later error of the kind asks again.
    @discardableResult
    func requestReloadAfterError() -> Bool {
        guard reloadThrottle.withLock({ $0.admits(at: clock()) }) else { return false }
        requestReload()
        return true
    }

    /// Wishes for a reload, for the loop that carries them out.
    public var reloadWishes: AsyncStream<Void> { reloads }

    /// The configured bound; less for a request that has no use for a body: one that reads or deletes, and the call of
    /// a function that is not there.
    public func bodyBytesMax(for http: ServiceRequest) -> Int {
        let idle = min(RestConfiguration.idleBodyBytesMax, configuration.bodyBytesMax)
        guard ["POST", "PUT", "PATCH"].contains(http.method) else { return idle }
        guard let cache = cache.withLock({ $0 }), let request = try? request(http),
            case .function(let name) = request.target
        else { return configuration.bodyBytesMax }
        let isThere = cache.routines[QualifiedName(schema: request.schema, name: name)] != nil
        return isThere ? configuration.bodyBytesMax : idle
    }

    /// PostgreSQL does the work, but for the description of a whole schema, which the root is.
    public func isBrief(_ http: RestHTTPRequest) -> Bool {
        http.query.utf8.count <= RestConfiguration.briefQueryBytesMax && !RestRequest.isRoot(http.path)
    }

    /// Answers a request. Never throws: every error is an answer.
    public func respond(to http: RestHTTPRequest) async -> RestHTTPResponse {
        var timing = ServerTiming(isShown: configuration.showsTiming)
        if let preflight = cors.preflight(http) { return preflight }
        do throws(RestError) {
            let identity = try timing.measure("jwt") { () throws(RestError) -> Identity in try self.identity(http) }
            let request = try timing.measure("parse") { () throws(RestError) -> RestRequest in
                try self.request(http)
            }
            var response = try await answer(request, as: identity, timing: &timing)
            timing.finish(&response)
            return finished(response, http)
        } catch {
            return finished(failure(error), http)
        }
    }

    /// Why a request is refused whatever its body says: a token that does not count, or none where one is needed; a
    /// body for a table that is not there. Everything is looked at again in ``respond(to:)``.
    public func refusal(ofHead http: RestHTTPRequest) -> RestHTTPResponse? {
        guard cors.preflight(http) == nil else { return nil }
        do throws(RestError) {
            _ = try identity(http)
            guard ["POST", "PUT", "PATCH"].contains(http.method), let cache = cache.withLock({ $0 }) else { return nil }
            let request = try request(http)
            try RequestPlanner(request: request, cache: cache, configuration: configuration).checkHead()
            return nil
        } catch { return finished(failure(error), http) }
    }

    /// The answer to a request whose body was not taken in.
    public func refusal(ofBody problem: BodyProblem, _ http: RestHTTPRequest) -> RestHTTPResponse {
        let error: RestError =
            switch problem {
            case .tooLarge: .bodyTooLarge(bodyBytesMax(for: http))
            case .tooSlow: .bodyTooSlow
            case .tooMany: .tooManyBodies
            }
        return finished(failure(error), http)
    }

    private var cors: CORSAnswer { CORSAnswer(allowedOrigins: configuration.allowedOrigins) }

    private func finished(_ response: RestHTTPResponse, _ http: RestHTTPRequest) -> RestHTTPResponse {
        var response = response
        cors.mark(&response, for: http)
        if let name = configuration.traceHeader, let value = http.header(name.lowercased()) {
            response.headers.append((name, value))
        }
        return response
    }

    private func failure(_ error: RestError) -> RestHTTPResponse {
        var response = RestHTTPResponse(status: error.status)
        response.reason = error.reason
        response.body = Array(error.body(isMinimal: configuration.hasMinimalErrors).utf8)
        response.headers = [("Content-Type", "application/json; charset=utf-8")]
        response.headers.append(("Proxy-Status", "PostgREST; error=\(error.code)"))
        for header in error.headers { response.set(header.name, header.value) }
        return response
    }

    // MARK: Identity

    /// A request that was read already.
    private struct Reading: Sendable {
        let request: RestRequest

        /// Whether it is the same, but for its body.
        func isOf(_ http: RestHTTPRequest) -> Bool {
            request.http.method == http.method && request.http.path == http.path && request.http.query == http.query
                && request.http.headers.elementsEqual(http.headers, by: ==)
        }
    }

    /// Reads a request, whose head is looked at up to three times, once.
    private func request(_ http: RestHTTPRequest) throws(RestError) -> RestRequest {
        if let known = http.notes?.last as? Reading, known.isOf(http) {
            return try known.request.with(http.body, configuration)
        }
        let request = try RestRequest(http, configuration)
        var noted = request
        noted.http.notes = nil
        http.notes?.last = Reading(request: noted)
        return request
    }

    /// Role and claims of a request.
    struct Identity: Sendable {
        var role: String
        var claims: JSONText
        var isAnonymous: Bool
    }

    private func identity(_ http: RestHTTPRequest) throws(RestError) -> Identity {
        var claims: [JSONText.Member] = []
        do throws(TokenRefusal) {
            if let token = try BearerToken.of(http),
                case .object(let members) = try verifier.claims(of: token, at: clock())
            {
                claims = members
            }
        } catch { throw RestError(error) }
        let named = configuration.roleClaim.value(in: .object(claims))
        guard let role = named ?? configuration.anonymousRole else { throw .anonymousDisabled }
        claims.removeAll { $0.name == "role" }
        claims.append(.init("role", .string(role)))
        return Identity(role: role, claims: .object(claims), isAnonymous: role == configuration.anonymousRole)
    }

    // MARK: Answers

    private func answer(
        _ request: RestRequest, as identity: Identity, timing: inout ServerTiming
    ) async throws(RestError) -> RestHTTPResponse {
        guard let cache = cache.withLock({ $0 }) else {
            var error = RestError.noCache
            error.headers.append(("Retry-After", "1"))
            throw error
        }
        if request.method == .options {
            return try timing.measure("response") { () throws(RestError) -> RestHTTPResponse in
                try OptionsAnswer(request: request, cache: cache).answer()
            }
        }
        let runner = RequestRunner(service: self, request: request, identity: identity, cache: cache)
        if case .root = request.target { return try await runner.root(&timing) }
        let plan = try timing.measure("plan") { () throws(RestError) -> RequestPlan in
            try RequestPlanner(request: request, cache: cache, configuration: configuration).plan()
        }
        return try await runner.run(plan, &timing)
    }
}

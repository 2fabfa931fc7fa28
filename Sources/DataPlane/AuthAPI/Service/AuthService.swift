import Clients
public import DataPlaneCore
public import PasswordKit
public import PostgresKit
import Synchronization
import TokenKit

/// The AUTH API of one project: GoTrue's contract.
///
/// Rules and parsers are pure; what changes rows does so in one transaction per request. Passwords are hashed on
/// threads of their own, mails wait in the database until ``MailLoop`` has sent them.
public final class AuthService: DataPlaneService {
    /// The longest time of one statement.
    public static let statementDeadline: Duration = .seconds(10)
    /// The longest time that a request waits for another one that changes the same rows, in milliseconds.
    static let lockWaitMilliseconds = 5_000

    let configuration: AuthConfiguration
    let pool: PostgresPool
    let keys: SigningKeys
    let verifier: TokenVerifier
    let workers: PasswordWorkers
    let clock: @Sendable () -> Double
    let providers: ProviderClient
    private let report: @Sendable (String) -> Void
    private let limiter = Mutex(RateLimiter())
    /// Apart from the clients' buckets: however many clients there are, none of them fills it again.
    private let mailBucket: Mutex<RateLimiter.Bucket>
    private let hasSchema = Mutex(false)
    private let mailWishes: AsyncStream<Void>
    private let mailWish: AsyncStream<Void>.Continuation

    /// A service. Until ``migrate()`` has succeeded it is not ready.
    ///
    /// - Parameters:
    ///   - pool: made with ``parameters(_:)``.
    ///   - providers: the way to the providers at which users sign in; nil: there is none.
    ///   - clock: seconds since the epoch.
    ///   - report: takes what operators must know of failures; never a secret.
    public init(
        configuration: AuthConfiguration, pool: PostgresPool, keys: SigningKeys, workers: PasswordWorkers,
        providers: (any ProviderTransport)? = nil, clock: @escaping @Sendable () -> Double,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.pool = pool
        self.keys = keys
        self.workers = workers
        self.clock = clock
        self.providers = ProviderClient(transport: providers ?? NoProviderTransport(), clock: clock)
        self.report = report
        verifier = TokenVerifier(keys: keys.verifying, audience: nil)
        let rates = configuration.rates
        mailBucket = Mutex(
            RateLimiter.Bucket(count: rates.email, seconds: rates.emailSeconds, burst: rates.email, at: clock()))
        (mailWishes, mailWish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Adds what sessions of this service need: the schema's own search path, as triggers of projects expect it, and
    /// bounds of waits.
    public static func parameters(_ parameters: PostgresConnectionParameters) -> PostgresConnectionParameters {
        var parameters = parameters
        let own = "-c search_path=auth -c lock_timeout=\(lockWaitMilliseconds)"
        parameters.options["options"] = [own, parameters.options["options"]].compactMap { $0 }.joined(separator: " ")
        return parameters
    }

    /// Whether requests can be served.
    public var isReady: Bool { hasSchema.withLock { $0 } }

    /// Makes what is missing of the schema.
    public func migrate() async throws {
        try await AuthSchema.migrate(pool)
        hasSchema.withLock { $0 = true }
    }

    // MARK: Requests

    /// 1 MiB.
    public func bodyBytesMax(for request: ServiceRequest) -> Int { AuthRequest.bodyBytesMax }

    /// Refuses unknown paths, and calls for administrators by others.
    public func refusal(ofHead http: ServiceRequest) -> ServiceResponse? {
        guard !http.isPreflight else { return nil }
        let request = AuthRequest(head: http)
        do throws(AuthError) {
            let route = try AuthRoute(method: http.method, segments: request.segments)
            if case .unsupported(let error) = route { throw error }
            if route.isAdmin { _ = try administrator(request) }
            return nil
        } catch { return finished(error.response(request.version), http) }
    }

    /// The answer to a request whose body was not taken in.
    public func refusal(ofBody problem: BodyProblem, _ http: ServiceRequest) -> ServiceResponse {
        let error: AuthError =
            switch problem {
            case .tooLarge:
                AuthError(
                    413, code: "request_entity_too_large",
                    message: "The body has more than \(AuthRequest.bodyBytesMax) bytes")
            case .tooSlow: AuthError(408, code: "request_timeout", message: "The end of the body did not come in time")
            case .tooMany: .overloaded("Too many large bodies are in hand; try again later")
            }
        return finished(error.response(AuthRequest(head: http).version), http)
    }

    /// Answers a request.
    public func respond(to http: ServiceRequest) async -> ServiceResponse {
        if http.isPreflight { return CORS(configuration).preflight(http) }
        let request = AuthRequest(head: http)
        do throws(AuthError) {
            return finished(try await answer(request), http)
        } catch {
            return finished(failure(error, request), http)
        }
    }

    private func answer(_ head: AuthRequest) async throws(AuthError) -> ServiceResponse {
        let route = try AuthRoute(method: head.http.method, segments: head.segments)
        if case .unsupported(let error) = route { throw error }
        guard route == .health || route == .settings || route == .keys || isReady else {
            throw .overloaded("The schema of the database is not ready yet; try again later")
        }
        let administrator = route.isAdmin ? try administrator(head) : nil
        let (isRead, isRequired) = route.body
        let request = isRead ? try head.readingBody(isRequired: isRequired) : head
        let call = AuthCall(service: self, request: request, administrator: administrator)
        return try await call.answer(route)
    }

    private func failure(_ error: AuthError, _ request: AuthRequest) -> ServiceResponse {
        report(error, of: request)
        return error.response(request.version)
    }

    /// Tells operators of an error that is the server's own, or its providers'.
    func report(_ error: AuthError, of request: AuthRequest) {
        guard error.status >= 500, let cause = error.cause else { return }
        report("\(request.http.method) \(request.segments.first ?? "/"): \(error.message): \(cause)")
    }

    private func finished(_ response: ServiceResponse, _ http: ServiceRequest) -> ServiceResponse {
        var response = response
        CORS(configuration).mark(&response, for: http)
        return response
    }

    // MARK: Tokens

    func claims(_ request: AuthRequest) throws(AuthError) -> BearerClaims {
        guard let token = request.bearer, !token.isEmpty else { throw .noAuthorization }
        do throws(TokenRefusal) {
            return BearerClaims(json: try verifier.claims(of: token, at: clock()))
        } catch { throw .badToken(Self.words(error)) }
    }

    private func administrator(_ request: AuthRequest) throws(AuthError) -> BearerClaims {
        let claims = try claims(request)
        guard configuration.adminRoles.contains(claims.role) else { throw .notAdmin }
        return claims
    }

    private static func words(_ refusal: TokenRefusal) -> String {
        switch refusal {
        case .expired: "token is expired"
        case .notYetValid, .issuedInFuture: "token is not valid yet"
        case .noSuitableKey, .noKeys: "signature is invalid"
        case .unsecured, .unsupported: "signing method is not accepted"
        case .claims, .notANumber, .badAudience, .audience: "token has invalid claims"
        case .empty, .parts, .undecodable: "token is malformed"
        }
    }

    // MARK: Limits

    /// Takes a request out of the bucket of its client's network; those of which nothing is known share one.
    func limit(
        _ limit: RateLimiter.Limit, _ request: AuthRequest, count: Int, seconds: Int = 300, burst: Int = 30
    ) throws(AuthError) {
        let client = configuration.rates.client(of: request.http)?.network ?? ""
        let wait = limiter.withLock {
            $0.wait(limit, client: client, count: count, seconds: seconds, burst: burst, at: clock())
        }
        guard let wait else { return }
        var error = AuthError.rateLimit
        error.retryAfterSeconds = wait
        throw error
    }

    /// Takes a mail out of the project's bucket.
    func limitMails() throws(AuthError) {
        let seconds = configuration.rates.emailSeconds
        let wait = mailBucket.withLock { $0.take(at: clock(), orWait: seconds) }
        guard let wait else { return }
        var error = AuthError(429, code: "over_email_send_rate_limit", message: "email rate limit exceeded")
        error.retryAfterSeconds = wait
        throw error
    }

    // MARK: Mails

    /// Says that a mail waits in the database.
    func wakeMailLoop() { mailWish.yield() }

    /// Wishes to look for mails, for the loop that sends them.
    var wishesForMail: AsyncStream<Void> { mailWishes }
}

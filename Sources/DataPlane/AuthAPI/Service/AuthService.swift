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
    let verifier: TokenVerifier
    let workers: PasswordWorkers
    let clock: @Sendable () -> Double
    /// Sends requests to hooks and providers; nil where there is none to send to.
    let http: (any OutboundHTTP)?
    /// Bounds of calls to hooks.
    let hookBounds: Webhook.Bounds
    /// Speaks to the providers at which users sign in.
    let providers: ProviderClient
    private let report: @Sendable (String) -> Void
    private let signingKeys: Mutex<SigningKeys>
    private let hookSlots = Mutex(0)
    private let templates = Mutex<[MailKind: String]>([:])
    private let limiter = Mutex(RateLimiter())
    /// Apart from the clients' buckets: however many clients there are, none of them fills it again.
    private let mailBucket: Mutex<RateLimiter.Bucket>
    private let messageBucket: Mutex<RateLimiter.Bucket>
    private let hasSchema = Mutex(false)
    private let mailWishes: AsyncStream<Void>
    private let mailWish: AsyncStream<Void>.Continuation

    /// A service. Until ``migrate()`` has succeeded it is not ready.
    ///
    /// - Parameters:
    ///   - pool: made with ``parameters(_:)``.
    ///   - http: how hooks, providers of sign-in and of text messages and the like are reached; nil: they are not.
    ///   - clock: seconds since the epoch.
    ///   - report: takes what operators must know of failures; never a secret.
    public convenience init(
        configuration: AuthConfiguration, pool: PostgresPool, keys: SigningKeys, workers: PasswordWorkers,
        http: (any OutboundHTTP)? = nil,
        clock: @escaping @Sendable () -> Double, report: @escaping @Sendable (String) -> Void
    ) {
        self.init(
            configuration: configuration, pool: pool, keys: keys, workers: workers, http: http,
            hookBounds: Webhook.Bounds(), clock: clock, report: report)
    }

    init(
        configuration: AuthConfiguration, pool: PostgresPool, keys: SigningKeys, workers: PasswordWorkers,
        http: (any OutboundHTTP)?, hookBounds: Webhook.Bounds,
        clock: @escaping @Sendable () -> Double, report: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.pool = pool
        self.workers = workers
        self.http = http
        self.hookBounds = hookBounds
        signingKeys = Mutex(keys)
        self.clock = clock
        self.providers = ProviderClient(http: http, clock: clock)
        self.report = report
        verifier = TokenVerifier(keys: keys.verifying, audience: nil)
        let rates = configuration.rates
        mailBucket = Mutex(
            RateLimiter.Bucket(count: rates.email, seconds: rates.emailSeconds, burst: rates.email, at: clock()))
        messageBucket = Mutex(
            RateLimiter.Bucket(count: rates.sms, seconds: rates.smsSeconds, burst: rates.sms, at: clock()))
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
        if let session = administrator?.session { try await checkSession(session) }
        let (isRead, isRequired) = route.body
        let request = isRead ? try head.readingBody(isRequired: isRequired) : head
        let call = AuthCall(service: self, request: request, administrator: administrator)
        try await call.checkCaptcha(route)
        return try await call.answer(route)
    }

    private func failure(_ error: AuthError, _ request: AuthRequest) -> ServiceResponse {
        guard error.status >= 500 else { return error.response(request.version) }
        var error = error
        error.id = try? UUIDText.random()
        report(error, of: request)
        return error.response(request.version)
    }

    /// Tells operators of an error that is the server's own, or its providers'.
    func report(_ error: AuthError, of request: AuthRequest) {
        guard error.status >= 500, let cause = error.cause else { return }
        let id = error.id.map { " (\($0))" } ?? ""
        report("\(request.http.method) \(request.segments.first ?? "/"): \(error.message): \(cause)\(id)")
    }

    /// Tells operators of something that no answer tells.
    func tell(_ text: String) { report(text) }

    private func finished(_ response: ServiceResponse, _ http: ServiceRequest) -> ServiceResponse {
        var response = response
        CORS(configuration).mark(&response, for: http)
        return response
    }

    // MARK: Tokens

    /// The keys of tokens, as they are now.
    var keys: SigningKeys { signingKeys.withLock { $0 } }

    /// Puts other keys in the place of those in force: the new one signs, all of the new set check. The secret has to
    /// be the one of before, since codes and mails that wait are sealed with it.
    public func replaceKeys(_ keys: SigningKeys) {
        signingKeys.withLock { $0 = keys }
        verifier.replaceKeys(keys.verifying)
    }

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

    /// An administrator's token that belongs to a session ends with it.
    private func checkSession(_ id: String) async throws(AuthError) {
        let row: PostgresRow?
        do throws(PostgresError) {
            row = try await pool.first(
                "SELECT id FROM auth.sessions WHERE id = $1 AND coalesce(not_after > now(), true)", [.text(id)])
        } catch { throw AuthError(error, doing: "Database error") }
        guard row != nil else {
            throw AuthError(403, code: "session_expired", message: "The session of the token has ended")
        }
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

    /// Takes a text message out of the project's bucket.
    func limitMessages() throws(AuthError) {
        let seconds = configuration.rates.smsSeconds
        let wait = messageBucket.withLock { $0.take(at: clock(), orWait: seconds) }
        guard let wait else { return }
        var error = AuthError(429, code: "over_sms_send_rate_limit", message: "SMS rate limit exceeded")
        error.retryAfterSeconds = wait
        throw error
    }

    // MARK: Hooks

    /// Calls of hooks at addresses that are in progress at once. Some hold a connection to the database: others have to
    /// find one.
    static let hookCallsMax = 5

    /// Runs a call of a hook's server.
    func withHookSlot<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        let isFree = hookSlots.withLock { running in
            guard running < Self.hookCallsMax else { return false }
            running += 1
            return true
        }
        guard isFree else { throw AuthError.overloaded("Too many hooks are being called; try again later") }
        defer { hookSlots.withLock { $0 -= 1 } }
        return try await body()
    }

    // MARK: Mails

    /// The template that was fetched last; nil where none was.
    func template(of kind: MailKind) -> String? { templates.withLock { $0[kind] } }

    func keepTemplate(_ text: String, of kind: MailKind) { templates.withLock { $0[kind] = text } }

    /// Says that a mail waits in the database.
    func wakeMailLoop() { mailWish.yield() }

    /// Wishes to look for mails, for the loop that sends them.
    var wishesForMail: AsyncStream<Void> { mailWishes }
}

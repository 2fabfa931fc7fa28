public import DataPlaneCore
public import PostgresKit
import Synchronization
public import TokenKit

/// The STORAGE API of one project: the contract of Supabase's storage server.
///
/// A row and its file change together: the file is safe under a version of its own before the row names it, and the one
/// before is removed after the commit. What a crash leaves in between is removed by ``StorageSweeper``.
public final class StorageService: DataPlaneService {
    /// The longest time of one statement.
    public static let statementDeadline: Duration = .seconds(30)
    /// The longest time that a request waits for another one that changes the same rows, in milliseconds.
    static let lockWaitMilliseconds = 10_000

    let configuration: StorageConfiguration
    let database: StorageDatabase
    let files: any ObjectFiles
    /// Transforms images; nil where that is off.
    let images: (any ImageRenderer)?
    private let verifier: TokenVerifier
    private let addressSigner: Mutex<URLSigner>
    /// The project's keys, where clients name themselves with them.
    private let keys: APIKeys?
    let clock: @Sendable () -> Double
    let uploads = UploadLocks()
    private let report: @Sendable (String) -> Void
    private let hasSchema = Mutex(false)

    /// A service. Until ``migrate()`` has succeeded it is not ready.
    ///
    /// - Parameters:
    ///   - pool: made with ``parameters(_:)``, as the owner of schema `storage`.
    ///   - images: transforms images; nil where that is off.
    ///   - verifier: checks the tokens of users.
    ///   - secret: signs addresses.
    ///   - keys: tells which tokens are keys no more; nil where clients name no keys.
    ///   - clock: seconds since the epoch.
    ///   - report: takes what operators must know of failures; never a secret.
    public init(
        configuration: StorageConfiguration, pool: PostgresPool, files: any ObjectFiles,
        images: (any ImageRenderer)? = nil, verifier: TokenVerifier, secret: KeyBytes, keys: APIKeys? = nil,
        clock: @escaping @Sendable () -> Double,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        database = StorageDatabase(pool: pool)
        self.files = files
        self.images = images
        self.verifier = verifier
        addressSigner = Mutex(URLSigner(secret: secret))
        self.keys = keys
        self.clock = clock
        self.report = report
    }

    /// Adds what sessions of this service need.
    public static func parameters(_ parameters: PostgresConnectionParameters) -> PostgresConnectionParameters {
        var parameters = parameters
        let own = "-c search_path=storage,public -c lock_timeout=\(lockWaitMilliseconds)"
        parameters.options["options"] = [own, parameters.options["options"]].compactMap { $0 }.joined(separator: " ")
        return parameters
    }

    /// Whether requests can be served.
    public var isReady: Bool { hasSchema.withLock { $0 } }

    /// Makes what is missing of the schema.
    public func migrate() async throws {
        try await StorageSchema.migrate(database.pool)
        hasSchema.withLock { $0 = true }
    }

    // MARK: Keys

    /// Signs addresses, and checks them.
    var signer: URLSigner { addressSigner.withLock { $0 } }

    /// Puts other keys in the place of those that counted. Addresses that another secret signed open nothing any more.
    public func replaceKeys(_ keys: [TokenVerifier.Key], secret: KeyBytes) {
        verifier.replaceKeys(keys)
        addressSigner.withLock { $0 = URLSigner(secret: secret) }
    }

    // MARK: Requests

    /// 1 MiB; objects come in pieces.
    public func bodyBytesMax(for request: ServiceRequest) -> Int { StorageConfiguration.jsonBytesMax }

    /// Refuses unknown paths, and tokens that do not count.
    public func refusal(ofHead http: ServiceRequest) -> ServiceResponse? {
        guard http.method != "OPTIONS" else { return nil }
        do throws(StorageError) {
            let route = try StorageRoute(method: http.method, path: http.path)
            _ = try caller(http, isOpen: route.isOpen)
            return nil
        } catch { return failure(error, http) }
    }

    /// The answer to a request whose body was not taken in.
    public func refusal(ofBody problem: BodyProblem, _ http: ServiceRequest) -> ServiceResponse {
        let error: StorageError =
            switch problem {
            case .tooLarge: StorageError(413, code: "EntityTooLarge", message: "The body is too large", httpStatus: 413)
            case .tooSlow: .slowBody
            case .tooMany:
                StorageError(429, code: "SlowDown", message: "Too many large bodies are in hand", httpStatus: 429)
            }
        return failure(error, http)
    }

    /// Whether the body is an object's, or part of one.
    public func takesPieces(of http: ServiceRequest) -> Bool {
        guard let route = try? StorageRoute(method: http.method, path: http.path) else { return false }
        return route.takesPieces && http.method != "OPTIONS"
    }

    /// Answers a request.
    public func respond(to http: ServiceRequest) async -> ServiceResponse {
        await respond(to: http, body: ServiceBody(pieces: http.body.isEmpty ? [] : [http.body]))
    }

    /// Answers a request while its body comes in.
    public func respond(to http: ServiceRequest, body: ServiceBody) async -> ServiceResponse {
        if http.isPreflight { return StorageCORS.preflight(http) }
        do {
            var response = try await answer(http, body)
            StorageCORS.mark(&response, for: http)
            return response
        } catch { return failure(StorageError(error), http) }
    }

    private func answer(_ http: ServiceRequest, _ body: ServiceBody) async throws -> ServiceResponse {
        // What a client asks of TUS before it knows anything.
        if http.method == "OPTIONS" { return ResumableAnswer.options(configuration) }
        let route = try StorageRoute(method: http.method, path: http.path)
        if route == .status { return ServiceResponse(status: 200) }
        if case .s3(let path) = route { return await S3Call.respond(self, http, path: path, body: body) }
        if case .resumable(let id, let isSigned) = route {
            return await ResumableCall.respond(self, http, id: id, isSigned: isSigned, body: body)
        }
        guard isReady else { throw StorageError.notReady }
        let caller = try caller(http, isOpen: route.isOpen)
        return try await StorageCall(service: self, http: http, caller: caller, body: body).answer(route)
    }

    /// The answer to a request that failed, in the form of its endpoint.
    func failure(_ error: StorageError, _ http: ServiceRequest) -> ServiceResponse {
        note(error, http)
        var response: ServiceResponse
        if http.path.hasPrefix("/upload/resumable") {
            response = ResumableAnswer.failure(error)
        } else if http.path == "/s3" || http.path.hasPrefix("/s3/") {
            response = S3Answer.failure(error, http)
        } else {
            response = error.response
        }
        StorageCORS.mark(&response, for: http)
        return response
    }

    func note(_ error: StorageError, _ http: ServiceRequest) {
        if error.statusCode >= 500, let cause = error.cause { report("\(http.method): \(error.message): \(cause)") }
    }

    /// What could not be put away and is left to the sweeper.
    func note(leftover error: any Error) { report("a file could not be removed now: \(error)") }

    // MARK: Callers

    /// Who asks.
    ///
    /// - Parameter isOpen: whether a request without a token is one of the anonymous role.
    func caller(_ http: ServiceRequest, isOpen: Bool) throws(StorageError) -> Caller {
        do throws(TokenRefusal) {
            if let token = try BearerToken.of(http) {
                return caller(claims: try verifier.claims(of: token, at: clock()))
            }
        } catch {
            // An address may be opened by a page that sends a token of another kind along.
            guard isOpen else { throw .badToken(Self.words(error)) }
        }
        guard !isOpen else { return anonymous }
        throw http.header("authorization") == nil ? .noAuthorization : .badToken(Self.words(.empty))
    }

    /// Who asks with a token that no gateway has looked at. One that is a key no more counts only where a gateway puts
    /// it in the place of another key.
    func caller(session token: String) throws(TokenRefusal) -> Caller {
        guard keys?.isRefused(token) != true else { throw .noSuitableKey }
        return caller(claims: try verifier.claims(of: token, at: clock()))
    }

    private func caller(claims: JSONText) -> Caller {
        Caller(role: claims["role"]?.stringValue ?? configuration.anonymousRole, claims: claims)
    }

    private var anonymous: Caller { Caller(role: configuration.anonymousRole, claims: .object([])) }

    static func words(_ refusal: TokenRefusal) -> String {
        switch refusal {
        case .expired: "\"exp\" claim timestamp check failed"
        case .notYetValid: "\"nbf\" claim timestamp check failed"
        case .issuedInFuture: "\"iat\" claim timestamp check failed"
        case .noSuitableKey, .noKeys: "signature verification failed"
        case .unsecured, .unsupported: "the algorithm of the token is not accepted"
        case .claims, .notANumber, .badAudience, .audience: "the claims of the token are not accepted"
        case .empty, .parts, .undecodable: "Invalid Compact JWS"
        }
    }
}

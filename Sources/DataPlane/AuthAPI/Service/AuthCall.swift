import Clients
import DataPlaneCore
import PasswordKit
import PostgresKit
import TokenKit

/// One request with all that answering it needs. Each group of endpoints is an extension of its own.
struct AuthCall: Sendable {
    let service: AuthService
    let request: AuthRequest
    /// The claims of an administrator's token, where the endpoint needs one.
    let administrator: BearerClaims?
    /// Where a flow that began earlier leads; nil: the request says it.
    var flowTarget: String?
    /// What a transaction asks for beyond the database.
    let outbox = Outbox()

    var configuration: AuthConfiguration { service.configuration }

    func answer(_ route: AuthRoute) async throws(AuthError) -> ServiceResponse {
        switch route {
        case .health, .settings, .keys, .openIDConfiguration: document(route)
        case .signup: try await signup()
        case .token: try await token()
        case .otp: try await otp()
        case .magiclink: try await otp()
        case .recover: try await recover()
        case .resend: try await resend()
        case .verify: try await verify()
        case .verifyLink: await verifyLink()
        case .authorize: try await authorize()
        case .callback: await callback()
        case .user: ServiceResponse(status: 200, json: try await signedIn().user.json)
        case .updateUser: try await updateUser()
        case .reauthenticate: try await reauthenticate()
        case .logout: try await logout()
        case .authorizeIdentity, .deleteIdentity: try await identities(route)
        case .enrollFactor, .challengeFactor, .verifyFactor, .deleteFactor: try await factors(route)
        case .invite: try await invite()
        case .generateLink: try await generateLink()
        case .listUsers, .createUser, .adminUser, .updateAdminUser, .deleteAdminUser: try await adminUsers(route)
        case .adminFactors, .updateAdminFactor, .deleteAdminFactor: try await adminFactors(route)
        case .audit: try await auditEntries()
        case .unsupported(let error): throw error
        }
    }

    // MARK: Addresses

    /// The client's address, as far as it is known.
    var address: String? { configuration.rates.client(of: request.http)?.description }

    /// The network by which slow work is bounded; nil for this host's own.
    private var network: String? {
        guard let client = configuration.rates.client(of: request.http), !client.isLoopback else { return nil }
        return client.network
    }

    /// Users are looked up within an audience.
    var audience: String {
        // Any client could look for accounts of another audience by the header.
        if administrator != nil, let header = request.http.header("x-jwt-aud"), !header.isEmpty { return header }
        if let administrator, !configuration.adminRoles.contains(administrator.role),
            let audience = administrator.audience
        {
            return audience
        }
        return configuration.audience
    }

    var redirectTarget: String { RedirectRules(configuration).target(flowTarget ?? request.redirectTarget) }

    // MARK: Who asks

    /// Who a bearer token belongs to.
    struct SignedIn: Sendable {
        var user: UserRecord
        var claims: BearerClaims
    }

    /// The user of the bearer token. The session is looked up on every call: signing out ends tokens here.
    func signedIn() async throws(AuthError) -> SignedIn {
        let claims = try service.claims(request)
        guard let sub = claims.sub else {
            throw AuthError(403, code: "bad_jwt", message: "invalid claim: missing sub claim")
        }
        guard let id = UUIDText.canonical(sub) else {
            throw AuthError(403, code: "bad_jwt", message: "invalid claim: sub claim must be a UUID")
        }
        let row = try await reading { store throws(PostgresError) in
            try await store.session.first(
                """
                SELECT \(UserRecord.sql), EXISTS (SELECT FROM auth.sessions s WHERE s.id = $2::uuid
                  AND s.user_id = u.id AND coalesce(s.not_after > now(), true)) AS has_session
                FROM auth.users u WHERE u.id = $1
                """, [.text(id), .optional(claims.session)])
        }
        guard let row, let document = try? row.string("document"), let user = UserRecord(document) else {
            throw AuthError(403, code: "user_not_found", message: "User from sub claim in JWT does not exist")
        }
        if claims.session != nil, (try? row.bool("has_session")) != true {
            throw AuthError(
                403, code: "session_not_found", message: "Session from session_id claim in JWT does not exist")
        }
        guard !user.isBanned(at: service.clock()) else { throw .userBanned }
        return SignedIn(user: user, claims: claims)
    }

    // MARK: The database

    /// Runs statements outside a transaction.
    func reading<Value: Sendable>(
        _ body: (AuthStore) async throws(PostgresError) -> Value
    ) async throws(AuthError) -> Value {
        do throws(PostgresError) {
            return try await body(AuthStore(session: service.pool))
        } catch .connectionLost {
            // A connection that lay idle while the server was restarted; nothing was changed.
            do throws(PostgresError) { return try await body(AuthStore(session: service.pool)) } catch {
                throw AuthError(error, doing: "Database error")
            }
        } catch { throw AuthError(error, doing: "Database error") }
    }

    /// Runs a change in a transaction: all of it, or nothing. It may run twice, so that it has no other effects; what it
    /// puts into the outbox is done once it is committed.
    ///
    /// - Parameter what: words for an error of the database, such as `Database error saving new user`.
    func changing<Value: Sendable>(
        _ what: String, _ body: @Sendable (AuthStore) async throws -> Value
    ) async throws(AuthError) -> Value {
        let value: Value
        do {
            value = try await changingOnce(body)
        } catch PostgresError.connectionLost {
            do { value = try await changingOnce(body) } catch { throw Self.changeError(error, what) }
        } catch { throw Self.changeError(error, what) }
        try await deliver(outbox.takeAll())
        return value
    }

    private func changingOnce<Value: Sendable>(
        _ body: @Sendable (AuthStore) async throws -> Value
    ) async throws -> Value {
        try await service.pool.transaction { transaction in
            outbox.clear()
            return try await body(AuthStore(session: transaction, keepsAudit: configuration.keepsAudit))
        }
    }

    private static func changeError(_ error: any Error, _ what: String) -> AuthError {
        switch error {
        case let error as AuthError: error
        case let error as PostgresError: AuthError(error, doing: what)
        case is CancellationError: AuthError(504, code: "request_timeout", message: "The request took too long")
        default: .unexpected(what, cause: "an error of an unknown kind")
        }
    }

    // MARK: Passwords

    /// A hash of no password, for users that are not there: the time of an answer tells nothing.
    private static let dummyHash =
        "$argon2id$v=19$m=19456,t=2,p=1$c3VwYW1hbmFnZXJzYWx0$2fDzR0L0mWkYQmN9m4yXx1j5m9m3q0Z1g2Vb8m7c9XU"

    func hash(password: String) async throws(AuthError) -> String {
        do throws(PasswordError) {
            return try await service.workers.run(.make, for: network, refusal: .overloaded) {
                () throws(PasswordError) in
                guard let salt = try? RandomSource.bytes(Argon2id.saltBytes) else {
                    throw PasswordError.library("random source", code: 0)
                }
                return try Argon2id.hash(Array(password.utf8), salt: salt)
            }
        } catch { throw AuthError(error) }
    }

    /// Whether a password is a user's. Takes as long without a user as with one.
    func isPassword(_ password: String, of user: UserRecord?) async throws(AuthError) -> Bool {
        let stored = user?.passwordHash
        let isKnown = stored.map { PasswordVerifier.isKnown($0) } ?? false
        let checked = isKnown ? stored ?? Self.dummyHash : Self.dummyHash
        do throws(PasswordError) {
            let fits = try await service.workers.run(.check, for: network, refusal: .overloaded) {
                () throws(PasswordError) in
                try PasswordVerifier.verify(password, against: checked)
            }
            return fits && isKnown
        } catch { throw AuthError(error) }
    }
}

extension AuthError {
    init(_ error: PasswordError) {
        switch error {
        case .overloaded: self = .overloaded("Too many passwords are being checked; try again later")
        case .unknownForm, .library: self = .unexpected("Error hashing password", cause: "\(error)")
        }
    }

    /// An error of the database or the way to it.
    init(_ error: PostgresError, doing what: String) {
        switch error {
        case .server(let report) where report.sqlState == "55P03":
            self = AuthError(409, code: "conflict", message: "Too many concurrent requests change the same rows")
        case .server(let report) where report.sqlState.hasPrefix("PT"):
            let status = Int(report.sqlState.dropFirst(2)).flatMap { (400...599).contains($0) ? $0 : nil } ?? 500
            self = AuthError(status, code: "unexpected_failure", message: Self.bounded(report.message))
            trigger = TriggerError(
                code: report.sqlState, message: message, detail: report.detail.map(Self.bounded))
        case .server(let report) where report.sqlState == "P0001" || report.sqlState.hasPrefix("23"):
            self = .unexpected(what, cause: "SQLSTATE \(report.sqlState): \(report.message)")
            // The detail of a violated constraint holds the row, and with it the password's hash.
            trigger = TriggerError(
                code: report.sqlState, message: Self.bounded(report.message),
                detail: report.sqlState == "P0001" ? report.detail.map(Self.bounded) : nil)
        case .server(let report):
            self = .unexpected(what, cause: "SQLSTATE \(report.sqlState): \(report.message)")
        case .deadlineExceeded, .acquireDeadlineExceeded, .queueFull, .connectDeadlineExceeded, .connectFailed,
            .connectionLost, .commitOutcomeUnknown, .closed, .noResources:
            self = .overloaded("The database does not answer; try again later")
            cause = "\(error)"
        case .cancelled: self = AuthError(504, code: "request_timeout", message: "The request took too long")
        default: self = .unexpected(what, cause: "\(error)")
        }
    }

    private static func bounded(_ text: String) -> String {
        // A trigger may repeat what it was given.
        String(text.unicodeScalars.prefix(messageScalarsMax))
    }

    /// Failures of libcrypto, which come from a lack of memory or of random numbers.
    static func crypto(_ error: TokenError) -> AuthError { .unexpected("Error making a token", cause: "\(error)") }
}

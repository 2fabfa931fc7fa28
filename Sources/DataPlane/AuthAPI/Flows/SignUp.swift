import DataPlaneCore
import PostgresKit
import TokenKit

/// `POST /signup`
extension AuthCall {
    func signup() async throws(AuthError) -> ServiceResponse {
        let emailText = try request.text("email") ?? ""
        let phoneText = try request.text("phone") ?? ""
        let data = try request.object("data") ?? []
        if emailText.isEmpty, phoneText.isEmpty { return try await anonymousSignup(data) }
        try service.limit(.signup, request, count: configuration.rates.otp)
        guard !configuration.isSignupDisabled else { throw .signupDisabled }
        guard let password = try request.text("password"), !password.isEmpty else {
            throw .validation("Signup requires a valid password")
        }
        try await checkStrength(of: password)
        guard emailText.isEmpty || phoneText.isEmpty else {
            throw .validation("Only an email address or phone number should be provided on signup.")
        }
        let challenge = try challenge()
        if emailText.isEmpty {
            guard challenge == nil else { throw .validation("PKCE not supported for phone signups") }
            return try await phoneSignup(phoneText, password: password, data: data)
        }
        guard configuration.hasEmail else {
            throw AuthError(400, code: "email_provider_disabled", message: "Email signups are disabled")
        }
        let email = try allowedEmail(emailText)
        if !configuration.autoconfirmsEmail { try requireMail() }
        return try await emailSignup(email, password: password, data: data, challenge: challenge)
    }

    func challenge() throws(AuthError) -> CodeChallenge? {
        try CodeChallenge(
            challenge: try request.text("code_challenge"), method: try request.text("code_challenge_method"))
    }

    /// An address that mails may go to.
    func allowedEmail(_ text: String) throws(AuthError) -> EmailAddress {
        guard let email = EmailAddress(text) else { throw .invalidEmail }
        let list = configuration.authorizedAddresses
        guard list.isEmpty || list.contains(where: { $0.lowercased() == email.text }) else {
            throw AuthError(
                400, code: "email_address_not_authorized",
                message: "Email address not authorized: the operator's list does not have it")
        }
        return email
    }

    // MARK: E-mail

    private enum SignupOutcome: Sendable {
        case granted(Grant)
        case waiting(UserRecord)
        case madeUp
    }

    private func emailSignup(
        _ email: EmailAddress, password: String, data: [JSONText.Member], challenge: CodeChallenge?
    ) async throws(AuthError) -> ServiceResponse {
        let id = try newID()
        let audience = audience
        let known = try await reading { store throws(PostgresError) in
            try await store.user(email: email.text, audience: audience)
        }
        let hash = try await claimedHash(password, of: known?.isEmailConfirmed == false ? known : nil)
        let outcome = try await changing("Database error saving new user") { store -> SignupOutcome in
            var user = try await store.user(email: email.text, audience: audience, isLocked: true)
            if let known = user, known.isEmailConfirmed {
                guard !configuration.autoconfirmsEmail else {
                    throw AuthError(422, code: "user_already_exists", message: "User already registered")
                }
                try await store.audit(.repeatedSignup, actor: known, address: address ?? "")
                return .madeUp
            }
            if user == nil {
                let made = AuthStore.NewUser(
                    id: id, audience: audience, role: configuration.defaultRole, email: email.text, passwordHash: hash,
                    appMetadata: Metadata.appMetadata(provider: "email"),
                    userMetadata: Metadata.initial(data, sub: id, email: email.text, phone: nil))
                user = try await insert(store, made, data: data)
            }
            guard let user else { throw AuthError.unexpected("Database error saving new user", cause: "no row") }
            guard configuration.autoconfirmsEmail else {
                if user.id != id, !user.isConfirmed {
                    try await replaceClaim(
                        of: user, email, hash: hash == user.passwordHash ? hash : nil, data: data, in: store)
                }
                try await sendConfirmation(to: user, at: email, challenge: challenge, in: store)
                try await store.audit(.confirmationRequested, actor: user, address: address ?? "")
                guard let current = try await store.user(id: user.id) else { return .madeUp }
                return .waiting(current)
            }
            if user.id != id { try checkFirstSignup(of: user, hash) }
            try await confirmEmail(store, user)
            try await store.audit(
                .signedUp, actor: user, address: address ?? "", traits: [.init("provider", .string("email"))])
            return .granted(
                try await openSession(store, user: user, method: "password", provider: "email"))
        }
        switch outcome {
        case .granted(let grant): return grant.response
        case .waiting(let user):
            service.wakeMailLoop()
            return ServiceResponse(
                status: 200, json: try signupAnswer(for: user, email: email, phone: nil, data, audience: audience))
        case .madeUp:
            return ServiceResponse(
                status: 200, json: try signupAnswer(for: nil, email: email, phone: nil, data, audience: audience))
        }
    }

    func replaceClaim(
        of user: UserRecord, _ email: EmailAddress, hash: String?, data: [JSONText.Member], in store: AuthStore
    ) async throws {
        try await store.replaceClaim(
            of: user, proving: .email, passwordHash: hash,
            metadata: Metadata.initial(data, sub: user.id, email: email.text, phone: nil))
    }

    /// The password that an account has after a sign-up: a new account the given one; one that waits for its code keeps
    /// the password that it has if both are the same, and has none otherwise. Who will type the code may have come
    /// before, or have been invited, and did not choose the other password.
    ///
    /// One work on passwords in either case: the time of the answer does not tell whether the account is known.
    func claimedHash(_ password: String, of claimed: UserRecord?) async throws(AuthError) -> String? {
        guard let stored = claimed?.passwordHash else { return try await hash(password: password) }
        return try await isPassword(password, of: claimed) ? stored : nil
    }

    /// Where addresses confirm themselves, only the password of the first sign-up leads into an account that was not
    /// confirmed yet: an administrator who made one keeps it.
    func checkFirstSignup(of claimed: UserRecord, _ hash: String?) throws(AuthError) {
        guard let hash, hash == claimed.passwordHash else {
            throw AuthError(422, code: "user_already_exists", message: "User already registered")
        }
    }

    func newID() throws(AuthError) -> String {
        do throws(TokenError) { return try UUIDText.random() } catch { throw .crypto(error) }
    }

    /// A user with the identity of the address.
    func insert(
        _ store: AuthStore, _ new: AuthStore.NewUser, data: [JSONText.Member]
    ) async throws -> UserRecord? {
        do {
            try await create(new, in: store)
        } catch let error as PostgresError where error.isUniqueViolation {
            // Another request made the same user in the same moment.
            throw AuthError(422, code: "user_already_exists", message: "User already registered")
        }
        for (provider, value) in [("email", new.email), ("phone", new.phone)] {
            guard value != nil else { continue }
            let identity = Metadata.initial(
                data, sub: new.id, email: provider == "email" ? new.email : nil,
                phone: provider == "phone" ? new.phone : nil)
            try await store.upsertIdentity(user: new.id, provider: provider, providerID: new.id, data: identity)
        }
        return try await store.user(id: new.id)
    }

    /// A user's row, if the hook allows it. The other hook learns of it after the commit.
    func create(_ new: AuthStore.NewUser, in store: AuthStore) async throws {
        try await askBeforeCreation(of: new.json(at: service.clock()), in: store)
        try await store.insert(new)
        if configuration.hooks[.afterUserCreated] != nil { outbox.add(.created(user: new.id)) }
    }

    /// What a sign-up gets that waits for its code, or whose address is known and confirmed: what the request said, and
    /// nothing of an account that was there before.
    ///
    /// - Parameter user: who got a code.
    func signupAnswer(
        for user: UserRecord?, email: EmailAddress?, phone: PhoneNumber?, _ data: [JSONText.Member], audience: String
    ) throws(AuthError) -> JSONText {
        let id: String
        if let user { id = user.id } else { id = try newID() }
        let now = JSONText.string(Timestamp.zulu(atSeconds: service.clock()))
        let provider = email != nil ? "email" : "phone"
        let metadata = Metadata.initial(data, sub: id, email: email?.text, phone: phone?.digits)
        let identities = (user?.identities ?? []).filter { $0["provider"]?.stringValue == provider }.map { identity in
            UserRecord.identity(
                .object([
                    .init("id", identity["id"] ?? .null), .init("provider_id", .string(id)),
                    .init("user_id", .string(id)), .init("identity_data", metadata),
                    .init("provider", .string(provider)), .init("last_sign_in_at", now), .init("created_at", now),
                    .init("updated_at", now), .init("email", .string(email?.text ?? "")),
                ]))
        }
        return .object([
            .init("id", .string(id)), .init("aud", .string(audience)),
            .init("role", .string(configuration.defaultRole)),
            .init("email", .string(email?.text ?? "")), .init("phone", .string(phone?.digits ?? "")),
            .init("confirmation_sent_at", now), .init("app_metadata", Metadata.appMetadata(provider: provider)),
            .init("user_metadata", metadata), .init("identities", .array(identities)), .init("created_at", now),
            .init("updated_at", now), .init("is_anonymous", .bool(false)),
        ])
    }

    // MARK: Anonymous

    private func anonymousSignup(_ data: [JSONText.Member]) async throws(AuthError) -> ServiceResponse {
        guard configuration.hasAnonymous else {
            throw AuthError(422, code: "anonymous_provider_disabled", message: "Anonymous sign-ins are disabled")
        }
        guard !configuration.isSignupDisabled else { throw .signupDisabled }
        try service.limit(
            .anonymous, request, count: configuration.rates.anonymous, seconds: 3_600,
            burst: configuration.rates.anonymous)
        let id = try newID()
        let audience = audience
        let grant = try await changing("Database error creating anonymous user") { store in
            let new = AuthStore.NewUser(
                id: id, audience: audience, role: configuration.defaultRole,
                appMetadata: Metadata.appMetadata(provider: nil), userMetadata: .object(data), isAnonymous: true)
            guard let user = try await insert(store, new, data: []) else {
                throw AuthError.unexpected("Database error creating anonymous user", cause: "no row")
            }
            return try await openSession(store, user: user, method: "anonymous", isAudited: false)
        }
        return grant.response
    }
}

extension Timestamp {
    /// A time in the API's form.
    static func zulu(atSeconds seconds: Double) -> String {
        let text = PostgresTimestamp(microsecondsSinceEpoch: Int64(seconds * 1_000_000)).text
        return text.replacing(" ", with: "T", maxReplacements: 1).dropLast(3) + "Z"
    }
}

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
        // Hashed whether or not the address is known: the time of the answer does not tell.
        let hash = try await hash(password: password)
        let id = try newID()
        let audience = audience
        try await checkFirstSignup(email, password, audience: audience)
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
                // The code that is sent now confirms this password, not one that was set before.
                if user.id != id, !user.isConfirmed {
                    try await replaceClaim(of: user, email, hash: hash, data: data, in: store)
                }
                try await sendConfirmation(to: user, at: email, challenge: challenge, in: store)
                try await store.audit(.confirmationRequested, actor: user, address: address ?? "")
                guard let current = try await store.user(id: user.id) else { return .madeUp }
                return .waiting(current)
            }
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
            return ServiceResponse(status: 200, json: user.json)
        case .madeUp:
            return ServiceResponse(
                status: 200, json: try madeUpUser(email: email, phone: nil, data, audience: audience))
        }
    }

    func replaceClaim(
        of user: UserRecord, _ email: EmailAddress, hash: String, data: [JSONText.Member], in store: AuthStore
    ) async throws {
        try await store.replaceClaim(
            of: user, provider: "email", passwordHash: hash,
            metadata: Metadata.initial(data, sub: user.id, email: email.text, phone: nil))
    }

    /// Where addresses confirm themselves, only the password of the first sign-up leads into an account that was not
    /// confirmed yet: an administrator who made one keeps it.
    private func checkFirstSignup(
        _ email: EmailAddress, _ password: String, audience: String
    ) async throws(AuthError) {
        guard configuration.autoconfirmsEmail else { return }
        let known = try await reading { store throws(PostgresError) in
            try await store.user(email: email.text, audience: audience)
        }
        guard let known, !known.isEmailConfirmed else { return }
        try await checkFirstSignup(of: known, password)
    }

    func checkFirstSignup(of known: UserRecord, _ password: String) async throws(AuthError) {
        guard try await isPassword(password, of: known) else {
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

    /// What a known and confirmed address gets: nothing tells it from a new one.
    func madeUpUser(
        email: EmailAddress?, phone: PhoneNumber?, _ data: [JSONText.Member], audience: String
    ) throws(AuthError) -> JSONText {
        let id = try newID()
        let now = Timestamp.zulu(atSeconds: service.clock())
        return .object([
            .init("id", .string(id)), .init("aud", .string(audience)),
            .init("role", .string(configuration.defaultRole)),
            .init("email", .string(email?.text ?? "")), .init("phone", .string(phone?.digits ?? "")),
            .init("confirmation_sent_at", .string(now)),
            .init("app_metadata", Metadata.appMetadata(provider: email != nil ? "email" : "phone")),
            .init(
                "user_metadata", Metadata.initial(data, sub: id, email: email?.text, phone: phone?.digits)),
            .init("identities", .array([])), .init("created_at", .string(now)), .init("updated_at", .string(now)),
            .init("is_anonymous", .bool(false)),
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

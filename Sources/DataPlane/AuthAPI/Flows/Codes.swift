import DataPlaneCore
import PostgresKit
import TokenKit

/// Sending one-time codes: sign-up, magic link, recovery, resending, reauthentication.
extension AuthCall {
    /// What a link of a mail is for, as `type` says.
    enum LinkType: String, Sendable {
        case signup, invite, magiclink, recovery
        case emailChange = "email_change"

        /// How a session that begins with the link says that its user proved to be there.
        var method: String { self == .signup ? "email/signup" : rawValue }
    }

    /// A code to an address, in the transaction of `store`.
    struct CodeOrder: Sendable {
        var kind: CodeKind
        var address: String
        var mail: MailKind
        var link: LinkType?
        var challenge: CodeChallenge?
        /// Codes that administrators ask for are not held back.
        var isLimited = true
        /// Of a change that was asked for in this moment, both halves.
        var newEmail: String?
    }

    @discardableResult
    func sendCode(_ order: CodeOrder, to user: UserRecord, in store: AuthStore) async throws -> OneTimeCode {
        if order.isLimited { try checkGap(user, order.kind) }
        let code = try newCode(order.address, isPKCE: order.challenge != nil)
        try await store.setCode(order.kind, user: user.id, code: code, relatesTo: order.address)
        if let challenge = order.challenge, let link = order.link {
            try await store.insertFlow(user: user.id, challenge: challenge, provider: "email", method: link.method)
        }
        try await queueMail(for: order, code: code, to: user, in: store)
        return code
    }

    func newCode(_ address: String, isPKCE: Bool) throws(AuthError) -> OneTimeCode {
        do throws(TokenError) {
            return try OneTimeCode(
                address: address, length: configuration.emailCodeLength, isPKCE: isPKCE, key: service.keys.codeKey)
        } catch { throw .crypto(error) }
    }

    /// A code that nobody gets would only be there to be guessed.
    func requireMail() throws(AuthError) {
        guard configuration.mail != nil || configuration.hooks[.sendEmail] != nil else { throw .noMailServer }
    }

    func checkGap(_ user: UserRecord, _ kind: CodeKind) throws(AuthError) {
        try checkGap(user, kind, seconds: configuration.emailGapSeconds, code: "over_email_send_rate_limit")
    }

    /// A code of a kind is sent once in a while only.
    func checkGap(_ user: UserRecord, _ kind: CodeKind, seconds: Int, code: String) throws(AuthError) {
        guard let sent = user.seconds(kind.sentColumn) else { return }
        let left = sent + Double(seconds) - service.clock()
        guard left > 0 else { return }
        throw .tooSoon(code, seconds: max(1, Int(left.rounded(.up))))
    }

    func sendConfirmation(
        to user: UserRecord, at email: EmailAddress, challenge: CodeChallenge?, in store: AuthStore
    ) async throws {
        try await sendCode(
            CodeOrder(
                kind: .confirmation, address: email.text, mail: .confirmation, link: .signup, challenge: challenge),
            to: user, in: store)
    }

    /// Nothing in an answer tells whether there is such a user.
    private var emptyAnswer: ServiceResponse { ServiceResponse(status: 200, json: .object([])) }

    // MARK: Magic links and codes

    func otp() async throws(AuthError) -> ServiceResponse {
        let emailText = try request.text("email") ?? ""
        let phoneText = try request.text("phone") ?? ""
        guard emailText.isEmpty || phoneText.isEmpty else {
            throw .validation("Only an email address or phone number should be provided")
        }
        guard !emailText.isEmpty || !phoneText.isEmpty else { throw .validation("One of email or phone must be set") }
        try service.limit(.otp, request, count: configuration.rates.otp)
        let creates = try request.bool("create_user") ?? true
        let data = try request.object("data") ?? []
        let challenge = try challenge()
        if emailText.isEmpty { return try await phoneOTP(phoneText, creates: creates, data: data) }
        if let channel = try request.text("channel"), !channel.isEmpty {
            throw .validation("Channel should only be specified with Phone OTP")
        }
        guard configuration.hasEmail else {
            throw AuthError(422, code: "email_provider_disabled", message: "Email logins are disabled")
        }
        guard configuration.hasMagicLinks else {
            throw AuthError(422, code: "email_provider_disabled", message: "Login with magic link is disabled")
        }
        let email = try allowedEmail(emailText)
        try requireMail()
        let id = try newID()
        let audience = audience
        try await changing("Database error sending magic link") { store in
            let known = try await store.user(email: email.text, audience: audience, isLocked: true)
            guard
                let user = try await known.asyncOr({
                    try await newUser(email, id: id, data: data, creates: creates, in: store)
                })
            else { return }
            if !user.isEmailConfirmed {
                // The code that is sent now does not confirm a password that was set before.
                if !user.isConfirmed { try await store.forgetClaim(of: user, proving: .email) }
                guard configuration.autoconfirmsEmail else {
                    try await sendConfirmation(to: user, at: email, challenge: challenge, in: store)
                    return
                }
                try await confirmEmail(store, user)
            }
            try await sendCode(
                CodeOrder(
                    kind: .recovery, address: email.text, mail: .magicLink, link: .magiclink, challenge: challenge),
                to: user, in: store)
            try await store.audit(.recoveryRequested, actor: user, address: address ?? "")
        }
        service.wakeMailLoop()
        return emptyAnswer
    }

    private func newUser(
        _ email: EmailAddress, id: String, data: [JSONText.Member], creates: Bool, in store: AuthStore
    ) async throws -> UserRecord? {
        guard creates else { throw AuthError.otpDisabled }
        guard !configuration.isSignupDisabled else { throw AuthError.signupDisabled }
        let new = AuthStore.NewUser(
            id: id, audience: audience, role: configuration.defaultRole, email: email.text,
            appMetadata: Metadata.appMetadata(provider: "email"),
            userMetadata: Metadata.initial(data, sub: id, email: email.text, phone: nil))
        return try await insert(store, new, data: data)
    }

    func recover() async throws(AuthError) -> ServiceResponse {
        guard let text = try request.text("email"), !text.isEmpty else {
            throw .validation("Password recovery requires an email")
        }
        let challenge = try challenge()
        try service.limit(.recover, request, count: configuration.rates.otp)
        let email = try allowedEmail(text)
        try requireMail()
        let audience = audience
        try await changing("Database error sending recovery email") { store in
            guard let user = try await store.user(email: email.text, audience: audience, isLocked: true) else { return }
            try await sendCode(
                CodeOrder(
                    kind: .recovery, address: email.text, mail: .recovery, link: .recovery, challenge: challenge),
                to: user, in: store)
            try await store.audit(.recoveryRequested, actor: user, address: address ?? "")
        }
        service.wakeMailLoop()
        return emptyAnswer
    }

    func resend() async throws(AuthError) -> ServiceResponse {
        let type = try request.text("type") ?? ""
        guard ["signup", "email_change", "sms", "phone_change"].contains(type) else {
            throw .validation("Missing one of these types: signup, email_change, sms, phone_change")
        }
        let emailText = try request.text("email") ?? ""
        let phoneText = try request.text("phone") ?? ""
        guard emailText.isEmpty || phoneText.isEmpty else {
            throw .validation("Only an email address or phone number should be provided.")
        }
        try service.limit(.resend, request, count: configuration.rates.otp)
        guard type == "signup" || type == "email_change" else {
            guard !phoneText.isEmpty else { throw .validation("Type provided requires a phone number") }
            return try await resendPhone(phoneText, isChange: type == "phone_change")
        }
        guard !emailText.isEmpty else { throw .validation("Type provided requires an email address") }
        let email = try allowedEmail(emailText)
        try requireMail()
        let audience = audience
        try await changing("Database error sending email") { store in
            guard let user = try await store.user(email: email.text, audience: audience, isLocked: true) else { return }
            if type == "signup" {
                guard !user.isEmailConfirmed else { return }
                try await sendConfirmation(to: user, at: email, challenge: nil, in: store)
                try await store.audit(.confirmationRequested, actor: user, address: address ?? "")
            } else if let new = user.text("email_change") {
                try await sendEmailChange(store, user, to: new, challenge: nil)
            }
        }
        service.wakeMailLoop()
        return emptyAnswer
    }

    // MARK: Reauthentication

    func reauthenticate() async throws(AuthError) -> ServiceResponse {
        let user = try await signedIn().user
        guard let email = user.email else { return try await reauthenticateByPhone(user) }
        try requireConfirmedEmail(of: user)
        try requireMail()
        try await changing("Database error sending reauthentication code") { store in
            guard let current = try await store.user(id: user.id, isLocked: true) else { throw AuthError.userNotFound }
            try await sendCode(
                CodeOrder(kind: .reauthentication, address: email, mail: .reauthentication, link: nil),
                to: current, in: store)
            try await store.audit(.reauthenticateRequested, actor: user, address: address ?? "")
        }
        service.wakeMailLoop()
        return emptyAnswer
    }

    // MARK: Confirming

    /// An address that was not proved may be another user's, who gets its account with a code. A second address that is
    /// confirmed beside it would keep the account for the user who gave both.
    func requireConfirmedEmail(of user: UserRecord) throws(AuthError) {
        guard user.email == nil || user.isEmailConfirmed else {
            throw AuthError(422, code: "email_not_confirmed", message: "Please verify your email first.")
        }
    }

    /// Marks the address of a user as confirmed, on the identity too.
    func confirmEmail(_ store: AuthStore, _ user: UserRecord) async throws {
        let metadata = Metadata.merge(user.userMetadata, [.init("email_verified", .bool(true))])
        try await store.update(
            user: user.id,
            [
                ("email_confirmed_at", .now), ("raw_user_meta_data", .set(.text(metadata.text))),
                ("is_anonymous", .set(false)),
            ])
        try await store.clearCode(.confirmation, user: user.id)
        if let email = user.email {
            let data = JSONText.object([
                .init("sub", .string(user.id)), .init("email", .string(email)), .init("email_verified", .bool(true)),
            ])
            try await store.upsertIdentity(user: user.id, provider: "email", providerID: user.id, data: data)
        }
    }
}

extension Optional where Wrapped: Sendable {
    /// The value, or what `other` makes.
    func asyncOr(_ other: () async throws -> Wrapped?) async throws -> Wrapped? {
        if let self { return self }
        return try await other()
    }
}

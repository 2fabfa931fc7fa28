import DataPlaneCore
import PostgresKit
import TokenKit

/// `/verify`: codes that users type, and links that they follow.
extension AuthCall {
    /// What a code came to. A refusal is no error of the transaction: the wrong try has to be counted.
    private enum Verified: Sendable {
        case user(UserRecord)
        /// One of the two addresses of an e-mail change.
        case half
        case refused(AuthError)
    }

    private static let halfMessage =
        "Confirmation link accepted. Please proceed to confirm link sent to the other email"

    /// Kinds of codes that a type stands for.
    private static func kinds(_ type: String) -> [CodeKind]? {
        switch type {
        case "signup", "invite", "sms": [.confirmation]
        case "recovery", "magiclink": [.recovery]
        case "email": [.confirmation, .recovery]
        case "email_change": [.emailChangeCurrent, .emailChangeNew]
        case "phone_change": [.phoneChange]
        default: nil
        }
    }

    // MARK: POST

    func verify() async throws(AuthError) -> ServiceResponse {
        let type = try request.text("type") ?? ""
        let code = try request.text("token") ?? ""
        let hash = try request.text("token_hash") ?? ""
        let emailText = try request.text("email") ?? ""
        let phoneText = try request.text("phone") ?? ""
        guard !type.isEmpty else { throw .validation("Verify requires a verification type") }
        guard !code.isEmpty || !hash.isEmpty else {
            throw .validation("Verify requires a token or a token hash")
        }
        guard hash.isEmpty || emailText.isEmpty && phoneText.isEmpty && code.isEmpty else {
            throw .validation("Only the token_hash and type should be provided")
        }
        guard !hash.isEmpty || emailText.isEmpty != phoneText.isEmpty else {
            throw .validation("Only an email address or phone number should be provided on verify")
        }
        guard let kinds = Self.kinds(type) else { throw .validation("Unsupported verification type") }
        try service.limit(.verify, request, count: configuration.rates.verify)
        guard hash.isEmpty || !["sms", "phone_change"].contains(type) else {
            throw .validation("A token hash verifies an email address; give the phone number and the token")
        }
        let typed = TypedCode(
            code: code, subject: try subject(type, email: emailText, phone: phoneText), kinds: kinds,
            providerSays: try await providerSays(code, type: type, phone: phoneText))
        let outcome = try await changing("Database error verifying the code") { store -> (Verified, Grant?) in
            let verified =
                hash.isEmpty
                ? try await check(typed, in: store) : try await checkHash(hash, kinds: kinds, in: store)
            guard case .user(let user) = verified else { return (verified, nil) }
            return (verified, try await openSession(store, user: user, method: "otp", isAudited: false))
        }
        switch outcome {
        case (.refused(let error), _): throw error
        case (_, let grant?): return grant.response
        default:
            return ServiceResponse(
                status: 200,
                json: .object([.init("msg", .string(Self.halfMessage)), .init("code", .string("200"))]))
        }
    }

    /// Who a code was sent to.
    enum Subject: Sendable, Equatable {
        case email(String)
        case phone(String)
        case none
    }

    /// A code that a user typed.
    private struct TypedCode: Sendable {
        var code: String
        var subject: Subject
        var kinds: [CodeKind]
        /// Whether the provider of text messages takes it for the one that it sent; nil where it has no say.
        var providerSays: Bool?
    }

    /// Asks the provider, where it makes the codes and one of them is waited for.
    private func providerSays(_ code: String, type: String, phone: String) async throws(AuthError) -> Bool? {
        guard configuration.sms.account?.provider.check != nil, let number = PhoneNumber(phone) else { return nil }
        let audience = audience
        let isWaiting = try await reading { store throws(PostgresError) in
            let user =
                type == "phone_change"
                ? try await store.user(changingPhoneTo: number.digits, audience: audience)
                : try await store.user(phone: number.digits, audience: audience)
            let kind: CodeKind = type == "phone_change" ? .phoneChange : .confirmation
            return user?.text(kind.column) != nil
        }
        return isWaiting ? try await providerSays(code, of: number.digits) : nil
    }

    private func subject(_ type: String, email: String, phone: String) throws(AuthError) -> Subject {
        if !email.isEmpty {
            guard let address = EmailAddress(email) else { throw .invalidEmail }
            return .email(address.text)
        }
        guard !phone.isEmpty else { return .none }
        guard let number = PhoneNumber(phone) else { throw .invalidPhone }
        return .phone(number.digits)
    }

    private func owner(of typed: TypedCode, in store: AuthStore) async throws -> UserRecord? {
        switch typed.subject {
        case .email(let email):
            let owner = try await store.user(email: email, audience: audience, isLocked: true)
            guard typed.kinds.contains(.emailChangeNew), owner?.text("email_change") == nil else { return owner }
            return try await store.user(
                "u.email_change = $1 AND u.aud = $2 LIMIT 1 FOR UPDATE", [.text(email), .text(audience)])
        case .phone(let digits):
            return typed.kinds.contains(.phoneChange)
                ? try await store.user(changingPhoneTo: digits, audience: audience)
                : try await store.user(phone: digits, audience: audience, isLocked: true)
        case .none: return nil
        }
    }

    private func check(_ typed: TypedCode, in store: AuthStore) async throws -> Verified {
        guard let user = try await owner(of: typed, in: store) else { return .refused(.codeExpired) }
        guard !user.isBanned(at: service.clock()) else { return .refused(.userBanned) }
        guard try await !store.hasTooManyWrongCodes(user: user.id) else { return .refused(.codeExpired) }
        for kind in typed.kinds where try isRight(typed, of: user, kind) {
            return try await accepted(kind, of: user, to: typed.subject, in: store)
        }
        for kind in typed.kinds where user.text(kind.column) != nil {
            try await store.countAttempt(kind, user: user.id)
        }
        try await store.countWrongCode(user: user.id)
        return .refused(.codeExpired)
    }

    private func isRight(_ typed: TypedCode, of user: UserRecord, _ kind: CodeKind) throws(AuthError) -> Bool {
        // The provider counts the life of its codes itself.
        if let isRight = typed.providerSays { return isRight && user.text(kind.column) != nil }
        guard isInTime(user, kind, to: typed.subject) else { return false }
        return try isCode(typed.code, of: user, kind, to: typed.subject)
    }

    func isCode(
        _ code: String, of user: UserRecord, _ kind: CodeKind, to subject: Subject = .none
    ) throws(AuthError) -> Bool {
        let address: String?
        switch (kind, subject) {
        case (.emailChangeNew, _): address = user.text("email_change")
        case (.phoneChange, _): address = user.text("phone_change")
        case (_, .phone(let digits)): address = digits
        default: address = user.email ?? user.phone
        }
        do throws(TokenError) {
            return try OneTimeCode.isCode(
                code, address: address ?? "", stored: user.text(kind.column), key: service.keys.codeKey)
        } catch { throw .crypto(error) }
    }

    func isInTime(_ user: UserRecord, _ kind: CodeKind, to subject: Subject = .none) -> Bool {
        guard let sent = user.seconds(kind.sentColumn) else { return false }
        let isMessage =
            switch (kind, subject) {
            case (.phoneChange, _), (_, .phone): true
            case (.reauthentication, _): user.email == nil
            default: false
            }
        let seconds = isMessage ? configuration.sms.codeSeconds : configuration.emailCodeSeconds
        return service.clock() <= sent + Double(seconds)
    }

    private func checkHash(_ hash: String, kinds: [CodeKind], in store: AuthStore) async throws -> Verified {
        guard let (user, kind) = try await store.user(codeHash: hash, kinds: kinds), isInTime(user, kind) else {
            return .refused(.linkExpired)
        }
        guard !user.isBanned(at: service.clock()) else { return .refused(.userBanned) }
        return try await accepted(kind, of: user, to: .none, in: store)
    }

    // MARK: Effects

    private func accepted(
        _ kind: CodeKind, of user: UserRecord, to subject: Subject, in store: AuthStore
    ) async throws -> Verified {
        switch kind {
        case .confirmation:
            if case .phone = subject {
                guard !user.isPhoneConfirmed else {
                    try await store.clearCode(.confirmation, user: user.id)
                    try await store.audit(.login, actor: user, address: address ?? "")
                    break
                }
                try await confirmPhone(store, user)
            } else if !user.isEmailConfirmed {
                try await confirmEmail(store, user)
            }
            try await store.clearCode(.confirmation, user: user.id)
            try await store.audit(
                user.isInvited ? .inviteAccepted : .signedUp, actor: user, address: address ?? "")
        case .recovery:
            // The code belongs to the address, the password to the client that signed up with it.
            if !user.isConfirmed { try await store.forgetClaim(of: user, proving: .email) }
            if !user.isEmailConfirmed { try await confirmEmail(store, user) }
            try await store.clearCode(.recovery, user: user.id)
            try await store.audit(.login, actor: user, address: address ?? "")
        case .emailChangeCurrent, .emailChangeNew:
            guard try await changeEmail(of: user, by: kind, in: store) else { return .half }
        case .phoneChange:
            guard let new = user.text("phone_change") else { return .refused(.codeExpired) }
            try requireConfirmedEmail(of: user)
            try await completePhoneChange(of: user, to: new, in: store)
            try await store.audit(.modified, actor: user, address: address ?? "")
        case .reauthentication: return .refused(.codeExpired)
        }
        guard let current = try await store.user(id: user.id) else { return .refused(.codeExpired) }
        return .user(current)
    }

    /// Whether the change is complete.
    private func changeEmail(of user: UserRecord, by kind: CodeKind, in store: AuthStore) async throws -> Bool {
        let other: CodeKind = kind == .emailChangeNew ? .emailChangeCurrent : .emailChangeNew
        if configuration.hasSecureEmailChange, user.email != nil, user.text(other.column) != nil {
            try await store.clearCode(kind, user: user.id)
            try await store.update(user: user.id, [("email_change_confirm_status", .set(1))])
            return false
        }
        guard let new = user.text("email_change") else { throw AuthError.codeExpired }
        try await completeEmailChange(of: user, to: new, in: store)
        return true
    }

    func completeEmailChange(of user: UserRecord, to new: String, in store: AuthStore) async throws {
        let metadata = Metadata.merge(
            user.userMetadata, [.init("email", .string(new)), .init("email_verified", .bool(true))])
        do throws(PostgresError) {
            try await store.update(
                user: user.id,
                [
                    ("email", .set(.text(new))), ("email_change", .set("")), ("email_confirmed_at", .now),
                    ("email_change_confirm_status", .set(0)), ("is_anonymous", .set(false)),
                    ("raw_user_meta_data", .set(.text(metadata.text))),
                ])
        } catch {
            guard error.isUniqueViolation else { throw error }
            throw AuthError.emailExists
        }
        try await store.clearCodesByMail(user: user.id)
        let data = JSONText.object([
            .init("sub", .string(user.id)), .init("email", .string(new)), .init("email_verified", .bool(true)),
        ])
        try await store.upsertIdentity(user: user.id, provider: "email", providerID: user.id, data: data)
        try await store.refreshProviders(user: user)
        try await queueNotice(.emailChanged, to: user, [.init("OldEmail", .string(user.email ?? ""))], in: store)
        try await store.audit(.modified, actor: user, address: address ?? "")
    }

    // MARK: GET

    func verifyLink() async -> ServiceResponse {
        // A scanner of mails that only asks whether the link is there does not use it up.
        guard request.http.method == "GET" else { return ServiceResponse(status: 200) }
        let target = redirectTarget
        let hash = request.queryValue("token") ?? request.queryValue("token_hash") ?? ""
        let isPKCE = hash.hasPrefix(OneTimeCode.pkcePrefix)
        do throws(AuthError) {
            return Redirect.to(target, try await follow(hash, isPKCE: isPKCE))
        } catch { return Redirect.to(target, .failure(error, isInQuery: isPKCE)) }
    }

    private func follow(_ hash: String, isPKCE: Bool) async throws(AuthError) -> Redirect.Outcome {
        let type = request.queryValue("type") ?? ""
        guard !type.isEmpty else { throw .validation("Verify requires a verification type") }
        guard !hash.isEmpty else { throw .validation("Verify requires a token or a token hash") }
        guard let kinds = Self.kinds(type) else { throw .validation("Unsupported verification type") }
        try service.limit(.verify, request, count: configuration.rates.verify)
        let result = try await changing("Database error verifying the link") { store -> (Verified, Redirect.Outcome?) in
            let verified = try await checkHash(hash, kinds: kinds, in: store)
            guard case .user(let user) = verified else { return (verified, nil) }
            guard isPKCE else {
                let grant = try await openSession(store, user: user, method: "otp", isAudited: false)
                return (verified, .fragment(grant.fragment(type: type)))
            }
            let method = type == "signup" || type == "email" ? LinkType.signup.method : type
            guard let code = try await store.issueFlowCode(user: user.id, method: method) else {
                throw AuthError(
                    404, code: "flow_state_not_found", message: "invalid flow state, no valid flow state found")
            }
            return (verified, .code(code))
        }
        switch result {
        case (.refused(let error), _): throw error
        case (_, let outcome?): return outcome
        default: return .fragment(FormText.encode([("message", Self.halfMessage), ("sb", "")]))
        }
    }
}

/// The end of a flow in a browser.
enum Redirect {
    enum Outcome: Sendable {
        case fragment(String)
        case code(String)
        case failure(AuthError, isInQuery: Bool)
    }

    static func to(_ target: String, _ outcome: Outcome) -> ServiceResponse {
        var response = ServiceResponse(status: 303)
        response.set("Location", location(target, outcome))
        response.set("Cache-Control", "no-store")
        return response
    }

    static func location(_ target: String, _ outcome: Outcome) -> String {
        let plain = String(target.prefix { $0 != "#" })
        switch outcome {
        case .fragment(let text): return "\(plain)#\(text)"
        case .code(let code): return adding("code=\(FormText.encode(code))", to: plain)
        case .failure(let error, let isInQuery):
            let text = FormText.encode(pairs(error))
            let base = isInQuery ? adding(text, to: plain) : plain
            return "\(base)#\(text)&sb="
        }
    }

    private static func adding(_ query: String, to target: String) -> String {
        target + (target.contains("?") ? "&" : "?") + query
    }

    private static func pairs(_ error: AuthError) -> [(name: String, value: String)] {
        let kind: String? =
            switch error.status {
            case 400: "invalid_request"
            case 401: "unauthorized_client"
            case 403: "access_denied"
            case 500: "server_error"
            case 503: "temporarily_unavailable"
            default: nil
            }
        return (kind.map { [("error", $0)] } ?? []) + [
            ("error_code", error.code), ("error_description", error.message),
        ]
    }
}

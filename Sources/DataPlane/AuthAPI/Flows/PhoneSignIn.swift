import DataPlaneCore
import PostgresKit

/// Signing up and in by a phone number.
extension AuthCall {
    private enum PhoneOutcome: Sendable {
        case granted(Grant)
        case waiting(UserRecord)
        case madeUp
    }

    func phoneSignup(
        _ text: String, password: String, data: [JSONText.Member]
    ) async throws(AuthError) -> ServiceResponse {
        guard configuration.hasPhone else {
            throw AuthError(400, code: "phone_provider_disabled", message: "Phone signups are disabled")
        }
        guard let phone = PhoneNumber(text) else { throw .invalidPhone }
        let channel = try smsChannel()
        if !configuration.autoconfirmsPhone { try requireSMS(to: phone) }
        let id = try newID()
        let audience = audience
        let known = try await reading { store throws(PostgresError) in
            try await store.user(phone: phone.digits, audience: audience)
        }
        let hash = try await claimedHash(password, of: known?.isPhoneConfirmed == false ? known : nil)
        let new = AuthStore.NewUser(
            id: id, audience: audience, role: configuration.defaultRole, phone: phone.digits, passwordHash: hash,
            appMetadata: Metadata.appMetadata(provider: "phone"),
            userMetadata: Metadata.initial(data, sub: id, email: nil, phone: phone.digits))
        let outcome = try await changing("Database error saving new user") { store in
            try await signedUp(new, phone: phone, data: data, channel: channel, in: store)
        }
        switch outcome {
        case .granted(let grant): return grant.response
        case .waiting(let user):
            return ServiceResponse(
                status: 200, json: try signupAnswer(for: user, email: nil, phone: phone, data, audience: audience))
        case .madeUp:
            return ServiceResponse(
                status: 200, json: try signupAnswer(for: nil, email: nil, phone: phone, data, audience: audience))
        }
    }

    private func signedUp(
        _ new: AuthStore.NewUser, phone: PhoneNumber, data: [JSONText.Member], channel: String, in store: AuthStore
    ) async throws -> PhoneOutcome {
        var user = try await store.user(phone: phone.digits, audience: new.audience, isLocked: true)
        if let known = user, known.isPhoneConfirmed {
            guard !configuration.autoconfirmsPhone else {
                throw AuthError(422, code: "user_already_exists", message: "User already registered")
            }
            try await store.audit(.repeatedSignup, actor: known, address: address ?? "")
            return .madeUp
        }
        if user == nil { user = try await insert(store, new, data: data) }
        guard let user else { throw AuthError.unexpected("Database error saving new user", cause: "no row") }
        guard configuration.autoconfirmsPhone else {
            if user.id != new.id, !user.isConfirmed {
                let hash = new.passwordHash == user.passwordHash ? new.passwordHash : nil
                try await store.replaceClaim(
                    of: user, proving: .phone, passwordHash: hash,
                    metadata: Metadata.initial(data, sub: user.id, email: nil, phone: phone.digits))
            }
            try await sendPhoneCode(
                PhoneOrder(purpose: .confirmation, phone: phone.digits, channel: channel), to: user, in: store)
            try await store.audit(.confirmationRequested, actor: user, address: address ?? "")
            guard let current = try await store.user(id: user.id) else { return .madeUp }
            return .waiting(current)
        }
        if user.id != new.id { try checkFirstSignup(of: user, new.passwordHash) }
        try await confirmPhone(store, user)
        try await store.audit(
            .signedUp, actor: user, address: address ?? "", traits: [.init("provider", .string("phone"))])
        return .granted(try await openSession(store, user: user, method: "password", provider: "phone"))
    }

    // MARK: Codes

    /// `POST /otp` with a phone number.
    func phoneOTP(_ text: String, creates: Bool, data: [JSONText.Member]) async throws(AuthError) -> ServiceResponse {
        guard configuration.hasPhone else {
            throw AuthError(400, code: "phone_provider_disabled", message: "Unsupported phone provider")
        }
        guard let phone = PhoneNumber(text) else { throw .invalidPhone }
        let channel = try smsChannel()
        try requireSMS(to: phone)
        let id = try newID()
        let audience = audience
        try await changing("Database error sending the code") { store in
            var user = try await store.user(phone: phone.digits, audience: audience, isLocked: true)
            if user == nil {
                guard creates else { throw AuthError.otpDisabled }
                guard !configuration.isSignupDisabled else { throw AuthError.signupDisabled }
                let new = AuthStore.NewUser(
                    id: id, audience: audience, role: configuration.defaultRole, phone: phone.digits,
                    appMetadata: Metadata.appMetadata(provider: "phone"),
                    userMetadata: Metadata.initial(data, sub: id, email: nil, phone: phone.digits))
                user = try await insert(store, new, data: data)
            } else if let known = user, !known.isConfirmed {
                // The code that is sent now does not confirm a password that was set before.
                try await store.forgetClaim(of: known, proving: .phone)
            }
            guard let user else { return }
            try await sendPhoneCode(
                PhoneOrder(purpose: .confirmation, phone: phone.digits, channel: channel), to: user, in: store)
            try await store.audit(.recoveryRequested, actor: user, address: address ?? "")
        }
        return messageAnswer
    }

    /// `POST /resend` of `sms` and `phone_change`.
    func resendPhone(_ text: String, isChange: Bool) async throws(AuthError) -> ServiceResponse {
        guard let phone = PhoneNumber(text) else { throw .invalidPhone }
        guard configuration.hasPhone else { return messageAnswer }
        let channel = try smsChannel()
        let audience = audience
        try await changing("Database error sending the code") { store in
            let user =
                isChange
                ? try await store.user(changingPhoneTo: phone.digits, audience: audience)
                : try await store.user(phone: phone.digits, audience: audience, isLocked: true)
            guard let user, isChange || !user.isPhoneConfirmed else { return }
            try requireSMS(to: phone)
            try await sendPhoneCode(
                PhoneOrder(
                    purpose: isChange ? .phoneChange : .confirmation, phone: phone.digits, channel: channel),
                to: user, in: store)
            try await store.audit(.confirmationRequested, actor: user, address: address ?? "")
        }
        return messageAnswer
    }

    /// `GET /reauthenticate` of a user without an e-mail address.
    func reauthenticateByPhone(_ user: UserRecord) async throws(AuthError) -> ServiceResponse {
        guard let phone = user.phone.flatMap({ PhoneNumber($0) }) else {
            throw .validation("Reauthentication requires the user to have an email or a phone number")
        }
        guard user.isPhoneConfirmed else {
            throw AuthError(422, code: "phone_not_confirmed", message: "Please verify your phone first.")
        }
        try requireSMS(to: phone)
        try await changing("Database error sending reauthentication code") { store in
            guard let current = try await store.user(id: user.id, isLocked: true) else { throw AuthError.userNotFound }
            try await sendPhoneCode(
                PhoneOrder(purpose: .reauthentication, phone: phone.digits, channel: "sms"), to: current, in: store)
            try await store.audit(.reauthenticateRequested, actor: user, address: address ?? "")
        }
        return messageAnswer
    }
}

extension AuthError {
    static let otpDisabled = AuthError(422, code: "otp_disabled", message: "Signups not allowed for otp")
}

extension AuthStore {
    /// The user who asked last to change to a number.
    func user(changingPhoneTo phone: String, audience: String) async throws(PostgresError) -> UserRecord? {
        try await user(
            "u.phone_change = $1 AND u.aud = $2 ORDER BY u.phone_change_sent_at DESC NULLS LAST LIMIT 1 FOR UPDATE",
            [.text(phone), .text(audience)])
    }
}

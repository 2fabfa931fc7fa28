import DataPlaneCore
import PasswordKit
import PostgresKit

/// `PUT /user`
extension AuthCall {
    /// A session that is older has to be proved again before a password is changed, where that is asked for.
    private static let freshSeconds = 86_400.0

    private struct UserChange: Sendable {
        var email: EmailAddress?
        var phone: PhoneNumber?
        var password: String?
        var data: [JSONText.Member]
        var appMetadata: [JSONText.Member]?
        var challenge: CodeChallenge?
        var nonce: String
        /// Where the provider of text messages makes the codes: whether it takes the nonce for one of them.
        var isNonceApproved: Bool?
        /// How a code to a phone travels.
        var channel = "sms"
        var currentPassword: String
    }

    func updateUser() async throws(AuthError) -> ServiceResponse {
        let signedIn = try await signedIn()
        let change = try await asked(of: signedIn)
        if change.email != nil || change.phone != nil {
            try service.limit(.user, request, count: configuration.rates.otp)
        }
        var hash: String?
        var isProved = false
        if let password = change.password {
            isProved = try await checkPasswordChange(change, to: password, by: signedIn)
            hash = try await self.hash(password: password)
        }
        let (newHash, usesNonce) = (hash, isProved)
        let user = try await changing("Error updating user") { store -> UserRecord in
            guard let user = try await store.user(id: signedIn.user.id, isLocked: true) else {
                throw AuthError(403, code: "user_not_found", message: "User from sub claim in JWT does not exist")
            }
            // Another request may have used it up meanwhile.
            if usesNonce, try !isNonce(change, of: user) { throw AuthError.wrongNonce }
            try await apply(change, to: user, newHash: newHash, session: signedIn.claims.session, in: store)
            guard let current = try await store.user(id: user.id) else { throw AuthError.userNotFound }
            return current
        }
        service.wakeMailLoop()
        return ServiceResponse(status: 200, json: user.json)
    }

    private func asked(of signedIn: SignedIn) async throws(AuthError) -> UserChange {
        var change = try userChange(signedIn)
        let user = signedIn.user
        if configuration.requiresReauthentication, change.password != nil, !change.nonce.isEmpty, user.email == nil,
            let phone = user.phone, user.text(CodeKind.reauthentication.column) != nil
        {
            change.isNonceApproved = try await providerSays(change.nonce, of: phone)
        }
        return change
    }

    private func userChange(_ signedIn: SignedIn) throws(AuthError) -> UserChange {
        let emailText = try request.text("email") ?? ""
        let phoneText = try request.text("phone") ?? ""
        let password = try request.text("password").flatMap { $0.isEmpty ? nil : $0 }
        let user = signedIn.user
        let appMetadata = try request.object("app_metadata")
        if appMetadata != nil, !configuration.adminRoles.contains(signedIn.claims.role) {
            throw AuthError(403, code: "not_admin", message: "Updating app_metadata requires admin privileges")
        }
        if !emailText.isEmpty || !phoneText.isEmpty || password != nil {
            guard user.verifiedFactors.isEmpty || signedIn.claims.level == "aal2" else {
                throw AuthError(
                    401, code: "insufficient_aal",
                    message: "AAL2 session is required to update email or password when MFA is enabled.")
            }
            guard !user.isSSO else { throw .ssoManaged }
        }
        if password != nil, user.isAnonymous, user.email == nil, user.phone == nil, emailText.isEmpty,
            phoneText.isEmpty
        {
            throw AuthError(
                422, code: "validation_failed",
                message: "Updating password of an anonymous user without an email or phone is not allowed")
        }
        let email = emailText.isEmpty ? nil : try allowedEmail(emailText)
        var phone: PhoneNumber?
        if !phoneText.isEmpty {
            guard let number = PhoneNumber(phoneText) else { throw .invalidPhone }
            phone = number
        }
        return UserChange(
            email: email.flatMap { $0.text == user.email ? nil : $0 },
            phone: phone.flatMap { $0.digits == user.phone ? nil : $0 }, password: password,
            data: try request.object("data") ?? [], appMetadata: appMetadata, challenge: try challenge(),
            nonce: try request.text("nonce") ?? "", channel: phone == nil ? "sms" : try smsChannel(),
            currentPassword: try request.text("current_password") ?? "")
    }

    // MARK: Password

    /// Whether the nonce was needed, and counts.
    private func checkPasswordChange(
        _ change: UserChange, to password: String, by signedIn: SignedIn
    ) async throws(AuthError) -> Bool {
        var isProved = false
        let user = signedIn.user
        try await checkStrength(of: password)
        if configuration.requiresReauthentication, try await !isFresh(signedIn) {
            guard !change.nonce.isEmpty else {
                throw AuthError(
                    400, code: "reauthentication_needed", message: "Password update requires reauthentication")
            }
            try await prove(change, of: user.id)
            isProved = true
        }
        let isRecovery = signedIn.claims.methods.contains { $0 == "recovery" || $0 == "otp" }
        if configuration.requiresCurrentPassword, user.passwordHash != nil, !isRecovery {
            guard !change.currentPassword.isEmpty else {
                throw AuthError(
                    400, code: "current_password_required",
                    message: "Current password is required to set a new password")
            }
            guard try await isPassword(change.currentPassword, of: user) else {
                throw AuthError(400, code: "current_password_invalid", message: "Current password is not correct")
            }
        }
        if user.passwordHash != nil, try await isPassword(password, of: user) {
            throw AuthError(
                422, code: "same_password", message: "New password should be different from the old password.")
        }
        return isProved
    }

    /// Looks at a nonce under the lock of its user's row: tries that come at once are counted one after the other.
    private func prove(_ change: UserChange, of id: String) async throws(AuthError) {
        let isRight = try await changing("Database error") { store -> Bool in
            guard let user = try await store.user(id: id, isLocked: true) else { throw AuthError.userNotFound }
            guard try await !store.hasTooManyWrongCodes(user: id) else { return false }
            if try isNonce(change, of: user) { return true }
            if user.text(CodeKind.reauthentication.column) != nil {
                try await store.countAttempt(.reauthentication, user: id)
            }
            try await store.countWrongCode(user: id)
            return false
        }
        guard isRight else { throw .wrongNonce }
    }

    private func isNonce(_ change: UserChange, of user: UserRecord) throws(AuthError) -> Bool {
        if let isApproved = change.isNonceApproved {
            return isApproved && user.text(CodeKind.reauthentication.column) != nil
        }
        guard isInTime(user, .reauthentication) else { return false }
        return try isCode(change.nonce, of: user, .reauthentication)
    }

    private func isFresh(_ signedIn: SignedIn) async throws(AuthError) -> Bool {
        guard let id = signedIn.claims.session else { return false }
        let session = try await reading { store throws(PostgresError) in try await store.sessionRecord(id: id) }
        return (session?.ageSeconds ?? .infinity) <= Self.freshSeconds
    }

    // MARK: Applying

    private func apply(
        _ change: UserChange, to user: UserRecord, newHash: String?, session: String?, in store: AuthStore
    ) async throws {
        var changes: [(column: String, change: AuthStore.Change)] = []
        if !change.data.isEmpty {
            let metadata = try Metadata.bounded(user.userMetadata, change.data)
            changes.append(("raw_user_meta_data", .set(.text(metadata.text))))
        }
        if let appMetadata = change.appMetadata {
            let metadata = try Metadata.bounded(user.appMetadata, appMetadata)
            changes.append(("raw_app_meta_data", .set(.text(metadata.text))))
        }
        if let newHash { changes.append(("encrypted_password", .set(.text(newHash)))) }
        try await store.update(user: user.id, changes)
        if newHash != nil {
            try await store.clearCodes(user: user.id)
            try await store.deleteSessions(user: user.id, except: session)
            try await store.audit(.updatedPassword, actor: user, address: address ?? "")
            try await queueNotice(.passwordChanged, to: user, in: store)
        }
        if let email = change.email {
            try await changeEmail(of: user, to: email, challenge: change.challenge, in: store)
        }
        if let phone = change.phone {
            try await changePhone(of: user, to: phone, channel: change.channel, in: store)
        }
        try await store.audit(.modified, actor: user, address: address ?? "")
    }

    private func changeEmail(
        of user: UserRecord, to email: EmailAddress, challenge: CodeChallenge?, in store: AuthStore
    ) async throws {
        guard try await !store.isEmailTaken(email.text, audience: user.audience, except: user.id) else {
            throw AuthError.emailExists
        }
        guard let current = try await store.user(id: user.id) else { throw AuthError.userNotFound }
        guard !configuration.autoconfirmsEmail else {
            try await completeEmailChange(of: current, to: email.text, in: store)
            return
        }
        try await sendEmailChange(store, current, to: email.text, challenge: challenge)
    }

    /// A code to the new address, and to the old one where both have to agree.
    func sendEmailChange(
        _ store: AuthStore, _ user: UserRecord, to new: String, challenge: CodeChallenge?
    ) async throws {
        try requireMail()
        try checkGap(user, .emailChangeNew)
        try await store.update(
            user: user.id,
            [("email_change", .set(.text(new))), ("email_change_confirm_status", .set(0))])
        if configuration.hasSecureEmailChange, let old = user.email {
            try await sendCode(
                CodeOrder(
                    kind: .emailChangeCurrent, address: old, mail: .emailChange, link: .emailChange,
                    challenge: challenge, isLimited: false, newEmail: new),
                to: user, in: store)
        }
        try await sendCode(
            CodeOrder(
                kind: .emailChangeNew, address: new, mail: .emailChange, link: .emailChange, challenge: challenge,
                isLimited: false, newEmail: new),
            to: user, in: store)
    }

    private func changePhone(
        of user: UserRecord, to phone: PhoneNumber, channel: String, in store: AuthStore
    ) async throws {
        guard try await !store.isPhoneTaken(phone.digits, audience: user.audience, except: user.id) else {
            throw AuthError.phoneExists
        }
        guard let current = try await store.user(id: user.id) else { throw AuthError.userNotFound }
        try requireConfirmedEmail(of: current)
        guard !configuration.autoconfirmsPhone else {
            try await completePhoneChange(of: current, to: phone.digits, in: store)
            return
        }
        guard configuration.hasPhone else {
            throw AuthError(400, code: "phone_provider_disabled", message: "Unsupported phone provider")
        }
        try requireSMS(to: phone)
        try await sendPhoneCode(
            PhoneOrder(purpose: .phoneChange, phone: phone.digits, channel: channel), to: current, in: store)
        try await store.update(user: user.id, [("phone_change", .set(.text(phone.digits)))])
    }
}

extension AuthError {
    fileprivate static let wrongNonce = AuthError(
        422, code: "reauthentication_not_valid", message: "Nonce has expired or is invalid")
}

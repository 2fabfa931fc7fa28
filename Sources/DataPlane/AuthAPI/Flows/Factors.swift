import Clients
import DataPlaneCore
import PostgresKit
import TokenKit

/// `/factors`: second factors by time-based codes.
extension AuthCall {
    /// Longest name of a factor.
    private static let nameBytesMax = 255
    private static let secretContext = Array("totp".utf8)

    func factors(_ route: AuthRoute) async throws(AuthError) -> ServiceResponse {
        let signedIn = try await signedIn()
        switch route {
        case .enrollFactor: return try await enroll(signedIn)
        case .challengeFactor(let id): return try await challenge(signedIn, try Self.factor(id, of: signedIn.user))
        case .verifyFactor(let id): return try await verify(signedIn, try Self.factor(id, of: signedIn.user))
        case .deleteFactor(let id): return try await unenroll(signedIn, try Self.factor(id, of: signedIn.user))
        default: throw .notFound
        }
    }

    private static func factor(_ text: String, of user: UserRecord) throws(AuthError) -> JSONText {
        guard let id = UUIDText.canonical(text),
            let factor = user.factors.first(where: { $0["id"]?.stringValue == id })
        else { throw .factorNotFound }
        return factor
    }

    // MARK: Enrolling

    private func enroll(_ signedIn: SignedIn) async throws(AuthError) -> ServiceResponse {
        let user = signedIn.user
        guard !user.isAnonymous else {
            throw AuthError(403, code: "no_authorization", message: "Anonymous users cannot enroll factors")
        }
        switch try request.text("factor_type") {
        case "totp":
            guard configuration.mfa.canEnrollTOTP else {
                throw AuthError(422, code: "mfa_totp_enroll_not_enabled", message: "MFA enroll is disabled for TOTP")
            }
        case "phone":
            throw AuthError(422, code: "mfa_phone_enroll_not_enabled", message: "MFA enroll is disabled for Phone")
        case "webauthn":
            throw AuthError(
                422, code: "mfa_webauthn_enroll_not_enabled", message: "MFA enroll is disabled for WebAuthn")
        default: throw .validation("factor_type needs to be totp, phone, or webauthn")
        }
        let name = try request.text("friendly_name") ?? ""
        guard name.utf8.count <= Self.nameBytesMax else { throw .validation("friendly_name is too long") }
        let issuer = try request.text("issuer").flatMap { $0.isEmpty ? nil : $0 } ?? siteHost
        let id = try newID()
        let (secret, sealed) = try newSecret(factor: id)
        try await changing("Database error enrolling factor") { store in
            try await store.deleteUnverifiedFactors(
                user: user.id, olderThanSeconds: configuration.mfa.factorSeconds)
            guard let current = try await store.user(id: user.id, isLocked: true) else { throw AuthError.userNotFound }
            try check(current, name, level: signedIn.claims.level)
            try await store.insertFactor(.init(id: id, user: user.id, name: name, secret: sealed))
            try await store.audit(
                .factorInProgress, actor: user, address: address ?? "", traits: [.init("factor_id", .string(id))])
        }
        return ServiceResponse(
            status: 200,
            json: enrolled(id, name: name, secret: secret, issuer: issuer, account: user.email ?? user.phone ?? user.id)
        )
    }

    private func check(_ user: UserRecord, _ name: String, level: String) throws(AuthError) {
        guard user.factors.count < configuration.mfa.factorsMax else {
            throw AuthError(
                422, code: "too_many_enrolled_mfa_factors",
                message: "Maximum number of verified factors reached, unenroll to continue")
        }
        if !name.trimmed.isEmpty, user.factors.contains(where: { $0["friendly_name"]?.stringValue == name }) {
            throw AuthError(
                422, code: "mfa_factor_name_conflict",
                message: "A factor with the friendly name \"\(name)\" for this user already exists")
        }
        guard user.verifiedFactors.isEmpty || level == "aal2" else {
            throw AuthError(403, code: "insufficient_aal", message: "AAL2 required to enroll a new factor")
        }
    }

    private func newSecret(factor: String) throws(AuthError) -> (secret: String, sealed: String) {
        do throws(TokenError) {
            let bytes = try RandomSource.bytes(TOTP.secretBytes)
            let sealed = try SealedBox.seal(
                bytes, key: service.keys.codeKey, context: Self.secretContext + Array(factor.utf8))
            return (Base32.encode(bytes), Base64.encode(sealed))
        } catch { throw .crypto(error) }
    }

    /// A secret of this server's is sealed; one of GoTrue's is the base32 text itself.
    private func secret(_ stored: String, factor: String) -> [UInt8]? {
        if let sealed = Base64.decode(stored),
            let plain = try? SealedBox.open(
                sealed, key: service.keys.codeKey, context: Self.secretContext + Array(factor.utf8))
        {
            return plain
        }
        return Base32.decode(stored)
    }

    private func enrolled(
        _ id: String, name: String, secret: String, issuer: String, account: String
    ) -> JSONText {
        let label = "\(Self.escaped(issuer)):\(Self.escaped(account))"
        let uri =
            "otpauth://totp/\(label)?algorithm=SHA1&digits=\(TOTP.digits)&issuer=\(Self.escaped(issuer))"
            + "&period=\(TOTP.periodSeconds)&secret=\(secret)"
        return .object([
            .init("id", .string(id)), .init("type", .string("totp")), .init("friendly_name", .string(name)),
            .init(
                "totp",
                .object([
                    .init("qr_code", .string(QRCode(uri)?.svg ?? "")), .init("secret", .string(secret)),
                    .init("uri", .string(uri)),
                ])),
        ])
    }

    /// Authenticators take `%20`, not `+`.
    private static func escaped(_ text: String) -> String { FormText.encode(text).replacing("+", with: "%20") }

    private var siteHost: String {
        URLParts(configuration.siteURL).map(\.host).flatMap { $0.isEmpty ? nil : $0 } ?? configuration.siteURL
    }

    // MARK: Challenge and verification

    private func limitMFA() throws(AuthError) {
        try service.limit(.mfa, request, count: configuration.rates.mfa, seconds: 60, burst: configuration.rates.mfa)
    }

    private func challenge(_ signedIn: SignedIn, _ factor: JSONText) async throws(AuthError) -> ServiceResponse {
        try limitMFA()
        try checkType(factor)
        let id = try newID()
        let factorID = factor["id"]?.stringValue ?? ""
        try await changing("Database error creating challenge") { store in
            try await store.insertChallenge(id: id, factor: factorID, address: address ?? "0.0.0.0")
            try await store.audit(
                .challengeCreated, actor: signedIn.user, address: address ?? "",
                traits: [.init("factor_id", .string(factorID))])
        }
        let expiry = Int64(service.clock()) + Int64(configuration.mfa.challengeSeconds)
        return ServiceResponse(
            status: 200,
            json: .object([
                .init("id", .string(id)), .init("type", .string("totp")),
                .init("expires_at", .number(String(expiry))),
            ]))
    }

    private func checkType(_ factor: JSONText) throws(AuthError) {
        switch factor["factor_type"]?.stringValue {
        case "totp":
            guard configuration.mfa.canVerifyTOTP else {
                throw AuthError(
                    422, code: "mfa_totp_verify_not_enabled", message: "MFA verification is disabled for TOTP")
            }
        case "phone":
            throw AuthError(
                422, code: "mfa_phone_verify_not_enabled", message: "MFA verification is disabled for Phone")
        default:
            throw AuthError(
                422, code: "mfa_webauthn_verify_not_enabled", message: "MFA verification is disabled for WebAuthn")
        }
    }

    private func verify(_ signedIn: SignedIn, _ factor: JSONText) async throws(AuthError) -> ServiceResponse {
        try limitMFA()
        try checkType(factor)
        let code = try request.text("code") ?? ""
        guard !code.isEmpty else { throw .validation("Code needs to be non-empty") }
        guard let challenge = UUIDText.canonical(try request.text("challenge_id") ?? "") else {
            throw .factorNotFound
        }
        guard let session = signedIn.claims.session else {
            throw AuthError(
                403, code: "session_not_found", message: "Session from session_id claim in JWT does not exist")
        }
        let factorID = factor["id"]?.stringValue ?? ""
        let isVerified = factor["status"]?.stringValue == "verified"
        guard let secret = secret(factor["secret"]?.stringValue ?? "", factor: factorID) else {
            throw .unexpected("Error verifying factor", cause: "the factor's secret cannot be opened")
        }
        let key = try newSessionKey()
        let outcome = try await changing("Database error verifying factor") { store -> Result<Grant, AuthError> in
            guard let user = try await store.user(id: signedIn.user.id, isLocked: true) else {
                throw AuthError.userNotFound
            }
            let traits = [JSONText.Member("factor_id", .string(factorID))]
            try await store.audit(.verificationAttempted, actor: user, address: address ?? "", traits: traits)
            if let refusal = try await refusal(
                of: code, secret: secret, challenge: challenge, factor: factorID, in: store)
            {
                return .failure(refusal)
            }
            if !isVerified {
                try await store.update("auth.mfa_factors", id: factorID, [("status", .set("verified"))])
                try await store.deleteUnverifiedFactors(user: user.id, except: factorID)
            }
            try await store.raiseSession(id: session, factor: factorID, key: key)
            try await store.addMethod("totp", session: session)
            try await store.deleteSessionsBelowAAL2(user: user.id, except: session)
            guard let raised = try await store.sessionRecord(id: session),
                let current = try await store.user(id: user.id)
            else {
                throw AuthError(
                    403, code: "session_not_found", message: "Session from session_id claim in JWT does not exist")
            }
            return .success(try await grant(store, user: current, session: raised, method: "totp"))
        }
        return try outcome.get().response
    }

    private func newSessionKey() throws(AuthError) -> [UInt8] {
        do throws(TokenError) { return try RandomSource.bytes(RefreshToken.keyBytes) } catch { throw .crypto(error) }
    }

    /// Why a code does not count. Reads the challenge under a lock: a code counts once.
    private func refusal(
        of code: String, secret: [UInt8], challenge id: String, factor: String, in store: AuthStore
    ) async throws -> AuthError? {
        if let seconds = try await store.factorWait(factor) {
            return .tooSoon("over_request_rate_limit", seconds: seconds)
        }
        guard let challenge = try await store.challenge(id: id, factor: factor) else {
            return AuthError(
                422, code: "mfa_factor_not_found", message: "MFA factor with the provided challenge ID not found")
        }
        guard ClientAddress(challenge.address) == ClientAddress(address ?? "0.0.0.0") else {
            return AuthError(
                422, code: "mfa_ip_address_mismatch", message: "Challenge and verify IP addresses mismatch.")
        }
        guard challenge.ageSeconds <= Double(configuration.mfa.challengeSeconds) else {
            return AuthError(
                422, code: "mfa_challenge_expired",
                message: "MFA challenge \(id) has expired, verify against another challenge or create a new challenge.")
        }
        let step: Int64?
        do throws(TokenError) {
            step = try TOTP.acceptedStep(code, secret: secret, at: service.clock(), after: challenge.lastStep)
        } catch { throw AuthError.crypto(error) }
        guard let step else {
            try await store.countFactorAttempt(factor, challenge: id)
            return AuthError(422, code: "mfa_verification_failed", message: "Invalid TOTP code entered")
        }
        try await store.acceptChallenge(id: id, step: step)
        try await store.forgetFactorAttempts(factor)
        return nil
    }

    // MARK: Unenrolling

    private func unenroll(_ signedIn: SignedIn, _ factor: JSONText) async throws(AuthError) -> ServiceResponse {
        guard factor["status"]?.stringValue != "verified" || signedIn.claims.level == "aal2" else {
            throw AuthError(422, code: "insufficient_aal", message: "AAL2 required to unenroll verified factor")
        }
        let id = factor["id"]?.stringValue ?? ""
        try await changing("Database error unenrolling factor") { store in
            try await store.deleteFactor(id: id)
            try await store.audit(
                .factorUnenrolled, actor: signedIn.user, address: address ?? "",
                traits: [.init("factor_id", .string(id))])
        }
        return ServiceResponse(status: 200, json: .object([.init("id", .string(id))]))
    }

    // MARK: Administrators

    func adminFactors(_ route: AuthRoute) async throws(AuthError) -> ServiceResponse {
        switch route {
        case .adminFactors(let text):
            let user = try await knownUser(try Self.userID(text))
            return ServiceResponse(status: 200, json: .array(user.factors.map(UserRecord.factor)))
        case .updateAdminFactor(let text, let factorText):
            let user = try await knownUser(try Self.userID(text))
            let factor = try Self.factor(factorText, of: user)
            return try await renamed(factor, user)
        case .deleteAdminFactor(let text, let factorText):
            let user = try await knownUser(try Self.userID(text))
            let factor = try Self.factor(factorText, of: user)
            let id = factor["id"]?.stringValue ?? ""
            try await changing("Database error deleting factor") { store in
                try await store.deleteFactor(id: id)
                try await store.audit(
                    .factorDeleted, actor: nil, address: address ?? "", traits: [.init("factor_id", .string(id))])
            }
            return ServiceResponse(status: 200, json: UserRecord.factor(factor))
        default: throw .notFound
        }
    }

    private func renamed(_ factor: JSONText, _ user: UserRecord) async throws(AuthError) -> ServiceResponse {
        let id = factor["id"]?.stringValue ?? ""
        let name = try request.text("friendly_name")
        guard (name ?? "").utf8.count <= Self.nameBytesMax else { throw .validation("friendly_name is too long") }
        let changed = try await changing("Database error updating factor") { store -> UserRecord? in
            if let name, !name.isEmpty {
                do throws(PostgresError) {
                    try await store.update("auth.mfa_factors", id: id, [("friendly_name", .set(.text(name)))])
                } catch {
                    guard error.isUniqueViolation else { throw error }
                    throw AuthError(
                        422, code: "mfa_factor_name_conflict",
                        message: "A factor with the friendly name \"\(name)\" for this user already exists")
                }
                try await store.audit(
                    .factorUpdated, actor: nil, address: address ?? "", traits: [.init("factor_id", .string(id))])
            }
            return try await store.user(id: user.id)
        }
        guard let changed else { throw .userNotFound }
        return ServiceResponse(status: 200, json: UserRecord.factor(try Self.factor(id, of: changed)))
    }
}

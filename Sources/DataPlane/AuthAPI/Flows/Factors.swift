import Clients
import DataPlaneCore
import PostgresKit
import TokenKit

/// `/factors`: second factors, by time-based codes or text messages.
extension AuthCall {
    /// Longest name of a factor.
    static let nameBytesMax = 255
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

    static func factor(_ text: String, of user: UserRecord) throws(AuthError) -> JSONText {
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
        let type = try request.text("factor_type")
        switch type {
        case "totp":
            guard configuration.mfa.canEnrollTOTP else {
                throw AuthError(422, code: "mfa_totp_enroll_not_enabled", message: "MFA enroll is disabled for TOTP")
            }
        case "phone":
            guard configuration.mfa.canEnrollPhone else {
                throw AuthError(422, code: "mfa_phone_enroll_not_enabled", message: "MFA enroll is disabled for Phone")
            }
        case "webauthn":
            throw AuthError(
                422, code: "mfa_webauthn_enroll_not_enabled", message: "MFA enroll is disabled for WebAuthn")
        default: throw .validation("factor_type needs to be totp, phone, or webauthn")
        }
        let name = try request.text("friendly_name") ?? ""
        guard name.utf8.count <= Self.nameBytesMax else { throw .validation("friendly_name is too long") }
        if type == "phone" { return try await enrollPhone(signedIn, name: name) }
        let issuer = try request.text("issuer").flatMap { $0.isEmpty ? nil : $0 } ?? siteHost
        let id = try newID()
        let (secret, sealed) = try newSecret(factor: id)
        try await changing("Database error enrolling factor") { store in
            try await store.deleteUnverifiedFactors(
                user: user.id, olderThanSeconds: configuration.mfa.factorSeconds)
            guard let current = try await store.user(id: user.id, isLocked: true) else { throw AuthError.userNotFound }
            try checkEnrolling(current, name, level: signedIn.claims.level)
            try await store.insertFactor(.init(id: id, user: user.id, name: name, secret: sealed))
            try await store.audit(
                .factorInProgress, actor: user, address: address ?? "", traits: [.init("factor_id", .string(id))])
        }
        return ServiceResponse(
            status: 200,
            json: enrolled(id, name: name, secret: secret, issuer: issuer, account: user.email ?? user.phone ?? user.id)
        )
    }

    func checkEnrolling(_ user: UserRecord, _ name: String, level: String) throws(AuthError) {
        guard user.factors.count < configuration.mfa.factorsMax,
            user.verifiedFactors.count < configuration.mfa.verifiedFactorsMax
        else {
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
        let type = factor["factor_type"]?.stringValue ?? ""
        if type == "phone" {
            try await challengePhone(signedIn, factor, id: id)
        } else {
            try await changing("Database error creating challenge") { store in
                try await store.insertChallenge(id: id, factor: factorID, address: address ?? "0.0.0.0")
                try await store.audit(
                    .challengeCreated, actor: signedIn.user, address: address ?? "",
                    traits: [.init("factor_id", .string(factorID))])
            }
        }
        let expiry = Int64(service.clock()) + Int64(configuration.mfa.challengeSeconds)
        return ServiceResponse(
            status: 200,
            json: .object([
                .init("id", .string(id)), .init("type", .string(type)),
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
            guard configuration.mfa.canVerifyPhone else {
                throw AuthError(
                    422, code: "mfa_phone_verify_not_enabled", message: "MFA verification is disabled for Phone")
            }
        default:
            throw AuthError(
                422, code: "mfa_webauthn_verify_not_enabled", message: "MFA verification is disabled for WebAuthn")
        }
    }

    /// How a code of a factor is checked.
    private enum FactorProof: Sendable {
        case totp(secret: [UInt8])
        case phone(String, providerSays: Bool?)

        var method: String {
            switch self {
            case .totp: "totp"
            case .phone: "mfa/phone"
            }
        }
    }

    /// A code of a factor as a request brings it.
    private struct FactorCode: Sendable {
        var code: String
        var challenge: String
        var factor: String
        var type: String
        var proof: FactorProof
    }

    private func verify(_ signedIn: SignedIn, _ factor: JSONText) async throws(AuthError) -> ServiceResponse {
        try limitMFA()
        try checkType(factor)
        guard let session = signedIn.claims.session else { throw .noSession }
        let typed = try await factorCode(factor)
        let key = try newSessionKey()
        let outcome = try await changing("Database error verifying factor") { store -> Result<Grant, AuthError> in
            try await store.deleteUnverifiedFactors(
                user: signedIn.user.id, olderThanSeconds: configuration.mfa.factorSeconds)
            guard let user = try await store.user(id: signedIn.user.id, isLocked: true) else {
                throw AuthError.userNotFound
            }
            let traits = [JSONText.Member("factor_id", .string(typed.factor))]
            try await store.audit(.verificationAttempted, actor: user, address: address ?? "", traits: traits)
            let isVerified = try await mayVerify(typed, of: user, session: session, in: store)
            let refusal = try await refusal(of: typed, in: store)
            if refusal == nil || refusal?.code == "mfa_verification_failed",
                let rejection = try await refusalOfFactor(
                    typed.factor, type: typed.type, of: user, isValid: refusal == nil, in: store)
            {
                return .failure(rejection)
            }
            if let refusal { return .failure(refusal) }
            return .success(
                try await raised(session, of: user, by: typed, isVerified: isVerified, key: key, in: store))
        }
        return try outcome.get().response
    }

    private func factorCode(_ factor: JSONText) async throws(AuthError) -> FactorCode {
        let code = try request.text("code") ?? ""
        guard !code.isEmpty else { throw .validation("Code needs to be non-empty") }
        guard let challenge = UUIDText.canonical(try request.text("challenge_id") ?? "") else {
            throw .factorNotFound
        }
        let id = factor["id"]?.stringValue ?? ""
        let type = factor["factor_type"]?.stringValue ?? ""
        let proof: FactorProof
        if type == "phone" {
            let phone = factor["phone"]?.stringValue ?? ""
            proof = .phone(phone, providerSays: try await providerSays(code, of: phone))
        } else {
            guard let secret = secret(factor["secret"]?.stringValue ?? "", factor: id) else {
                throw .unexpected("Error verifying factor", cause: "the factor's secret cannot be opened")
            }
            proof = .totp(secret: secret)
        }
        return FactorCode(code: code, challenge: challenge, factor: id, type: type, proof: proof)
    }

    /// Whether the factor was verified before. Another request may have changed that since it was read.
    ///
    /// - Throws: where it counts no more, or would be a further one and the session is of the first level.
    private func mayVerify(
        _ typed: FactorCode, of user: UserRecord, session: String, in store: AuthStore
    ) async throws -> Bool {
        let factor = try Self.factor(typed.factor, of: user)
        if factor["status"]?.stringValue == "verified" { return true }
        let level = try await store.sessionRecord(id: session)?.level
        guard user.verifiedFactors.isEmpty || level == "aal2" else {
            throw AuthError(403, code: "insufficient_aal", message: "AAL2 required to verify a new factor")
        }
        return false
    }

    /// The factor counts from now on, and the session is of the second level.
    private func raised(
        _ session: String, of user: UserRecord, by typed: FactorCode, isVerified: Bool, key: [UInt8],
        in store: AuthStore
    ) async throws -> Grant {
        if !isVerified {
            try await store.update("auth.mfa_factors", id: typed.factor, [("status", .set("verified"))])
            // Who enrolled them has not proved this one.
            try await store.deleteUnverifiedFactors(user: user.id)
            try await queueNotice(.factorEnrolled, to: user, [.init("FactorType", .string(typed.type))], in: store)
        }
        try await store.raiseSession(id: session, factor: typed.factor, key: key)
        try await store.addMethod(typed.proof.method, session: session)
        try await store.deleteSessionsBelowAAL2(user: user.id, except: session)
        guard let raised = try await store.sessionRecord(id: session),
            let current = try await store.user(id: user.id)
        else { throw AuthError.noSession }
        return try await grant(store, user: current, session: raised, method: typed.proof.method)
    }

    private func newSessionKey() throws(AuthError) -> [UInt8] {
        do throws(TokenError) { return try RandomSource.bytes(RefreshToken.keyBytes) } catch { throw .crypto(error) }
    }

    /// Why a code does not count. Reads the challenge under a lock: a code counts once.
    private func refusal(of typed: FactorCode, in store: AuthStore) async throws -> AuthError? {
        if let seconds = try await store.factorWait(typed.factor) {
            return .tooSoon("over_request_rate_limit", seconds: seconds)
        }
        guard let challenge = try await store.challenge(id: typed.challenge, factor: typed.factor) else {
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
                message: "MFA challenge \(typed.challenge) has expired, "
                    + "verify against another challenge or create a new challenge.")
        }
        guard let mark = try acceptedMark(typed, challenge) else {
            try await store.countFactorAttempt(typed.factor, challenge: typed.challenge)
            return AuthError(
                422, code: "mfa_verification_failed",
                message: typed.type == "phone" ? "Invalid MFA Phone code entered" : "Invalid TOTP code entered")
        }
        try await store.acceptChallenge(id: typed.challenge, mark: mark)
        try await store.forgetFactorAttempts(typed.factor)
        return nil
    }

    /// What the challenge keeps of a right code, so that it does not count twice; nil for a wrong one.
    private func acceptedMark(_ typed: FactorCode, _ challenge: AuthStore.Challenge) throws(AuthError) -> String? {
        switch typed.proof {
        case .totp(let secret):
            do throws(TokenError) {
                return try TOTP.acceptedStep(
                    typed.code, secret: secret, at: service.clock(), after: challenge.lastStep
                ).map { String($0) }
            } catch { throw .crypto(error) }
        case .phone(let phone, let providerSays):
            let isRight = try isFactorCode(
                typed.code, phone: phone, challenge: typed.challenge, stored: challenge.code,
                providerSays: providerSays)
            return isRight ? "" : nil
        }
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
            let type = factor["factor_type"] ?? .string("")
            guard factor["status"]?.stringValue == "verified" else { return }
            try await queueNotice(.factorUnenrolled, to: signedIn.user, [.init("FactorType", type)], in: store)
        }
        return ServiceResponse(status: 200, json: .object([.init("id", .string(id))]))
    }
}

extension AuthError {
    static let noSession = AuthError(
        403, code: "session_not_found", message: "Session from session_id claim in JWT does not exist")
}

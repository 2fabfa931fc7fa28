import DataPlaneCore
import PostgresKit
import TokenKit

/// Second factors by text message.
extension AuthCall {
    func enrollPhone(_ signedIn: SignedIn, name: String) async throws(AuthError) -> ServiceResponse {
        guard let phone = PhoneNumber(try request.text("phone") ?? "") else { throw .invalidPhone }
        let user = signedIn.user
        let id = try newID()
        try await changing("Database error enrolling factor") { store in
            try await store.deleteUnverifiedFactors(
                user: user.id, olderThanSeconds: configuration.mfa.factorSeconds)
            try await store.deleteUnverifiedFactors(user: user.id, phone: phone.digits)
            guard let current = try await store.user(id: user.id, isLocked: true) else { throw AuthError.userNotFound }
            guard !current.verifiedFactors.contains(where: { $0["phone"]?.stringValue == phone.digits }) else {
                throw AuthError(
                    422, code: "mfa_verified_factor_exists",
                    message: "A verified phone factor already exists, unenroll the existing factor to continue")
            }
            try checkEnrolling(current, name, level: signedIn.claims.level)
            try await store.insertFactor(.init(id: id, user: user.id, name: name, phone: phone.digits))
            try await store.audit(
                .factorInProgress, actor: user, address: address ?? "", traits: [.init("factor_id", .string(id))])
        }
        return ServiceResponse(
            status: 200,
            json: .object([
                .init("id", .string(id)), .init("type", .string("phone")), .init("friendly_name", .string(name)),
                .init("phone", .string(phone.digits)),
            ]))
    }

    /// Sends a code and keeps its hash in the challenge.
    func challengePhone(_ signedIn: SignedIn, _ factor: JSONText, id: String) async throws(AuthError) {
        guard let phone = PhoneNumber(factor["phone"]?.stringValue ?? "") else { throw .factorNotFound }
        let factorID = factor["id"]?.stringValue ?? ""
        let channel = try smsChannel()
        try requireSMS(to: phone)
        let user = signedIn.user
        try await changing("Database error creating challenge") { store in
            guard try await store.user(id: user.id, isLocked: true) != nil else { throw AuthError.userNotFound }
            if let left = try await store.secondsToChallenge(
                factorID, gapSeconds: configuration.mfa.phoneGapSeconds)
            {
                throw AuthError.tooSoon("over_sms_send_rate_limit", seconds: left)
            }
            let testCode = configuration.sms.testCode(phone.digits, at: service.clock())
            let code = try factorCode(phone.digits, challenge: id, fixed: testCode)
            try await store.insertChallenge(id: id, factor: factorID, address: address ?? "0.0.0.0", code: code.hash)
            if testCode == nil {
                try service.limitMessages()
                outbox.add(
                    .message(
                        TextMessage(
                            purpose: .factor, phone: phone.digits, code: code.digits, channel: channel,
                            text: try messageText(configuration.mfa.phoneTemplate, code: code.digits), user: user,
                            takeBack: .challenge(id: id))))
            }
            try await store.audit(
                .challengeCreated, actor: user, address: address ?? "",
                traits: [.init("factor_id", .string(factorID))])
        }
    }

    private func factorCode(_ phone: String, challenge: String, fixed: String?) throws(AuthError) -> OneTimeCode {
        let address = Self.factorAddress(phone, challenge: challenge)
        do throws(TokenError) {
            if let fixed { return try OneTimeCode(digits: fixed, address: address, key: service.keys.codeKey) }
            return try OneTimeCode(
                address: address, length: configuration.mfa.phoneCodeLength, isPKCE: false,
                key: service.keys.codeKey)
        } catch { throw .crypto(error) }
    }

    /// A code belongs to its challenge: it opens no other one.
    private static func factorAddress(_ phone: String, challenge: String) -> String { "\(phone)/\(challenge)" }

    /// Whether a typed code is the challenge's.
    ///
    /// - Parameter providerSays: what the provider of text messages says of it, where it makes the codes.
    func isFactorCode(
        _ code: String, phone: String, challenge: String, stored: String?, providerSays: Bool?
    ) throws(AuthError) -> Bool {
        if let providerSays { return providerSays }
        do throws(TokenError) {
            return try OneTimeCode.isCode(
                code, address: Self.factorAddress(phone, challenge: challenge), stored: stored,
                key: service.keys.codeKey)
        } catch { throw .crypto(error) }
    }
}

extension AuthStore {
    /// Takes away factors of a number that their user never proved to have.
    func deleteUnverifiedFactors(user: String, phone: String) async throws(PostgresError) {
        try await session.execute(
            "DELETE FROM auth.mfa_factors WHERE user_id = $1 AND status = 'unverified' AND phone = $2",
            [.text(user), .text(phone)])
    }

    /// Seconds until a factor may be challenged again; nil where it may.
    func secondsToChallenge(_ factor: String, gapSeconds: Int) async throws(PostgresError) -> Int? {
        let row = try await session.first(
            """
            SELECT ceil(extract(epoch FROM c.created_at - now()) + $2::int)::int AS seconds FROM auth.mfa_challenges c
            WHERE c.factor_id = $1 AND c.created_at > now() - $2::int * interval '1 second'
            ORDER BY c.created_at DESC LIMIT 1
            """, [.text(factor), .int(gapSeconds)])
        return try row?.int("seconds")
    }
}

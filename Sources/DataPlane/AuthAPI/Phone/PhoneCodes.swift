import DataPlaneCore
import PostgresKit
import TokenKit

/// Codes by text message.
extension AuthCall {
    /// A code to a phone, in the transaction of a store.
    struct PhoneOrder: Sendable {
        var purpose: TextMessage.Purpose
        /// Without its plus sign.
        var phone: String
        var channel: String

        var kind: CodeKind {
            switch purpose {
            case .confirmation, .factor: .confirmation
            case .phoneChange: .phoneChange
            case .reauthentication: .reauthentication
            }
        }
    }

    /// What clients get of a number for tests in place of a provider's name.
    private static let testMessageID = "test-otp"

    /// `channel` of the request.
    func smsChannel() throws(AuthError) -> String {
        let channel = try request.text("channel").flatMap { $0.isEmpty ? nil : $0 } ?? "sms"
        guard channel == "sms" || channel == "whatsapp" else {
            throw .validation("Invalid channel, supported values are 'sms' or 'whatsapp'")
        }
        guard channel == "sms" || configuration.sms.account?.provider.whatsApp != nil else {
            throw .validation(
                "Invalid channel, 'whatsapp' is only supported if Twilio or Twilio Verify is used as the provider")
        }
        return channel
    }

    /// A code that nobody gets would only be there to be guessed.
    func requireSMS(to phone: PhoneNumber) throws(AuthError) {
        guard
            configuration.hooks[.sendSMS] != nil || smsSender != nil
                || configuration.sms.testCode(phone.digits, at: service.clock()) != nil
        else { throw .noSMSProvider }
    }

    /// Makes a code and puts its message into the outbox.
    func sendPhoneCode(_ order: PhoneOrder, to user: UserRecord, in store: AuthStore) async throws {
        try checkGap(
            user, order.kind, seconds: configuration.sms.gapSeconds, code: "over_sms_send_rate_limit")
        let testCode = configuration.sms.testCode(order.phone, at: service.clock())
        let code = try newPhoneCode(order.phone, fixed: testCode)
        try await store.setCode(order.kind, user: user.id, code: code, relatesTo: order.phone)
        guard testCode == nil else {
            outbox.messageID = Self.testMessageID
            return
        }
        try service.limitMessages()
        outbox.add(
            .message(
                TextMessage(
                    purpose: order.purpose, phone: order.phone, code: code.digits, channel: order.channel,
                    text: try messageText(configuration.sms.template, code: code.digits), user: user,
                    takeBack: .code(order.kind, hash: code.hash))))
    }

    private func newPhoneCode(_ phone: String, fixed: String?) throws(AuthError) -> OneTimeCode {
        do throws(TokenError) {
            if let fixed { return try OneTimeCode(digits: fixed, address: phone, key: service.keys.codeKey) }
            return try OneTimeCode(
                address: phone, length: configuration.sms.codeLength, isPKCE: false, key: service.keys.codeKey)
        } catch { throw .crypto(error) }
    }

    func messageText(_ template: String, code: String) throws(AuthError) -> String {
        do throws(MailTemplate.Failure) {
            return try MailTemplate(template)
                .text(.object([.init("Code", .string(code))]), escapesHTML: false)
        } catch { throw .unexpected("Error making the message: its template cannot be used", cause: error.reason) }
    }

    /// Whether the provider of text messages says that a code is the one that it sent; nil where it has no say.
    func providerSays(_ code: String, of phone: String) async throws(AuthError) -> Bool? {
        guard configuration.hooks[.sendSMS] == nil, let sender = smsSender, sender.checksCodes,
            configuration.sms.testCode(phone, at: service.clock()) == nil
        else { return nil }
        do throws(SMSSender.Failure) { return try await sender.isCode(code, of: phone) } catch {
            throw AuthError(
                422, code: "sms_send_failed", message: "Error checking the OTP with the provider: \(error.message)")
        }
    }

    /// The answer that tells no more than the provider's name of the message, where it has one.
    var messageAnswer: ServiceResponse {
        let id = outbox.messageID.flatMap { $0.isEmpty ? nil : $0 }
        return ServiceResponse(status: 200, json: .object(id.map { [.init("message_id", .string($0))] } ?? []))
    }

    // MARK: Confirming

    /// Marks the number of a user as confirmed, on the identity too.
    func confirmPhone(_ store: AuthStore, _ user: UserRecord) async throws {
        let metadata = Metadata.merge(user.userMetadata, [.init("phone_verified", .bool(true))])
        try await store.update(
            user: user.id,
            [
                ("phone_confirmed_at", .now), ("raw_user_meta_data", .set(.text(metadata.text))),
                ("is_anonymous", .set(false)),
            ])
        try await store.clearCode(.confirmation, user: user.id)
        if let phone = user.phone { try await keepPhoneIdentity(of: user, phone: phone, in: store) }
    }

    /// The number that was asked for is the user's from now on.
    func completePhoneChange(of user: UserRecord, to new: String, in store: AuthStore) async throws {
        let metadata = Metadata.merge(
            user.userMetadata, [.init("phone", .string(new)), .init("phone_verified", .bool(true))])
        do throws(PostgresError) {
            try await store.update(
                user: user.id,
                [
                    ("phone", .set(.text(new))), ("phone_change", .set("")), ("phone_confirmed_at", .now),
                    ("is_anonymous", .set(false)), ("raw_user_meta_data", .set(.text(metadata.text))),
                ])
        } catch {
            guard error.isUniqueViolation else { throw error }
            throw AuthError.phoneExists
        }
        try await store.clearCode(.phoneChange, user: user.id)
        try await keepPhoneIdentity(of: user, phone: new, in: store)
        try await store.refreshProviders(user: user)
        try await queueNotice(.phoneChanged, to: user, [.init("OldPhone", .string(user.phone ?? ""))], in: store)
    }

    private func keepPhoneIdentity(of user: UserRecord, phone: String, in store: AuthStore) async throws {
        let data = JSONText.object([
            .init("sub", .string(user.id)), .init("phone", .string(phone)), .init("phone_verified", .bool(true)),
        ])
        try await store.upsertIdentity(user: user.id, provider: "phone", providerID: user.id, data: data)
    }
}

import DataPlaneCore
import PostgresKit

/// Doing what a committed transaction asked for: text messages and mails by hooks are sent while the client waits,
/// without a connection to the database in hand.
extension AuthCall {
    func deliver(_ items: [Outbox.Item]) async throws(AuthError) {
        for item in items {
            switch item {
            case .message(let message): try await send(message)
            case .mail(let event): try await send(event)
            case .created(let user): await tellOfCreation(user)
            }
        }
    }

    // MARK: Text messages

    private func send(_ message: TextMessage) async throws(AuthError) {
        do throws(AuthError) {
            outbox.messageID = try await handOver(message)
        } catch {
            // A code that nobody got would only be there to be guessed, and hold the next one back.
            await takeBack(message.takeBack, of: message.user.id)
            throw error
        }
    }

    /// - Returns: the provider's name of the message.
    private func handOver(_ message: TextMessage) async throws(AuthError) -> String {
        if configuration.hooks[.sendSMS] != nil {
            let sms = JSONText.object([
                .init("otp", .string(message.code)), .init("sms_type", .string(message.purpose.rawValue)),
                .init("phone", .string(message.phone)),
            ])
            let event: [JSONText.Member] = [.init("user", message.user.json), .init("sms", sms)]
            _ = try await outside { try await callHook(.sendSMS, with: event) }
            return ""
        }
        guard let sender = smsSender else { throw .noSMSProvider }
        do throws(SMSSender.Failure) { return try await sender.send(message) } catch {
            throw .smsFailed(message.purpose, error.message)
        }
    }

    private func takeBack(_ code: TextMessage.TakeBack, of user: String) async {
        do {
            switch code {
            case .code(let kind, let hash): try await takeBack([(kind, hash)], of: user)
            case .challenge(let id):
                try await service.pool.execute("DELETE FROM auth.mfa_challenges WHERE id = $1", [.text(id)])
            }
        } catch {
            service.tell("a code of a text message that was not sent could not be taken back: \(error)")
        }
    }

    private func takeBack(_ codes: [(kind: CodeKind, hash: String)], of user: String) async throws {
        try await service.pool.transaction { transaction in
            let store = AuthStore(session: transaction)
            for code in codes { try await store.takeBack(code.kind, hash: code.hash, user: user) }
        }
    }

    // MARK: Mails and users

    private func send(_ event: MailEvent) async throws(AuthError) {
        do throws(AuthError) {
            _ = try await outside { try await callHook(.sendEmail, with: event.members) }
        } catch {
            guard !event.codes.isEmpty else {
                // What it tells of has happened, whether or not the user learns it by mail.
                service.tell("a \(event.kind.rawValue) mail was not sent: \(error.message)")
                return
            }
            do { try await takeBack(event.codes, of: event.userID) } catch {
                service.tell("a code of a mail that was not sent could not be taken back: \(error)")
            }
            throw error
        }
    }

    /// The user is there whatever the hook says.
    private func tellOfCreation(_ id: String) async {
        do throws(AuthError) {
            let user = try await reading { store throws(PostgresError) in try await store.user(id: id) }
            guard let user else { return }
            _ = try await outside { try await callHook(.afterUserCreated, with: [.init("user", user.json)]) }
        } catch { service.tell("the hook after_user_created failed: \(error.message)") }
    }

    /// Who speaks to the provider of text messages; nil where there is none.
    var smsSender: SMSSender? {
        guard let account = configuration.sms.account, let http = service.http else { return nil }
        return SMSSender(account: account, http: http)
    }
}

extension AuthStore {
    /// Removes a code whose message was not sent, unless another one has taken its place.
    func takeBack(_ kind: CodeKind, hash: String, user: String) async throws(PostgresError) {
        let count = try await session.execute(
            """
            UPDATE auth.users SET \(kind.column) = '', \(kind.sentColumn) = NULL, updated_at = now()
            WHERE id = $1 AND \(kind.column) = $2
            """, [.text(user), .text(hash)])
        guard count > 0 else { return }
        try await session.execute(
            "DELETE FROM auth.one_time_tokens WHERE user_id = $1 AND token_type = $2::text::auth.one_time_token_type",
            [.text(user), .text(kind.rawValue)])
    }
}

extension AuthError {
    static let noSMSProvider = AuthError(
        422, code: "sms_send_failed", message: "Error sending SMS: no provider of text messages is set up")

    static func smsFailed(_ purpose: TextMessage.Purpose, _ reason: String) -> AuthError {
        AuthError(
            422, code: "sms_send_failed", message: "Error sending \(purpose.rawValue) OTP to provider: \(reason)")
    }
}

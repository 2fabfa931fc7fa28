import DataPlaneCore
import MessageKit
import PostgresKit
import TokenKit

/// Making mails: they are rows of the transaction that asks for them, and are sent after it.
extension AuthCall {
    func queueMail(for order: CodeOrder, code: OneTimeCode, to user: UserRecord, in store: AuthStore) async throws {
        if configuration.hooks[.sendEmail] != nil {
            outbox.add(event(for: order, code: code, to: user))
            return
        }
        guard let mail = configuration.mail else { return }
        if order.isLimited || order.kind == .emailChangeNew { try service.limitMails() }
        var values = variables(user, sendingTo: order.address)
        values += [
            .init("Token", .string(code.digits)), .init("TokenHash", .string(code.hash)),
            .init("NewEmail", .string(order.newEmail ?? "")),
        ]
        if let link = order.link {
            values.append(
                .init(
                    "ConfirmationURL",
                    .string(confirmationURL(path: mail.paths[order.mail], hash: code.hash, link: link))))
        }
        try await queue(order.mail, to: order.address, values: values, by: mail, in: store)
    }

    private func event(for order: CodeOrder, code: OneTimeCode, to user: UserRecord) -> MailEvent {
        MailEvent(
            kind: order.mail, user: user.json, userID: user.id, codes: [(order.kind, code.hash)],
            action: order.link?.rawValue ?? order.mail.rawValue, token: code.digits, tokenHash: code.hash,
            redirectTo: redirectTarget, siteURL: configuration.externalURL)
    }

    /// Tells a user of a change, where the operator wants that. It goes to the address of before the change.
    ///
    /// - Parameter changes: variables of the template beyond the common ones.
    func queueNotice(
        _ kind: MailKind, to user: UserRecord, _ changes: [JSONText.Member] = [], in store: AuthStore
    ) async throws {
        guard configuration.notices.contains(kind), let email = user.email,
            let current = try await store.user(id: user.id)
        else { return }
        let values = variables(current, sendingTo: email) + changes
        if configuration.hooks[.sendEmail] != nil {
            let text = { (name: String) in JSONText.object(values)[name]?.stringValue ?? "" }
            var event = MailEvent(
                kind: kind, user: current.json, userID: user.id, codes: [], action: kind.rawValue,
                redirectTo: redirectTarget, siteURL: configuration.externalURL)
            (event.oldEmail, event.oldPhone) = (text("OldEmail"), text("OldPhone"))
            (event.provider, event.factorType) = (text("Provider"), text("FactorType"))
            outbox.add(event)
            return
        }
        guard let mail = configuration.mail else { return }
        try await queue(kind, to: email, values: values, by: mail, in: store)
    }

    private func variables(_ user: UserRecord, sendingTo address: String) -> [JSONText.Member] {
        [
            .init("SiteURL", .string(configuration.siteURL)), .init("Email", .string(user.email ?? "")),
            .init("Phone", .string(user.phone ?? "")), .init("SendingTo", .string(address)),
            .init("Data", user.userMetadata), .init("RedirectTo", .string(redirectTarget)),
        ]
    }

    /// The address behind a link.
    func confirmationURL(path: String?, hash: String, link: LinkType) -> String {
        let query = FormText.encode([
            ("token", hash), ("type", link.rawValue), ("redirect_to", redirectTarget),
        ])
        guard let path, path.hasPrefix("/") else { return "\(configuration.externalURL)/verify?\(query)" }
        return "\(Self.origin(configuration.externalURL))\(path)?\(query)"
    }

    /// Scheme, host and port.
    private static func origin(_ url: String) -> String {
        guard let separator = url.firstRange(of: "://") else { return url }
        return String(url[..<separator.upperBound] + url[separator.upperBound...].prefix { $0 != "/" })
    }

    private func queue(
        _ kind: MailKind, to address: String, values: [JSONText.Member], by mail: MailConfiguration,
        in store: AuthStore
    ) async throws {
        let message: MailMessage
        do throws(MailTemplate.Failure) {
            let subject = try MailTemplate(mail.subjects[kind] ?? kind.defaultSubject)
            let body = try MailTemplate(mail.templates[kind] ?? service.template(of: kind) ?? kind.defaultBody)
            message = MailMessage(
                from: mail.sender, fromName: mail.senderName, to: [address],
                subject: subject.text(.object(values), escapesHTML: false),
                content: .html(body.text(.object(values), escapesHTML: true)), id: try newMailID(),
                seconds: service.clock())
        } catch {
            throw AuthError.unexpected(
                "Error making the mail: its template cannot be used", cause: "\(kind.rawValue): \(error.reason)")
        }
        try await store.queueMail(kind, WaitingMail(to: address, text: message.text), key: service.keys.codeKey)
    }

    private func newMailID() throws(MailTemplate.Failure) -> String {
        do throws(TokenError) { return try UUIDText.random() } catch {
            throw MailTemplate.Failure(reason: "no random numbers")
        }
    }
}

/// A mail that waits. Its row holds it sealed: it carries codes.
struct WaitingMail: Sendable, Equatable {
    private static let context = Array("mail".utf8)

    var to: String
    var text: String

    func sealed(_ key: KeyBytes) throws(TokenError) -> String {
        let json = JSONText.object([.init("to", .string(to)), .init("text", .string(text))])
        return Base64.encode(try SealedBox.seal(Array(json.text.utf8), key: key, context: Self.context))
    }

    init(to: String, text: String) {
        self.to = to
        self.text = text
    }

    /// Opens what ``sealed(_:)`` made; nil where the key is another one by now.
    init?(sealed: String, key: KeyBytes) {
        guard let bytes = Base64.decode(sealed),
            let plain = try? SealedBox.open(bytes, key: key, context: Self.context), let json = try? JSONText(plain),
            let to = json["to"]?.stringValue, let text = json["text"]?.stringValue
        else { return nil }
        self.init(to: to, text: text)
    }
}

extension AuthStore {
    func queueMail(_ kind: MailKind, _ mail: WaitingMail, key: KeyBytes) async throws {
        let content: String
        do throws(TokenError) { content = try mail.sealed(key) } catch { throw AuthError.crypto(error) }
        try await session.execute(
            "INSERT INTO auth.projectd_mails (kind, content) VALUES ($1, $2)", [.text(kind.rawValue), .text(content)])
    }
}

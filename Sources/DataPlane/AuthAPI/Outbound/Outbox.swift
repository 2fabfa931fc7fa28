import DataPlaneCore
import Synchronization

/// What a transaction asks for that cannot be taken back: it is done once the transaction is committed.
final class Outbox: Sendable {
    enum Item: Sendable {
        case message(TextMessage)
        case mail(MailEvent)
        case created(user: String)
    }

    private struct State {
        var items: [Item] = []
        var messageID: String?
    }

    private let state = Mutex(State())

    func add(_ item: Item) { state.withLock { $0.items.append(item) } }

    /// Adds a mail; the second half of a change of addresses joins the first.
    func add(_ mail: MailEvent) {
        state.withLock { state in
            if case .mail(let first)? = state.items.last, let both = first.joined(with: mail) {
                state.items[state.items.count - 1] = .mail(both)
            } else {
                state.items.append(.mail(mail))
            }
        }
    }

    /// Forgets everything: a transaction begins, perhaps again.
    func clear() { state.withLock { $0.items = [] } }

    func takeAll() -> [Item] {
        state.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }

    /// What the provider calls the text message that was sent.
    var messageID: String? {
        get { state.withLock { $0.messageID } }
        set { state.withLock { $0.messageID = newValue } }
    }
}

/// A mail that a hook sends: what the hook learns.
struct MailEvent: Sendable {
    var kind: MailKind
    var user: JSONText
    var userID: String
    /// Kinds of its codes and what is stored of them.
    var codes: [(kind: CodeKind, hash: String)]
    var action: String
    var token = ""
    var tokenHash = ""
    var tokenNew = ""
    var tokenHashNew = ""
    var redirectTo: String
    var siteURL: String
    var oldEmail = ""
    var oldPhone = ""
    var provider = ""
    var factorType = ""

    /// A change that both addresses confirm is one event. For reasons of history the hash of the code to the old address
    /// stands in `token_hash_new`, that of the code to the new one in `token_hash`.
    func joined(with other: MailEvent) -> MailEvent? {
        guard codes.map(\.kind) == [.emailChangeCurrent], other.codes.map(\.kind) == [.emailChangeNew] else {
            return nil
        }
        var both = self
        both.codes += other.codes
        both.tokenNew = other.token
        both.tokenHashNew = tokenHash
        both.tokenHash = other.tokenHash
        return both
    }

    var members: [JSONText.Member] {
        [
            .init("user", user),
            .init(
                "email_data",
                .object([
                    .init("token", .string(token)), .init("token_hash", .string(tokenHash)),
                    .init("redirect_to", .string(redirectTo)), .init("email_action_type", .string(action)),
                    .init("site_url", .string(siteURL)), .init("token_new", .string(tokenNew)),
                    .init("token_hash_new", .string(tokenHashNew)), .init("old_email", .string(oldEmail)),
                    .init("old_phone", .string(oldPhone)), .init("provider", .string(provider)),
                    .init("factor_type", .string(factorType)),
                ])),
        ]
    }
}

/// A text message with a code.
struct TextMessage: Sendable {
    enum Purpose: String, Sendable {
        case confirmation, reauthentication
        case phoneChange = "phone_change"
        case factor = "mfa"
    }

    var purpose: Purpose
    /// Without its plus sign.
    var phone: String
    var code: String
    var channel: String
    var text: String
    var user: UserRecord
    /// Takes the code back where the message could not be sent.
    var takeBack: TakeBack

    enum TakeBack: Sendable {
        case code(CodeKind, hash: String)
        case challenge(id: String)
    }
}

import FoundationEssentials
public import ProjectModel

/// Where the messages of a channel go, with what opens the door there. It is stored sealed alone.
public enum ChannelTarget: Sendable, Equatable {
    case email(MailTarget)
    /// The address of an incoming webhook, which is a secret.
    case slack(Secret<String>)
    /// The same of Discord.
    case discord(Secret<String>)
    case webhook(WebhookTarget)

    /// A mail server, and the recipients.
    public struct MailTarget: Sendable, Equatable {
        /// Recipients at most.
        public static let recipientsMax = 20

        public var host: String
        public var port: Int
        public var user: String?
        public var password: Secret<String>?
        public var sender: String
        public var recipients: [String]

        public init(
            host: String, port: Int, user: String?, password: Secret<String>?, sender: String, recipients: [String]
        ) {
            self.host = host
            self.port = port
            self.user = user
            self.password = password
            self.sender = sender
            self.recipients = recipients
        }
    }

    /// An address, and the secrets with which messages to it are signed.
    public struct WebhookTarget: Sendable, Equatable {
        public var url: Secret<String>
        /// The present one, and the one before it while receivers change over.
        public var secrets: [Secret<String>]

        public init(url: Secret<String>, secrets: [Secret<String>]) {
            self.url = url
            self.secrets = secrets
        }

        /// Bytes of a key: 192 to 512 bits, as Standard Webhooks has it ("Symmetric signatures").
        static let keyBytes = 24...64
        private static let prefix = "whsec_"

        /// A new secret, in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64.
        public static func drawSecret() -> Secret<String> {
            var generator = SystemRandomNumberGenerator()
            let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            return Secret(prefix + Data(bytes).base64EncodedString())
        }

        /// The key that a secret stands for; nil for one in another form.
        public static func key(of secret: Secret<String>) -> [UInt8]? {
            let text = secret.reveal()
            guard text.hasPrefix(prefix), let key = Data(base64Encoded: String(text.dropFirst(prefix.count))),
                keyBytes.contains(key.count)
            else { return nil }
            return Array(key)
        }
    }

    public var kind: ChannelKind {
        switch self {
        case .email: .email
        case .slack: .slack
        case .discord: .discord
        case .webhook: .webhook
        }
    }

    /// What may be shown: path and query of addresses are keys, as is the password.
    public var shown: String {
        switch self {
        case .email(let mail): "\(mail.recipients.joined(separator: ", ")) by \(mail.host):\(mail.port)"
        case .slack(let url), .discord(let url): WebAddress(url.reveal())?.origin ?? ""
        case .webhook(let target): WebAddress(target.url.reveal())?.origin ?? ""
        }
    }

    /// Why it cannot be used; nil when it can.
    public var refusal: String? {
        switch self {
        case .email(let mail): mail.refusal
        case .slack(let url), .discord(let url):
            WebAddress(url.reveal()).map { $0.isSecure || $0.isLocal } ?? false
                ? nil : "url must be an https:// address without a user name, of \(WebAddress.lengthMax) bytes at most"
        case .webhook(let target): target.refusal
        }
    }
}

extension ChannelTarget.WebhookTarget {
    var refusal: String? {
        guard WebAddress(url.reveal()) != nil else {
            return
                "url must be an http:// or https:// address without a user name, of \(WebAddress.lengthMax) bytes at most"
        }
        guard !secrets.isEmpty, secrets.allSatisfy({ Self.key(of: $0) != nil }) else {
            return
                "secret must be whsec_ and \(Self.keyBytes.lowerBound) to \(Self.keyBytes.upperBound) bytes in base64"
        }
        return nil
    }
}

extension ChannelTarget.MailTarget {
    var refusal: String? {
        guard host.utf8.count <= 253, host.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9.:\-]*[A-Za-z0-9])?/) != nil else {
            return "smtp_host must be the name or the address of a mail server"
        }
        guard (1...65_535).contains(port) else { return "smtp_port must be from 1 to 65535" }
        guard (1...Self.recipientsMax).contains(recipients.count) else {
            return "recipients must name 1 to \(Self.recipientsMax) addresses"
        }
        guard ([sender] + recipients).allSatisfy(Self.isAddress) else {
            return "sender and recipients must be e-mail addresses in ASCII, without names"
        }
        guard (user == nil) == (password == nil) else { return "smtp_user and smtp_password come together" }
        return nil
    }

    private static func isAddress(_ text: String) -> Bool {
        text.utf8.count <= 254 && text.wholeMatch(of: /[!-;=?A-~]+@[A-Za-z0-9.\-]+/) != nil
    }
}

/// An address of the web, as far as it may be shown and judged.
struct WebAddress: Equatable {
    static let lengthMax = 2_048

    /// Scheme, host and port.
    let origin: String
    let isSecure: Bool
    /// Whether the host is written as this one.
    let isLocal: Bool

    init?(_ text: String) {
        guard text.utf8.count <= Self.lengthMax, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let match = text.wholeMatch(of: /(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]+)(:[0-9]{1,5})?([\/?].*)?/)
        else { return nil }
        if let port = match.3, UInt16(port.dropFirst()) == nil { return nil }
        isSecure = match.1 == "https"
        isLocal = ["127.0.0.1", "localhost", "[::1]"].contains(match.2)
        origin = "\(match.1)://\(match.2)\(match.3 ?? "")"
    }
}

// MARK: - As it is sealed

/// The form of a target inside its seal.
private struct SealedTarget: Codable {
    var url: String?
    var secrets: [String]?
    var host: String?
    var port: Int?
    var user: String?
    var password: String?
    var sender: String?
    var recipients: [String]?
}

extension ChannelTarget {
    /// The bytes to seal.
    func encoded() throws(ChannelRefusal) -> [UInt8] {
        var form = SealedTarget()
        switch self {
        case .slack(let url), .discord(let url): form.url = url.reveal()
        case .webhook(let target):
            form.url = target.url.reveal()
            form.secrets = target.secrets.map { $0.reveal() }
        case .email(let mail):
            (form.host, form.port, form.user) = (mail.host, mail.port, mail.user)
            form.password = mail.password?.reveal()
            (form.sender, form.recipients) = (mail.sender, mail.recipients)
        }
        do { return Array(try JSONEncoder().encode(form)) } catch { throw .unreadable }
    }

    /// What ``encoded()`` made, of a channel of a kind.
    init(_ bytes: [UInt8], kind: ChannelKind) throws(ChannelRefusal) {
        let form: SealedTarget
        do { form = try JSONDecoder().decode(SealedTarget.self, from: Data(bytes)) } catch { throw .unreadable }
        switch (kind, form.url, form.host) {
        case (.slack, let url?, _): self = .slack(Secret(url))
        case (.discord, let url?, _): self = .discord(Secret(url))
        case (.webhook, let url?, _):
            self = .webhook(WebhookTarget(url: Secret(url), secrets: (form.secrets ?? []).map { Secret($0) }))
        case (.email, _, let host?):
            self = .email(
                MailTarget(
                    host: host, port: form.port ?? 0, user: form.user, password: form.password.map { Secret($0) },
                    sender: form.sender ?? "", recipients: form.recipients ?? []))
        default: throw .unreadable
        }
    }
}

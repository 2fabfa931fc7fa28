public import Clients
public import CurlKit
import MessageKit
public import NotificationModel
import ProjectModel
import TokenKit

/// Sends messages by libcurl: mails by SMTP, the rest by HTTP. Redirects are not followed, proxies not used,
/// certificates checked, and every address is judged when the connection to it is made.
public struct CurlAlertSender: AlertSender {
    /// Bounds of one exchange.
    static let exchangeTime: Duration = .seconds(10)
    static let answerBytesMax = 16 << 10

    /// Bounds of all exchanges together.
    public static var limits: HTTPClientLimits {
        HTTPClientLimits(
            exchangeConnections: 32, longConnections: 1, waitingRequests: 64, queueTimeout: .seconds(10),
            connectTimeout: .seconds(5), exchangeTimeout: exchangeTime, responseBodyBytes: answerBytesMax,
            responseHeadBytes: 32 << 10, requestBodyBytes: 256 << 10)
    }

    private let http: HTTPClient
    private let rule: AddressRule

    /// - Parameters:
    ///   - http: A client of its own, with ``limits``.
    ///   - policy: Where messages may go.
    public init(http: HTTPClient, policy: OutboundPolicy) {
        self.http = http
        rule = AddressRule { policy.allows($0) }
    }

    public func send(_ message: AlertMessage, to target: ChannelTarget) async -> SendOutcome {
        do {
            switch target {
            case .email(let mail): return await send(message, by: mail)
            case .slack(let url): return await post(try MessageBodies.slack(message), to: url.reveal(), [])
            case .discord(let url): return await post(try MessageBodies.discord(message), to: url.reveal(), [])
            case .webhook(let webhook):
                let body = try MessageBodies.webhook(message)
                let secrets = webhook.secrets.compactMap {
                    ChannelTarget.WebhookTarget.key(of: $0).map { KeyBytes($0) }
                }
                guard !secrets.isEmpty else { return .refused("the channel has no secret to sign with: set one") }
                let headers = try WebhookSignature.headers(
                    id: message.id, seconds: message.sentAt.milliseconds / 1_000, body: body, secrets: secrets)
                return await post(body, to: webhook.url.reveal(), headers)
            }
        } catch { return .refused("the message cannot be made: \(error)") }
    }

    // MARK: - HTTP

    private func post(_ body: [UInt8], to url: String, _ headers: [(name: String, value: String)]) async -> SendOutcome
    {
        var request = HTTPRequest(
            method: "POST", url: url,
            headers: [
                ("Content-Type", "application/json"), ("User-Agent", "SupaManager"), ("Accept-Encoding", "identity"),
            ] + headers, body: body, totalTimeout: Self.exchangeTime, responseBodyLimitBytes: Self.answerBytesMax)
        request.addressRule = rule
        do throws(HTTPTransportError) {
            let answer = try await http.send(request)
            let asked = answer.headers.fields.first { $0.name.lowercased() == "retry-after" }.flatMap {
                Int64($0.value)
            }
            return Self.outcome(status: answer.status, retryAfter: asked)
        } catch {
            switch error.code {
            // It has the message, and says more than is read.
            case .bodyTooLarge, .headTooLarge: return .refused("the answer is too large")
            case .invalidRequest, .addressRefused: return .refused("\(error)")
            default: return .unavailable("\(error)", after: nil)
            }
        }
    }

    /// What a status says. Bodies are left out: what strangers answer is not shown to users.
    static func outcome(status: Int, retryAfter: Int64?) -> SendOutcome {
        switch status {
        case 200..<300: .delivered("\(status)")
        case 408, 425, 429, 500...:
            .unavailable("the sink answered \(status)", after: retryAfter.flatMap { $0 >= 0 ? .seconds($0) : nil })
        default: .refused("the sink answered \(status)")
        }
    }

    // MARK: - Mail

    private func send(_ message: AlertMessage, by target: ChannelTarget.MailTarget) async -> SendOutcome {
        let client = SMTPClient(
            server: .init(
                host: target.host, port: target.port, user: target.user, password: target.password?.reveal(),
                addressRule: rule), totalTimeout: Self.exchangeTime)
        var mail = MailMessage(
            from: target.sender, fromName: "SupaManager", to: target.recipients, subject: message.title,
            content: .plain(MessageBodies.mail(message)), id: message.id,
            seconds: Double(message.sentAt.milliseconds) / 1_000)
        mail.isAutomatic = true
        do throws(SMTPError) {
            try await client.send(Array(mail.text.utf8), from: target.sender, toAll: target.recipients)
            return .delivered("the mail server took it")
        } catch {
            // RFC 5321 §4.2.1: 5yz is final.
            if let code = error.code, (500..<600).contains(code) { return .refused("\(error)") }
            return .unavailable("\(error)", after: nil)
        }
    }
}

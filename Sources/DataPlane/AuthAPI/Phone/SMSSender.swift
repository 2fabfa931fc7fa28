import DataPlaneCore
import TokenKit

/// Speaks to the provider of text messages.
struct SMSSender: Sendable {
    /// Time for one message.
    static let timeout: Duration = .seconds(10)
    private static let responseBytesMax = 64 << 10
    private static let problemScalarsMax = 256

    let account: SMSConfiguration.Account
    let http: any OutboundHTTP

    /// Why a message is not on its way: what clients and the log learn.
    struct Failure: Error, Equatable {
        var message: String
    }

    /// Whether the provider makes the codes and checks them.
    var checksCodes: Bool { account.provider.check != nil }

    /// Sends a message.
    ///
    /// - Returns: what the provider calls it; empty where it has no name.
    func send(_ message: TextMessage) async throws(Failure) -> String {
        let form: SMSProvider.Form? =
            message.channel == "whatsapp" ? account.provider.whatsApp : account.provider.message
        guard let form else {
            throw Failure(message: "channel type \"\(message.channel)\" is not supported for \(account.provider.name)")
        }
        let answer = try await ask(form, Self.values(of: message))
        return answer.value(at: form.id)?.stringValue ?? ""
    }

    /// Whether a code is the one that the provider sent.
    func isCode(_ code: String, of phone: String) async throws(Failure) -> Bool {
        guard let form = account.provider.check else { return false }
        let answer = try await exchange(form, ["to": phone, "code": code])
        guard answer.status != 404, (200...299).contains(answer.status), let json = answer.json else {
            // A verification that is over, or was never begun, is not found.
            if answer.status == 404 { return false }
            throw Failure(message: problem(answer))
        }
        return form.conditions.allSatisfy { $0.isMet(by: json) }
    }

    private static func values(of message: TextMessage) -> [String: String] {
        [
            "to": message.phone, "text": message.text, "code": message.code, "channel": message.channel,
            "vonage type": message.text.unicodeScalars.allSatisfy(\.isASCII) ? "text" : "unicode",
        ]
    }

    private func ask(_ form: SMSProvider.Form, _ values: [String: String]) async throws(Failure) -> JSONText {
        let answer = try await exchange(form, values)
        guard (200...299).contains(answer.status), let json = answer.json,
            form.conditions.allSatisfy({ $0.isMet(by: json) })
        else { throw Failure(message: problem(answer)) }
        return json
    }

    private func exchange(
        _ form: SMSProvider.Form, _ values: [String: String]
    ) async throws(Failure) -> OutboundResponse {
        do throws(OutboundFailure) {
            return try await http.send(request(form, values))
        } catch {
            switch error {
            case .timedOut: throw Failure(message: "the provider did not answer in time")
            case .tooLarge: throw Failure(message: "the provider's answer is too long")
            case .unreachable: throw Failure(message: "the provider cannot be reached")
            }
        }
    }

    func request(_ form: SMSProvider.Form, _ values: [String: String]) -> OutboundRequest {
        var all = account.settings.merging(values) { _, value in value }
        // A number sends to WhatsApp under the channel's name, a message service under its own.
        let sender = account.settings["MESSAGE_SERVICE_SID"] ?? ""
        all["whatsapp sender"] = PhoneNumber(sender) == nil ? sender : "whatsapp:\(sender)"
        let fields = form.fields.map { (name: $0.name, value: Self.filled($0.value, all)) }
        var headers: [(name: String, value: String)] = []
        switch account.provider.authorization {
        case .none: break
        case .basic(let user, let password):
            let pair = "\(all[user] ?? ""):\(all[password] ?? "")"
            headers.append(("Authorization", "Basic \(Base64.encode(Array(pair.utf8)))"))
        case .header(let text): headers.append(("Authorization", Self.filled(text, all)))
        }
        let escaped = account.settings.mapValues { FormText.encode($0) }
        return OutboundRequest(
            form: fields, to: Self.filled(form.url, escaped), headers: headers, timeout: Self.timeout,
            responseBytesMax: Self.responseBytesMax)
    }

    /// Puts values in the place of their names, once: what a value holds is not looked at.
    static func filled(_ text: String, _ values: [String: String]) -> String {
        var filled = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            filled += rest[..<open]
            let inner = rest[rest.index(after: open)...]
            guard let close = inner.firstIndex(of: "}"), let value = values[String(inner[..<close])] else {
                filled += "{"
                rest = inner
                continue
            }
            filled += value
            rest = inner[inner.index(after: close)...]
        }
        return filled + rest
    }

    private func problem(_ answer: OutboundResponse) -> String {
        let json = answer.json ?? .null
        let text = account.provider.problem.lazy.compactMap { json.value(at: $0)?.stringValue }.first { !$0.isEmpty }
        guard let text else { return "the provider answered with status \(answer.status)" }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.problemScalarsMax)))
    }
}

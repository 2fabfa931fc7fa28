import DataPlaneCore

/// A provider of text messages as data: what it is set up with, what it is sent, how its answer is read.
/// ``SMSSender`` is the one that speaks to all of them.
///
/// Texts hold `{name}` for a setting of that name and for `{to}`, `{text}`, `{code}`, `{channel}`.
public struct SMSProvider: Sendable {
    /// A setting: the end of its name in `GOTRUE_SMS_PROVIDER_*`.
    struct Setting: Sendable {
        var name: String
        var isRequired = true
    }

    enum Authorization: Sendable {
        case none
        /// Settings with the user's name and the password.
        case basic(user: String, password: String)
        case header(String)
    }

    /// What an answer must say for the message to be on its way.
    enum Condition: Sendable {
        case text(at: [String], noneOf: [String])
        case word(at: [String], is: String)
        case number(at: [String], isNot: String)
        case truth(at: [String])
    }

    struct Form: Sendable {
        var url: String
        var fields: [(name: String, value: String)]
        var conditions: [Condition]
        /// Where the answer names the message.
        var id: [String]
    }

    /// The name in `GOTRUE_SMS_PROVIDER`.
    public let name: String
    let settings: [Setting]
    let authorization: Authorization
    let message: Form
    /// Where it sends to WhatsApp, too.
    var whatsApp: Form?
    /// Where the provider makes the codes and checks them.
    var check: Form?
    /// Where an answer says what is wrong.
    let problem: [[String]]

    /// Names of its settings and whether each is needed.
    public var settingNames: [(name: String, isRequired: Bool)] { settings.map { ($0.name, $0.isRequired) } }

    /// The providers that can be chosen.
    public static let all: [SMSProvider] = [twilio, twilioVerify, messageBird, textLocal, vonage]
}

extension SMSProvider {
    private static let twilioSettings = [
        Setting(name: "ACCOUNT_SID"), Setting(name: "AUTH_TOKEN"), Setting(name: "MESSAGE_SERVICE_SID"),
    ]
    private static let twilioStatus = Condition.text(at: ["status"], noneOf: ["failed", "undelivered"])
    private static let twilioURL = "https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    private static let verifyURL = "https://verify.twilio.com/v2/Services/{MESSAGE_SERVICE_SID}"

    private static let twilio = SMSProvider(
        name: "twilio", settings: twilioSettings + [Setting(name: "CONTENT_SID", isRequired: false)],
        authorization: .basic(user: "ACCOUNT_SID", password: "AUTH_TOKEN"),
        message: Form(
            url: twilioURL,
            fields: [
                ("To", "+{to}"), ("Channel", "{channel}"), ("From", "{MESSAGE_SERVICE_SID}"), ("Body", "{text}"),
            ], conditions: [twilioStatus], id: ["sid"]),
        whatsApp: Form(
            url: twilioURL,
            fields: [
                ("To", "whatsapp:+{to}"), ("Channel", "{channel}"), ("From", "{whatsapp sender}"),
                ("ContentSID", "{CONTENT_SID}"), ("ContentVariables", #"{"1":"{code}"}"#),
            ], conditions: [twilioStatus], id: ["sid"]),
        problem: [["message"], ["error_message"]])

    private static let twilioVerify = SMSProvider(
        name: "twilio_verify", settings: twilioSettings,
        authorization: .basic(user: "ACCOUNT_SID", password: "AUTH_TOKEN"),
        message: verification, whatsApp: verification,
        check: Form(
            url: "\(verifyURL)/VerificationCheck", fields: [("To", "+{to}"), ("Code", "{code}")],
            conditions: [.word(at: ["status"], is: "approved"), .truth(at: ["valid"])], id: ["sid"]),
        problem: [["message"], ["error_message"]])

    private static let verification = Form(
        url: "\(verifyURL)/Verifications", fields: [("To", "+{to}"), ("Channel", "{channel}")], conditions: [],
        id: ["sid"])

    private static let messageBird = SMSProvider(
        name: "messagebird", settings: [Setting(name: "ACCESS_KEY"), Setting(name: "ORIGINATOR")],
        authorization: .header("AccessKey {ACCESS_KEY}"),
        message: Form(
            url: "https://rest.messagebird.com/messages",
            fields: [
                ("originator", "{ORIGINATOR}"), ("body", "{text}"), ("recipients", "{to}"), ("type", "sms"),
                ("datacoding", "unicode"),
            ], conditions: [.number(at: ["recipients", "totalSentCount"], isNot: "0")], id: ["id"]),
        problem: [["errors", "0", "description"]])

    private static let textLocal = SMSProvider(
        name: "textlocal", settings: [Setting(name: "API_KEY"), Setting(name: "SENDER")], authorization: .none,
        message: Form(
            url: "https://api.textlocal.in/send",
            fields: [
                ("sender", "{SENDER}"), ("apikey", "{API_KEY}"), ("message", "{text}"), ("numbers", "{to}"),
            ], conditions: [.word(at: ["status"], is: "success")], id: ["messages", "0", "id"]),
        problem: [["errors", "0", "message"]])

    private static let vonage = SMSProvider(
        name: "vonage",
        settings: [Setting(name: "API_KEY"), Setting(name: "API_SECRET"), Setting(name: "FROM")],
        authorization: .none,
        message: Form(
            url: "https://rest.nexmo.com/sms/json",
            fields: [
                ("from", "{FROM}"), ("to", "{to}"), ("text", "{text}"), ("api_key", "{API_KEY}"),
                ("api_secret", "{API_SECRET}"), ("type", "{vonage type}"),
            ], conditions: [.word(at: ["messages", "0", "status"], is: "0")], id: ["messages", "0", "message-id"]),
        problem: [["messages", "0", "error-text"]])
}

extension SMSProvider.Condition {
    func isMet(by answer: JSONText) -> Bool {
        switch self {
        case .text(let path, let texts):
            answer.value(at: path)?.stringValue.map { !texts.contains($0) } ?? true
        case .word(let path, let text): answer.value(at: path)?.stringValue == text
        case .number(let path, let number):
            if case .number(let digits)? = answer.value(at: path) { digits != number } else { false }
        case .truth(let path): answer.value(at: path) == .bool(true)
        }
    }
}

extension JSONText {
    /// A value inside: names of members, and numbers of elements.
    func value(at path: [String]) -> JSONText? {
        path.reduce(self as JSONText?) { value, step in
            guard let elements = value?.arrayValue else { return value?[step] }
            guard let index = Int(step), elements.indices.contains(index) else { return nil }
            return elements[index]
        }
    }
}

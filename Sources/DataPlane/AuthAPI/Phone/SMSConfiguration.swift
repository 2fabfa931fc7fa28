import DataPlaneCore

/// `GOTRUE_SMS_*`: how codes reach phones.
public struct SMSConfiguration: Sendable {
    /// A chosen provider and its settings by name, such as `AUTH_TOKEN`.
    public struct Account: Sendable {
        /// The provider.
        public var provider: SMSProvider
        /// Values of its settings.
        public var settings: [String: String]

        /// A provider with its settings.
        public init(provider: SMSProvider, settings: [String: String]) {
            self.provider = provider
            self.settings = settings
        }
    }

    /// `_PROVIDER` with its settings; nil where none is named.
    public var account: Account?
    /// `_TEMPLATE`; `{{ .Code }}` stands for the code.
    public var template = "Your code is {{ .Code }}"
    /// `_OTP_EXP` in seconds.
    public var codeSeconds = 60
    /// `_OTP_LENGTH`
    public var codeLength = 6
    /// `_MAX_FREQUENCY` in seconds.
    public var gapSeconds = 60
    /// `_TEST_OTP`: codes by phone number; nothing is sent to these.
    public var testCodes: [String: String] = [:]
    /// `_TEST_OTP_VALID_UNTIL` in seconds since the epoch.
    public var testCodesEnd: Double?

    /// The default settings.
    public init() {}

    /// Whether a template can be used.
    public static func isTemplate(_ text: String) -> Bool { (try? MailTemplate(text)) != nil }

    /// The fixed code of a number for tests; nil for any other.
    func testCode(_ digits: String, at now: Double) -> String? {
        if let testCodesEnd, now > testCodesEnd { return nil }
        return testCodes[digits]
    }

    /// Seconds since the epoch of a time in UTC, such as `2030-01-31T12:00:00Z`; nil for any other text.
    public static func seconds(ofTime text: String) -> Double? {
        text.hasSuffix("Z") ? Timestamp.seconds(text.dropLast() + "+00:00") : Timestamp.seconds(text)
    }

    /// Takes `GOTRUE_SMS_TEST_OTP` apart: `15551234567=123456,…`; nil where it is of no such form.
    public static func testCodes(_ text: String) -> [String: String]? {
        var codes: [String: String] = [:]
        for pair in text.split(separator: ",").map({ String($0).trimmed }) where !pair.isEmpty {
            let parts = pair.split(whereSeparator: { $0 == "=" || $0 == ":" }).map { String($0).trimmed }
            guard parts.count == 2, let phone = PhoneNumber(parts[0]), (4...10).contains(parts[1].utf8.count),
                parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return nil }
            codes[phone.digits] = parts[1]
        }
        return codes
    }
}

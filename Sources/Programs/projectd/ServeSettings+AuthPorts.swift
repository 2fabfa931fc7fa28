import AuthAPI

/// GoTrue's settings of hooks, text messages and captchas.
extension AuthConfigurationReader {
    func hooks() throws(SettingProblem) -> [HookKind: HookTarget] {
        var hooks: [HookKind: HookTarget] = [:]
        for kind in HookKind.allCases {
            let prefix = "GOTRUE_HOOK_\(kind.settingName)"
            guard try reader.bool("\(prefix)_ENABLED") == true else { continue }
            do throws(HookProblem) {
                hooks[kind] = try HookTarget(
                    uri: reader.text("\(prefix)_URI") ?? "", secrets: reader.text("\(prefix)_SECRETS"))
            } catch {
                throw SettingProblem(error == .uri ? "\(prefix)_URI" : "\(prefix)_SECRETS", error.description)
            }
        }
        return hooks
    }

    func sms() throws(SettingProblem) -> SMSConfiguration {
        var sms = SMSConfiguration()
        sms.account = try smsAccount()
        sms.template = try smsTemplate("GOTRUE_SMS_TEMPLATE") ?? sms.template
        sms.codeSeconds = try seconds("GOTRUE_SMS_OTP_EXP") ?? sms.codeSeconds
        sms.codeLength = try reader.int("GOTRUE_SMS_OTP_LENGTH", 6...10) ?? sms.codeLength
        sms.gapSeconds = try seconds("GOTRUE_SMS_MAX_FREQUENCY") ?? sms.gapSeconds
        if let text = reader.text("GOTRUE_SMS_TEST_OTP") {
            guard let codes = SMSConfiguration.testCodes(text) else {
                throw SettingProblem("GOTRUE_SMS_TEST_OTP", "not of the form 15551234567=123456,15557654321=654321")
            }
            sms.testCodes = codes
        }
        if let text = reader.text("GOTRUE_SMS_TEST_OTP_VALID_UNTIL") {
            guard let end = SMSConfiguration.seconds(ofTime: text) else {
                throw SettingProblem("GOTRUE_SMS_TEST_OTP_VALID_UNTIL", "not a time such as 2030-01-31T12:00:00Z")
            }
            sms.testCodesEnd = end
        }
        return sms
    }

    private func smsAccount() throws(SettingProblem) -> SMSConfiguration.Account? {
        guard let name = reader.text("GOTRUE_SMS_PROVIDER") else { return nil }
        guard let provider = SMSProvider.all.first(where: { $0.name == name }) else {
            let names = SMSProvider.all.map(\.name).joined(separator: ", ")
            throw SettingProblem("GOTRUE_SMS_PROVIDER", "\(name) is none of \(names)")
        }
        var settings: [String: String] = [:]
        for (setting, isRequired) in provider.settingNames {
            let full = "GOTRUE_SMS_\(name.uppercased())_\(setting)"
            guard let value = reader.text(full) else {
                // As GoTrue has it: requests for messages are refused, everything else is served.
                guard !isRequired else { return nil }
                continue
            }
            settings[setting] = value
        }
        return SMSConfiguration.Account(provider: provider, settings: settings)
    }

    func smsTemplate(_ name: String) throws(SettingProblem) -> String? {
        guard let text = reader.text(name) else { return nil }
        guard SMSConfiguration.isTemplate(text) else { throw SettingProblem(name, "not a template that can be used") }
        return text
    }

    func captcha() throws(SettingProblem) -> CaptchaConfiguration? {
        let prefix = "GOTRUE_SECURITY_CAPTCHA_"
        guard try reader.bool(prefix + "ENABLED") == true else { return nil }
        guard let provider: CaptchaConfiguration.Provider = try reader.choice(prefix + "PROVIDER") else {
            throw SettingProblem(prefix + "PROVIDER", "not set; \(prefix)ENABLED needs hcaptcha or turnstile")
        }
        guard let secret = reader.text(prefix + "SECRET") else {
            throw SettingProblem(prefix + "SECRET", "not set; \(prefix)ENABLED needs it")
        }
        var captcha = CaptchaConfiguration(provider: provider, secret: secret)
        captcha.timeoutSeconds = try seconds(prefix + "TIMEOUT").map { min(max($0, 1), 10) } ?? captcha.timeoutSeconds
        return captcha
    }

    /// A number, or a number in a time such as `100/1h`.
    func rate(_ name: String) throws(SettingProblem) -> (count: Int, seconds: Int?)? {
        guard let text = reader.text(name) else { return nil }
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard let count = parts.first.flatMap({ Double($0) }), (0...Double(Self.countMax)).contains(count) else {
            throw SettingProblem(name, "\(text) is neither a number nor of the form 100/1h")
        }
        guard parts.count == 2 else { return (Int(count), nil) }
        guard let seconds = GoDuration.seconds(parts[1]), (1...1e7).contains(seconds) else {
            throw SettingProblem(name, "\(text) is not of the form 100/1h")
        }
        return (Int(count), Int(seconds))
    }
}

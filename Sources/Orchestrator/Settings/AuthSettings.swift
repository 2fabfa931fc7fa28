public import ProjectModel

/// The configuration of auth (GoTrue), key by key as `/config/auth` names them. Keys that no variable of GoTrue carries
/// keep a fixed value; asking for another is refused.
public enum AuthSettings {
    /// All keys.
    public static let table = ServiceSettings(
        "auth", general + mail + security + factors + messages + hooks + providers + unoffered)

    /// Turns a change of some keys into one of variables, for ``ProjectCatalog/change(settings:of:)``.
    ///
    /// - Throws: ``CatalogError/badSetting(_:)`` that names every key with which auth could not start, combinations of
    ///   keys included.
    public static func changes(
        _ wanted: [String: SettingValue], present: ProjectSettingsValues
    ) throws(CatalogError) -> [String: Secret<String>?] {
        let changes = try table.changes(wanted, present: present)
        try check { name in
            guard let change = changes[name] else { return present[name] }
            return change?.reveal() ?? present.declared[name]
        }
        return changes
    }

    /// Combinations over which GoTrue ends at its start, or which cannot work.
    private static func check(_ value: (String) -> String?) throws(CatalogError) {
        func isOn(_ name: String) -> Bool { value(name) == "true" }
        func isMissing(_ name: String) -> Bool { (value(name) ?? "").isEmpty }
        var problems: [String] = []
        if isOn("ENABLE_EMAIL_AUTOCONFIRM"), isOn("GOTRUE_MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS") {
            problems.append("mailer_autoconfirm and mailer_allow_unverified_email_sign_ins exclude each other")
        }
        if isOn("GOTRUE_SECURITY_CAPTCHA_ENABLED"), isMissing("GOTRUE_SECURITY_CAPTCHA_SECRET") {
            problems.append("security_captcha_enabled needs security_captcha_secret")
        }
        for hook in hookNames where isOn("GOTRUE_HOOK_\(hook.uppercased())_ENABLED") {
            if isMissing("GOTRUE_HOOK_\(hook.uppercased())_URI") {
                problems.append("hook_\(hook)_enabled needs hook_\(hook)_uri")
            }
        }
        for provider in providerNames where isOn("GOTRUE_EXTERNAL_\(provider.uppercased())_ENABLED") {
            for part in ["client_id", "secret"] where isMissing(variable("external_\(provider)_\(part)")) {
                problems.append("external_\(provider)_enabled needs external_\(provider)_\(part)")
            }
        }
        guard problems.isEmpty else { throw .badSetting(problems.joined(separator: "; ")) }
    }

    /// GoTrue's own name of a key.
    static func variable(_ key: String) -> String { "GOTRUE_\(key.uppercased())" }

    /// A key that GoTrue's variable of the same name carries.
    static func own(_ key: String, _ form: SettingForm, _ standard: SettingValue = .null) -> ServiceSetting {
        ServiceSetting(key, variable(key), form, standard)
    }

    static let count: ClosedRange<Int64> = 1...2_147_483_647
    static let seconds: ClosedRange<Int64> = 1...32_767
    static let codeLength: SettingForm = .whole(6...10)

    private static let general = [
        ServiceSetting("site_url", "SITE_URL", .text(.single)),
        ServiceSetting("uri_allow_list", "ADDITIONAL_REDIRECT_URLS", .text(.wildcards)),
        ServiceSetting("disable_signup", "DISABLE_SIGNUP", .flag),
        ServiceSetting("jwt_exp", "JWT_EXPIRY", .whole(1...604_800)),
        ServiceSetting("external_email_enabled", "ENABLE_EMAIL_SIGNUP", .flag),
        ServiceSetting("external_anonymous_users_enabled", "ENABLE_ANONYMOUS_USERS", .flag),
        ServiceSetting("external_phone_enabled", "ENABLE_PHONE_SIGNUP", .flag),
        own("external_web3_solana_enabled", .flag, .flag(false)),
        own("external_web3_ethereum_enabled", .flag, .flag(false)),
        own("api_max_request_duration", .seconds(1...3_600), .whole(10)),
        own("db_max_pool_size", .wholeOrDefault(1...10_000)),
        own("rate_limit_email_sent", .whole(count), .whole(30)),
        own("rate_limit_sms_sent", .whole(count), .whole(30)),
        own("rate_limit_verify", .whole(count), .whole(30)),
        own("rate_limit_token_refresh", .whole(count), .whole(150)),
        own("rate_limit_anonymous_users", .whole(count), .whole(30)),
        own("rate_limit_otp", .whole(count), .whole(30)),
        own("rate_limit_web3", .whole(count), .whole(30)),
    ]
}

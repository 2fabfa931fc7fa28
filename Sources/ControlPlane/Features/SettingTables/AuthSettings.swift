public import Orchestrator
public import ProjectModel

/// The configuration of auth, key by key as `/config/auth` names them. Keys that no setting of GoTrue carries keep a
/// fixed value; asking for another is refused.
public enum AuthSettings {
    /// All keys.
    public static let table = ServiceSettings(
        .auth, name: "auth", settings: general + mail + security + factors + messages + hooks + providers + unoffered)

    /// Turns a change of some keys into one of variables, for ``ProjectCatalog/change(settings:of:)``.
    ///
    /// - Throws: ``CatalogError/badSetting(_:)`` that names every key with which auth could not start, combinations of
    ///   keys included.
    public static func changes(
        _ wanted: [String: SettingValue], present: ProjectSettingsValues
    ) throws(CatalogError) -> [String: Secret<String>?] {
        let changes = try table.changes(wanted, present: present)
        try check { key in
            guard let name = present.variable(of: SettingName(.auth, key)) else { return nil }
            guard let change = changes[name] else { return present[name] }
            return change?.reveal() ?? present.declared[name]
        }
        return changes
    }

    /// Combinations over which GoTrue ends at its start, or which cannot work.
    private static func check(_ value: (String) -> String?) throws(CatalogError) {
        func isOn(_ key: String) -> Bool { value(key) == "true" }
        func isMissing(_ key: String) -> Bool { (value(key) ?? "").isEmpty }
        var problems: [String] = []
        if isOn("mailer_autoconfirm"), isOn("mailer_allow_unverified_email_sign_ins") {
            problems.append("mailer_autoconfirm and mailer_allow_unverified_email_sign_ins exclude each other")
        }
        if isOn("security_captcha_enabled"), isMissing("security_captcha_secret") {
            problems.append("security_captcha_enabled needs security_captcha_secret")
        }
        for hook in hookNames where isOn("hook_\(hook)_enabled") && isMissing("hook_\(hook)_uri") {
            problems.append("hook_\(hook)_enabled needs hook_\(hook)_uri")
        }
        for provider in providerNames where isOn("external_\(provider)_enabled") {
            for part in ["client_id", "secret"] where isMissing("external_\(provider)_\(part)") {
                problems.append("external_\(provider)_enabled needs external_\(provider)_\(part)")
            }
        }
        guard problems.isEmpty else { throw .badSetting(problems.joined(separator: "; ")) }
    }

    static let count: ClosedRange<Int64> = 1...2_147_483_647
    static let seconds: ClosedRange<Int64> = 1...32_767
    static let codeLength: SettingForm = .whole(6...10)

    private static let general = [
        ServiceSetting("site_url", .text(.single)),
        ServiceSetting("uri_allow_list", .text(.wildcards)),
        ServiceSetting("disable_signup", .flag),
        ServiceSetting("jwt_exp", .whole(1...604_800)),
        ServiceSetting("external_email_enabled", .flag),
        ServiceSetting("external_anonymous_users_enabled", .flag),
        ServiceSetting("external_phone_enabled", .flag),
        ServiceSetting("external_web3_solana_enabled", .flag, standard: .flag(false)),
        ServiceSetting("external_web3_ethereum_enabled", .flag, standard: .flag(false)),
        ServiceSetting("api_max_request_duration", .seconds(1...3_600), standard: .whole(10)),
        ServiceSetting("db_max_pool_size", .wholeOrDefault(1...10_000)),
        ServiceSetting("rate_limit_email_sent", .whole(count), standard: .whole(30)),
        ServiceSetting("rate_limit_sms_sent", .whole(count), standard: .whole(30)),
        ServiceSetting("rate_limit_verify", .whole(count), standard: .whole(30)),
        ServiceSetting("rate_limit_token_refresh", .whole(count), standard: .whole(150)),
        ServiceSetting("rate_limit_anonymous_users", .whole(count), standard: .whole(30)),
        ServiceSetting("rate_limit_otp", .whole(count), standard: .whole(30)),
        ServiceSetting("rate_limit_web3", .whole(count), standard: .whole(30)),
    ]
}

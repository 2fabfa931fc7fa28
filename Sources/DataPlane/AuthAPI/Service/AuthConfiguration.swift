public import Clients
import DataPlaneCore

/// Settings of the AUTH API, by GoTrue's names (`GOTRUE_SITE_URL` is ``siteURL``).
public struct AuthConfiguration: Sendable {
    /// `API_EXTERNAL_URL`: where clients reach this API, without a slash at its end.
    public var externalURL = "http://localhost:8081"
    /// `GOTRUE_SITE_URL`
    public var siteURL = "http://localhost:3000"
    /// `GOTRUE_URI_ALLOW_LIST`: globs of further redirect targets.
    public var redirectGlobs: [String] = []
    /// `GOTRUE_DISABLE_SIGNUP`
    public var isSignupDisabled = false
    /// `GOTRUE_CORS_ALLOWED_HEADERS`
    public var extraCORSHeaders: [String] = []

    /// `GOTRUE_JWT_EXP`: life of an access token in seconds.
    public var tokenSeconds = 3_600
    /// `GOTRUE_JWT_AUD`
    public var audience = "authenticated"
    /// `GOTRUE_JWT_ISSUER`; nil is the external URL.
    public var issuer: String?
    /// `GOTRUE_JWT_ADMIN_ROLES`
    public var adminRoles: Set<String> = ["service_role", "supabase_admin"]
    /// `GOTRUE_JWT_DEFAULT_GROUP_NAME`
    public var defaultRole = "authenticated"

    /// `GOTRUE_SESSIONS_TIMEBOX` in seconds.
    public var sessionTimebox: Int?
    /// `GOTRUE_SESSIONS_INACTIVITY_TIMEOUT` in seconds.
    public var sessionInactivity: Int?
    /// `GOTRUE_SESSIONS_ALLOW_LOW_AAL` in seconds.
    public var lowAALSeconds: Int?
    /// `GOTRUE_SESSIONS_SINGLE_PER_USER`
    public var hasSingleSession = false
    /// `GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED`: whether a token that is used again ends its session.
    public var endsReusedSessions = true
    /// `GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL` in seconds. GoTrue's own default of 0 logs users out whose
    /// applications lose an answer.
    public var reuseSeconds = 10
    /// `GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION`
    public var requiresReauthentication = false
    /// `GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD`
    public var requiresCurrentPassword = false
    /// `GOTRUE_SECURITY_MANUAL_LINKING_ENABLED`
    public var allowsLinking = false

    /// `GOTRUE_PASSWORD_MIN_LENGTH`
    public var passwordLengthMin = 6
    /// `GOTRUE_PASSWORD_REQUIRED_CHARACTERS`, taken apart.
    public var passwordCharacterSets: [String] = []
    /// `GOTRUE_PASSWORD_HIBP_ENABLED`: whether new passwords are looked for in the list of leaked ones.
    public var checksLeaks = false
    /// `GOTRUE_PASSWORD_HIBP_FAIL_CLOSED`: whether no password is taken while the list does not answer.
    public var failsClosedOnLeaks = false
    /// `GOTRUE_SECURITY_CAPTCHA_*`; nil asks for none.
    public var captcha: CaptchaConfiguration?
    /// Whether `auth.audit_log_entries` is written; `GOTRUE_AUDIT_LOG_DISABLE_POSTGRES` switches it off.
    public var keepsAudit = true

    /// `GOTRUE_EXTERNAL_EMAIL_ENABLED`
    public var hasEmail = true
    /// `GOTRUE_EXTERNAL_EMAIL_MAGIC_LINK_ENABLED`
    public var hasMagicLinks = true
    /// `GOTRUE_EXTERNAL_EMAIL_AUTHORIZED_ADDRESSES`; empty allows all.
    public var authorizedAddresses: [String] = []
    /// `GOTRUE_MAILER_AUTOCONFIRM`
    public var autoconfirmsEmail = false
    /// `GOTRUE_MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS`
    public var allowsUnverifiedEmail = false
    /// `GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED`
    public var hasSecureEmailChange = true
    /// `GOTRUE_MAILER_OTP_EXP` in seconds.
    public var emailCodeSeconds = 86_400
    /// `GOTRUE_MAILER_OTP_LENGTH`
    public var emailCodeLength = 6
    /// `GOTRUE_SMTP_MAX_FREQUENCY` in seconds.
    public var emailGapSeconds = 60
    /// `GOTRUE_EXTERNAL_PHONE_ENABLED`
    public var hasPhone = false
    /// `GOTRUE_SMS_AUTOCONFIRM`
    public var autoconfirmsPhone = false
    /// `GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED`
    public var hasAnonymous = false
    /// `GOTRUE_EXTERNAL_FLOW_STATE_EXPIRY_DURATION` in seconds.
    public var flowSeconds = 300

    /// Providers at which users sign in.
    public var external = ExternalConfiguration()
    /// Settings of MFA.
    public var mfa = MFA()
    /// Limits of requests.
    public var rates = Rates()
    /// `GOTRUE_SMTP_*` and `GOTRUE_MAILER_*`; nil where no host is named: then no mail is made.
    public var mail: MailConfiguration?
    /// `GOTRUE_MAILER_NOTIFICATIONS_*_ENABLED`
    public var notices: Set<MailKind> = []
    /// `GOTRUE_HOOK_*` that are enabled.
    public var hooks: [HookKind: HookTarget] = [:]
    /// `GOTRUE_SMS_*`
    public var sms = SMSConfiguration()

    /// `GOTRUE_MFA_*`
    public struct MFA: Sendable {
        /// `_MAX_ENROLLED_FACTORS`
        public var factorsMax = 10
        /// `_CHALLENGE_EXPIRY_DURATION` in seconds.
        public var challengeSeconds = 300
        /// `_FACTOR_EXPIRY_DURATION` in seconds.
        public var factorSeconds = 300
        /// `_TOTP_ENROLL_ENABLED`
        public var canEnrollTOTP = true
        /// `_TOTP_VERIFY_ENABLED`
        public var canVerifyTOTP = true
        /// `_MAX_VERIFIED_FACTORS`
        public var verifiedFactorsMax = 10
        /// `_PHONE_ENROLL_ENABLED`
        public var canEnrollPhone = false
        /// `_PHONE_VERIFY_ENABLED`
        public var canVerifyPhone = false
        /// `_PHONE_OTP_LENGTH`
        public var phoneCodeLength = 6
        /// `_PHONE_MAX_FREQUENCY` in seconds.
        public var phoneGapSeconds = 60
        /// `_PHONE_TEMPLATE`
        public var phoneTemplate = "Your code is {{ .Code }}"
    }

    /// `GOTRUE_RATE_LIMIT_*`: requests of one address in five minutes, unless said otherwise.
    public struct Rates: Sendable {
        /// `_HEADER`: the header that names the client's address, in lower case; nil: the connection does.
        public var header: String?
        /// Proxies whose word counts. Where there are any, the header of others does not.
        public var proxies = TrustedProxies()
        /// `_OTP`
        public var otp = 30
        /// `_VERIFY`
        public var verify = 30
        /// `_TOKEN_REFRESH`
        public var token = 150
        /// `_ANONYMOUS_USERS`, in an hour.
        public var anonymous = 30
        /// `GOTRUE_MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY`, in a minute.
        public var mfa = 15
        /// `_EMAIL_SENT`, of the whole project, in ``emailSeconds``.
        public var email = 30
        /// The time in which ``email`` mails are sent.
        public var emailSeconds = 3_600
        /// `_SMS_SENT`, of the whole project, in ``smsSeconds``.
        public var sms = 30
        /// The time in which ``sms`` text messages are sent.
        public var smsSeconds = 3_600
    }

    /// The default settings.
    public init() {}

    var issuerName: String { issuer ?? externalURL }

    /// Whether anything leads to a server of others, which is asked by ``OutboundHTTP``.
    public var asksOthers: Bool {
        let hasServerHook = hooks.values.contains { if case .server = $0 { true } else { false } }
        let fetchesTemplates = mail.map { !$0.templateAddresses.isEmpty } ?? false
        return external.isUsed || hasServerHook || fetchesTemplates || checksLeaks || captcha != nil
            || sms.account != nil
    }
}

extension AuthConfiguration.Rates {
    /// The address that requests are counted by: the header's, from the right the first hop that is no trusted proxy,
    /// else the connection's.
    func client(of http: ServiceRequest) -> ClientAddress? {
        let peer = http.peer.flatMap { ClientAddress($0) }
        guard let header, proxies.addresses.isEmpty || peer.map(proxies.addresses.contains) ?? false else {
            return peer
        }
        let hops = http.headers(header).joined(separator: ",").split(separator: ",")
        for hop in hops.reversed() {
            guard let address = ClientAddress(String(hop).trimmed) else { return peer }
            if !proxies.addresses.contains(address) { return address }
        }
        return peer
    }
}

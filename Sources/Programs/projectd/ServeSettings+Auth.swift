import AuthAPI
import FoundationEssentials
import PasswordKit
import PostgresKit

extension ServeSettings {
    /// Settings of the AUTH API.
    struct Auth {
        /// Passwords that are hashed at once, 19 MiB and about 50 ms each, and those that wait. All clients of a
        /// server that signs users in come from its network.
        static var passwords: PasswordWorkers.Limits {
            PasswordWorkers.Limits(
                runningMax: min(4, ProcessInfo.processInfo.activeProcessorCount), waitingMax: 32, perClientMax: 24,
                waitMax: .seconds(5))
        }

        var database: PostgresConnectionParameters
        var pool = PostgresPoolConfiguration()
        var limits: PostgresLimits
        var configuration: AuthConfiguration
        var keys: SigningKeys
        /// `GOTRUE_DB_CLEANUP_ENABLED`
        var cleansUp: Bool

        init(_ reader: SettingReader, keys: TokenKeySettings) throws(SettingProblem) {
            database = AuthService.parameters(
                try ServeSettings.database(reader, "GOTRUE_DB_DATABASE_URL", "DATABASE_URL"))
            pool.minimumConnections = 0
            pool.maximumConnections =
                try reader.int("GOTRUE_DB_MAX_POOL_SIZE", 0...10_000).flatMap { $0 == 0 ? nil : $0 } ?? 10
            pool.idleLimit = ServeSettings.connectionIdleMax
            pool.maximumAge = ServeSettings.connectionAgeMax
            limits = try ServeSettings.limits(reader, of: database)
            limits.statementDeadline = AuthService.statementDeadline
            self.keys = try keys.signing()
            configuration = try AuthConfigurationReader(reader).configuration()
            cleansUp = try reader.bool("GOTRUE_DB_CLEANUP_ENABLED") ?? false
        }
    }
}

/// Reads GoTrue's settings.
struct AuthConfigurationReader {
    /// The largest number that the Management API lets pass: what it takes, the server starts with.
    static let countMax = Int(Int32.max)

    let reader: SettingReader

    init(_ reader: SettingReader) { self.reader = reader }

    func configuration() throws(SettingProblem) -> AuthConfiguration {
        var made = AuthConfiguration()
        guard let externalURL = reader.text("API_EXTERNAL_URL") else {
            throw SettingProblem("API_EXTERNAL_URL", "not set; give the address at which clients reach this API")
        }
        made.externalURL = String(externalURL.reversed().drop { $0 == "/" }.reversed())
        guard let siteURL = reader.text("GOTRUE_SITE_URL") else {
            throw SettingProblem("GOTRUE_SITE_URL", "not set; give the address of the project's site")
        }
        made.siteURL = siteURL
        made.redirectGlobs = reader.list("GOTRUE_URI_ALLOW_LIST") ?? []
        made.isSignupDisabled = try reader.bool("GOTRUE_DISABLE_SIGNUP") ?? false
        made.extraCORSHeaders = reader.list("GOTRUE_CORS_ALLOWED_HEADERS") ?? []
        try readTokens(&made)
        try readSessions(&made)
        try readEmail(&made)
        made.hasPhone = try reader.bool("GOTRUE_EXTERNAL_PHONE_ENABLED") ?? false
        made.autoconfirmsPhone = try reader.bool("GOTRUE_SMS_AUTOCONFIRM") ?? false
        made.hasAnonymous = try reader.bool("GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED") ?? false
        made.flowSeconds = try seconds("GOTRUE_EXTERNAL_FLOW_STATE_EXPIRY_DURATION") ?? made.flowSeconds
        try readMFA(&made.mfa)
        try readRates(&made.rates)
        made.external = try ProviderSettingsReader(reader).configuration()
        made.mail = try mail()
        made.notices = try notices()
        made.hooks = try hooks()
        made.sms = try sms()
        made.captcha = try captcha()
        made.keepsAudit = try !(reader.bool("GOTRUE_AUDIT_LOG_DISABLE_POSTGRES") ?? false)
        return made
    }

    /// A duration as Go writes it, or plain seconds.
    func seconds(_ name: String) throws(SettingProblem) -> Int? {
        guard let text = reader.text(name) else { return nil }
        guard let seconds = Double(text) ?? GoDuration.seconds(text), (0...1e10).contains(seconds) else {
            throw SettingProblem(name, "\(text) is not a duration such as 30s or 24h")
        }
        return Int(seconds)
    }

    private func readTokens(_ made: inout AuthConfiguration) throws(SettingProblem) {
        made.tokenSeconds = try reader.int("GOTRUE_JWT_EXP", 1...31_536_000) ?? made.tokenSeconds
        made.audience = reader.text("GOTRUE_JWT_AUD") ?? made.audience
        made.issuer = reader.text("GOTRUE_JWT_ISSUER")
        if let roles = reader.list("GOTRUE_JWT_ADMIN_ROLES"), !roles.isEmpty { made.adminRoles = Set(roles) }
        made.defaultRole = reader.text("GOTRUE_JWT_DEFAULT_GROUP_NAME") ?? made.defaultRole
    }

    private func readSessions(_ made: inout AuthConfiguration) throws(SettingProblem) {
        let positive = { (name: String) throws(SettingProblem) -> Int? in
            try seconds(name).flatMap { $0 > 0 ? $0 : nil }
        }
        made.sessionTimebox = try positive("GOTRUE_SESSIONS_TIMEBOX")
        made.sessionInactivity = try positive("GOTRUE_SESSIONS_INACTIVITY_TIMEOUT")
        made.lowAALSeconds = try positive("GOTRUE_SESSIONS_ALLOW_LOW_AAL")
        made.hasSingleSession = try reader.bool("GOTRUE_SESSIONS_SINGLE_PER_USER") ?? false
        let prefix = "GOTRUE_SECURITY_"
        made.endsReusedSessions = try reader.bool(prefix + "REFRESH_TOKEN_ROTATION_ENABLED") ?? true
        made.reuseSeconds = try seconds(prefix + "REFRESH_TOKEN_REUSE_INTERVAL") ?? made.reuseSeconds
        made.requiresReauthentication = try reader.bool(prefix + "UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION") ?? false
        made.requiresCurrentPassword =
            try reader.bool(prefix + "UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD") ?? false
        made.allowsLinking = try reader.bool(prefix + "MANUAL_LINKING_ENABLED") ?? false
        made.passwordLengthMin = try reader.int("GOTRUE_PASSWORD_MIN_LENGTH", 0...32_767) ?? made.passwordLengthMin
        if let text = reader.text("GOTRUE_PASSWORD_REQUIRED_CHARACTERS") { made.requirePasswordCharacters(text) }
        made.checksLeaks = try reader.bool("GOTRUE_PASSWORD_HIBP_ENABLED") ?? false
        made.failsClosedOnLeaks = try reader.bool("GOTRUE_PASSWORD_HIBP_FAIL_CLOSED") ?? false
    }

    private func readEmail(_ made: inout AuthConfiguration) throws(SettingProblem) {
        made.hasEmail = try reader.bool("GOTRUE_EXTERNAL_EMAIL_ENABLED") ?? true
        made.hasMagicLinks = try reader.bool("GOTRUE_EXTERNAL_EMAIL_MAGIC_LINK_ENABLED") ?? true
        made.authorizedAddresses = reader.list("GOTRUE_EXTERNAL_EMAIL_AUTHORIZED_ADDRESSES") ?? []
        made.autoconfirmsEmail = try reader.bool("GOTRUE_MAILER_AUTOCONFIRM") ?? false
        made.allowsUnverifiedEmail = try reader.bool("GOTRUE_MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS") ?? false
        made.hasSecureEmailChange = try reader.bool("GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED") ?? true
        made.emailCodeSeconds = try seconds("GOTRUE_MAILER_OTP_EXP") ?? made.emailCodeSeconds
        made.emailCodeLength = try reader.int("GOTRUE_MAILER_OTP_LENGTH", 6...10) ?? made.emailCodeLength
        made.emailGapSeconds = try seconds("GOTRUE_SMTP_MAX_FREQUENCY") ?? made.emailGapSeconds
    }

    private func readMFA(_ mfa: inout AuthConfiguration.MFA) throws(SettingProblem) {
        mfa.factorsMax = try reader.int("GOTRUE_MFA_MAX_ENROLLED_FACTORS", 0...Self.countMax) ?? mfa.factorsMax
        mfa.challengeSeconds = try seconds("GOTRUE_MFA_CHALLENGE_EXPIRY_DURATION") ?? mfa.challengeSeconds
        mfa.factorSeconds = try seconds("GOTRUE_MFA_FACTOR_EXPIRY_DURATION") ?? mfa.factorSeconds
        mfa.canEnrollTOTP = try reader.bool("GOTRUE_MFA_TOTP_ENROLL_ENABLED") ?? true
        mfa.canVerifyTOTP = try reader.bool("GOTRUE_MFA_TOTP_VERIFY_ENABLED") ?? true
        mfa.verifiedFactorsMax =
            try reader.int("GOTRUE_MFA_MAX_VERIFIED_FACTORS", 0...Self.countMax) ?? mfa.verifiedFactorsMax
        mfa.canEnrollPhone = try reader.bool("GOTRUE_MFA_PHONE_ENROLL_ENABLED") ?? false
        mfa.canVerifyPhone = try reader.bool("GOTRUE_MFA_PHONE_VERIFY_ENABLED") ?? false
        mfa.phoneCodeLength = try reader.int("GOTRUE_MFA_PHONE_OTP_LENGTH", 6...10) ?? mfa.phoneCodeLength
        mfa.phoneGapSeconds = try seconds("GOTRUE_MFA_PHONE_MAX_FREQUENCY") ?? mfa.phoneGapSeconds
        mfa.phoneTemplate = try smsTemplate("GOTRUE_MFA_PHONE_TEMPLATE") ?? mfa.phoneTemplate
    }

    private func readRates(_ rates: inout AuthConfiguration.Rates) throws(SettingProblem) {
        let range = 0...Self.countMax
        rates.header = reader.text("GOTRUE_RATE_LIMIT_HEADER")?.lowercased()
        rates.otp = try reader.int("GOTRUE_RATE_LIMIT_OTP", range) ?? rates.otp
        rates.verify = try reader.int("GOTRUE_RATE_LIMIT_VERIFY", range) ?? rates.verify
        rates.token = try reader.int("GOTRUE_RATE_LIMIT_TOKEN_REFRESH", range) ?? rates.token
        rates.anonymous = try reader.int("GOTRUE_RATE_LIMIT_ANONYMOUS_USERS", range) ?? rates.anonymous
        rates.mfa = try reader.int("GOTRUE_MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY", range) ?? rates.mfa
        if let rate = try rate("GOTRUE_RATE_LIMIT_EMAIL_SENT") {
            (rates.email, rates.emailSeconds) = (rate.count, rate.seconds ?? rates.emailSeconds)
        }
        if let rate = try rate("GOTRUE_RATE_LIMIT_SMS_SENT") {
            (rates.sms, rates.smsSeconds) = (rate.count, rate.seconds ?? rates.smsSeconds)
        }
    }

    private func mail() throws(SettingProblem) -> MailConfiguration? {
        guard let host = reader.text("GOTRUE_SMTP_HOST") else { return nil }
        guard let sender = reader.text("GOTRUE_SMTP_ADMIN_EMAIL") else {
            throw SettingProblem("GOTRUE_SMTP_ADMIN_EMAIL", "not set; mails need a sender")
        }
        var mail = MailConfiguration(host: host, sender: sender)
        mail.port = try reader.int("GOTRUE_SMTP_PORT", 1...65_535) ?? mail.port
        mail.allowsPlainText = try reader.bool("PROJECTD_SMTP_PLAINTEXT") ?? false
        mail.user = reader.text("GOTRUE_SMTP_USER")
        mail.password = reader.text("GOTRUE_SMTP_PASS")
        mail.senderName = reader.text("GOTRUE_SMTP_SENDER_NAME")
        for kind in MailKind.allCases {
            mail.subjects[kind] = reader.text("GOTRUE_MAILER_SUBJECTS_\(kind.settingName)")
            mail.paths[kind] = reader.text("GOTRUE_MAILER_URLPATHS_\(kind.settingName)")
            let name = "GOTRUE_MAILER_TEMPLATES_\(kind.settingName)"
            guard let template = reader.text(name) else { continue }
            if template.hasPrefix("http://") || template.hasPrefix("https://") {
                mail.templateAddresses[kind] = template
            } else if template.hasPrefix("/") {
                mail.templateAddresses[kind] = (reader.text("GOTRUE_SITE_URL") ?? "") + template
            } else {
                mail.templates[kind] = template
            }
        }
        return mail
    }

    private func notices() throws(SettingProblem) -> Set<MailKind> {
        var notices: Set<MailKind> = []
        for kind in MailKind.notices {
            let name = kind.settingName.replacing("_NOTIFICATION", with: "")
            if try reader.bool("GOTRUE_MAILER_NOTIFICATIONS_\(name)_ENABLED") == true { notices.insert(kind) }
        }
        return notices
    }
}

/// The keys of auth in groups.
extension AuthSettings {
    private static let mails = [
        "confirmation", "email_change", "invite", "magic_link", "reauthentication", "recovery",
    ]
    private static let notices = [
        "password_changed", "email_changed", "phone_changed", "mfa_factor_enrolled", "mfa_factor_unenrolled",
        "identity_linked", "identity_unlinked",
    ]

    static let mail =
        [
            ServiceSetting("mailer_autoconfirm", "ENABLE_EMAIL_AUTOCONFIRM", .flag),
            ServiceSetting("smtp_admin_email", "SMTP_ADMIN_EMAIL", .text(.mail)),
            ServiceSetting("smtp_host", "SMTP_HOST", .text(.any)),
            ServiceSetting("smtp_port", "SMTP_PORT", .wholeAsText(1...65_535)),
            ServiceSetting("smtp_user", "SMTP_USER", .text(.any)),
            ServiceSetting("smtp_pass", "SMTP_PASS", .secret(.any)),
            ServiceSetting("smtp_sender_name", "SMTP_SENDER_NAME", .text(.any)),
            own("smtp_max_frequency", .seconds(seconds), .whole(60)),
            own("mailer_allow_unverified_email_sign_ins", .flag, .flag(false)),
            own("mailer_secure_email_change_enabled", .flag, .flag(true)),
            own("mailer_otp_exp", .whole(count), .whole(86_400)),
            own("mailer_otp_length", codeLength, .whole(6)),
        ]
        + (mails + notices.map { "\($0)_notification" }).map { own("mailer_subjects_\($0)", .text(.any)) }
        + notices.map { own("mailer_notifications_\($0)_enabled", .flag, .flag(false)) }

    static let security = [
        own("password_min_length", .whole(6...32_767), .whole(6)),
        own("password_required_characters", .oneOf(characterSets), .text("")),
        own("password_hibp_enabled", .flag, .flag(false)),
        ServiceSetting(
            "refresh_token_rotation_enabled", "GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED", .flag, .flag(true)),
        own("security_refresh_token_reuse_interval", .whole(0...2_147_483_647), .whole(0)),
        own("security_manual_linking_enabled", .flag, .flag(false)),
        own("security_update_password_require_reauthentication", .flag, .flag(false)),
        own("security_captcha_enabled", .flag, .flag(false)),
        own("security_captcha_provider", .oneOf(["hcaptcha", "turnstile"]), .text("hcaptcha")),
        own("security_captcha_secret", .secret(.any)),
        own("sessions_timebox", .hours, .whole(0)),
        own("sessions_inactivity_timeout", .hours, .whole(0)),
        own("sessions_single_per_user", .flag, .flag(false)),
        own("sessions_tags", .text(.tags)),
    ]

    /// The four sets of characters that the Management API knows.
    private static let characterSets: [String] = {
        let lower = "abcdefghijklmnopqrstuvwxyz"
        let upper = lower.uppercased()
        let signs = "!@#$%^&*()_+-=[]{};'\\\\:\"|<>?,./`~"
        return [
            "\(lower)\(upper):0123456789", "\(lower):\(upper):0123456789", "\(lower):\(upper):0123456789:\(signs)", "",
        ]
    }()

    static let factors = [
        own("mfa_max_enrolled_factors", .whole(0...2_147_483_647), .whole(10)),
        own("mfa_totp_enroll_enabled", .flag, .flag(true)),
        own("mfa_totp_verify_enabled", .flag, .flag(true)),
        own("mfa_phone_enroll_enabled", .flag, .flag(false)),
        own("mfa_phone_verify_enabled", .flag, .flag(false)),
        own("mfa_phone_otp_length", codeLength, .whole(6)),
        own("mfa_phone_max_frequency", .seconds(seconds), .whole(60)),
        own("mfa_phone_template", .text(.template)),
        own("mfa_web_authn_enroll_enabled", .flag, .flag(false)),
        own("mfa_web_authn_verify_enabled", .flag, .flag(false)),
        own("passkey_enabled", .flag, .flag(false)),
        own("webauthn_rp_display_name", .text(.any)),
        own("webauthn_rp_id", .text(.any)),
        own("webauthn_rp_origins", .text(.any)),
    ]

    static let messages = [
        ServiceSetting("sms_autoconfirm", "ENABLE_PHONE_AUTOCONFIRM", .flag),
        own("sms_provider", .oneOf(["messagebird", "textlocal", "twilio", "twilio_verify", "vonage"])),
        own("sms_otp_exp", .whole(count), .whole(60)),
        own("sms_otp_length", codeLength, .whole(6)),
        own("sms_max_frequency", .seconds(seconds), .whole(60)),
        own("sms_template", .text(.template)),
        own("sms_test_otp", .text(.testCodes)),
        own("sms_test_otp_valid_until", .text(.time)),
        own("sms_twilio_account_sid", .text(.any)), own("sms_twilio_auth_token", .secret(.any)),
        own("sms_twilio_message_service_sid", .text(.any)), own("sms_twilio_content_sid", .text(.any)),
        own("sms_twilio_verify_account_sid", .text(.any)), own("sms_twilio_verify_auth_token", .secret(.any)),
        own("sms_twilio_verify_message_service_sid", .text(.any)),
        own("sms_messagebird_access_key", .secret(.any)), own("sms_messagebird_originator", .text(.any)),
        own("sms_textlocal_api_key", .secret(.any)), own("sms_textlocal_sender", .text(.any)),
        own("sms_vonage_api_key", .text(.any)), own("sms_vonage_api_secret", .secret(.any)),
        own("sms_vonage_from", .text(.any)),
    ]

    static let hookNames = [
        "custom_access_token", "mfa_verification_attempt", "password_verification_attempt", "send_sms", "send_email",
        "before_user_created", "after_user_created",
    ]

    static let hooks = hookNames.flatMap { name in
        [
            own("hook_\(name)_enabled", .flag, .flag(false)), own("hook_\(name)_uri", .text(.hook)),
            own("hook_\(name)_secrets", .secret(.hookSecrets)),
        ]
    }

    static let providerNames = [
        "apple", "azure", "bitbucket", "discord", "facebook", "figma", "github", "gitlab", "google", "kakao",
        "keycloak", "linkedin_oidc", "notion", "slack", "slack_oidc", "spotify", "twitch", "twitter", "workos", "x",
        "zoom",
    ]

    static let providers =
        providerNames.flatMap { name in
            var settings = [
                own("external_\(name)_enabled", .flag, .flag(false)),
                own("external_\(name)_client_id", .text(.any)), own("external_\(name)_secret", .secret(.any)),
            ]
            if name != "workos" { settings.append(own("external_\(name)_email_optional", .flag, .flag(false))) }
            return settings
        }
        + ["azure", "gitlab", "keycloak", "workos"].map { own("external_\($0)_url", .text(.any)) }
        + ["apple", "google"].map { own("external_\($0)_additional_client_ids", .text(.any)) }
        + [own("external_google_skip_nonce_check", .flag, .flag(false))]

    /// What GoTrue takes from no variable, or what this stack cannot back: templates are fetched from an address and
    /// not given as text, SAML needs a key, the OAuth server needs routes without an API key, and the header of
    /// security_sb_forwarded_for_enabled could be forged by every client.
    static let unoffered =
        (mails + notices.map { "\($0)_notification" }).map { ServiceSetting(fixed: "mailer_templates_\($0)_content") }
        + [
            ServiceSetting(fixed: "db_max_pool_size_unit", .text("connections")),
            ServiceSetting(fixed: "security_sb_forwarded_for_enabled", .flag(false)),
            ServiceSetting(fixed: "saml_enabled", .flag(false)), ServiceSetting(fixed: "saml_external_url"),
            ServiceSetting(fixed: "saml_allow_encrypted_assertions", .flag(false)),
            ServiceSetting(fixed: "nimbus_oauth_client_id"), ServiceSetting(fixed: "nimbus_oauth_client_secret"),
            ServiceSetting(fixed: "nimbus_oauth_email_optional", .flag(false)),
            ServiceSetting(fixed: "oauth_server_enabled", .flag(false)),
            ServiceSetting(fixed: "oauth_server_allow_dynamic_registration", .flag(false)),
            ServiceSetting(fixed: "oauth_server_authorization_path"),
            ServiceSetting(fixed: "custom_oauth_enabled", .flag(false)),
            ServiceSetting(fixed: "custom_oauth_max_providers", .whole(0)),
        ]
}

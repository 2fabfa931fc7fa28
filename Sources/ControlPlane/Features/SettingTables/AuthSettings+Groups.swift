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
            ServiceSetting("mailer_autoconfirm", .flag),
            ServiceSetting("smtp_admin_email", .text(.mail)),
            ServiceSetting("smtp_host", .text(.any)),
            ServiceSetting("smtp_port", .wholeAsText(1...65_535)),
            ServiceSetting("smtp_user", .text(.any)),
            ServiceSetting("smtp_pass", .secret(.any)),
            ServiceSetting("smtp_sender_name", .text(.any)),
            ServiceSetting("smtp_max_frequency", .seconds(seconds), standard: .whole(60)),
            ServiceSetting("mailer_allow_unverified_email_sign_ins", .flag, standard: .flag(false)),
            ServiceSetting("mailer_secure_email_change_enabled", .flag, standard: .flag(true)),
            ServiceSetting("mailer_otp_exp", .whole(count), standard: .whole(86_400)),
            ServiceSetting("mailer_otp_length", codeLength, standard: .whole(6)),
        ]
        + (mails + notices.map { "\($0)_notification" }).map { ServiceSetting("mailer_subjects_\($0)", .text(.any)) }
        + notices.map { ServiceSetting("mailer_notifications_\($0)_enabled", .flag, standard: .flag(false)) }

    static let security = [
        ServiceSetting("password_min_length", .whole(6...32_767), standard: .whole(6)),
        ServiceSetting("password_required_characters", .oneOf(characterSets), standard: .text("")),
        ServiceSetting("password_hibp_enabled", .flag, standard: .flag(false)),
        ServiceSetting("refresh_token_rotation_enabled", .flag, standard: .flag(true)),
        ServiceSetting("security_refresh_token_reuse_interval", .whole(0...2_147_483_647), standard: .whole(0)),
        ServiceSetting("security_manual_linking_enabled", .flag, standard: .flag(false)),
        ServiceSetting("security_update_password_require_reauthentication", .flag, standard: .flag(false)),
        ServiceSetting("security_captcha_enabled", .flag, standard: .flag(false)),
        ServiceSetting("security_captcha_provider", .oneOf(["hcaptcha", "turnstile"]), standard: .text("hcaptcha")),
        ServiceSetting("security_captcha_secret", .secret(.any)),
        ServiceSetting("sessions_timebox", .hours, standard: .whole(0)),
        ServiceSetting("sessions_inactivity_timeout", .hours, standard: .whole(0)),
        ServiceSetting("sessions_single_per_user", .flag, standard: .flag(false)),
        ServiceSetting("sessions_tags", .text(.tags)),
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
        ServiceSetting("mfa_max_enrolled_factors", .whole(0...2_147_483_647), standard: .whole(10)),
        ServiceSetting("mfa_totp_enroll_enabled", .flag, standard: .flag(true)),
        ServiceSetting("mfa_totp_verify_enabled", .flag, standard: .flag(true)),
        ServiceSetting("mfa_phone_enroll_enabled", .flag, standard: .flag(false)),
        ServiceSetting("mfa_phone_verify_enabled", .flag, standard: .flag(false)),
        ServiceSetting("mfa_phone_otp_length", codeLength, standard: .whole(6)),
        ServiceSetting("mfa_phone_max_frequency", .seconds(seconds), standard: .whole(60)),
        ServiceSetting("mfa_phone_template", .text(.template)),
        ServiceSetting("mfa_web_authn_enroll_enabled", .flag, standard: .flag(false)),
        ServiceSetting("mfa_web_authn_verify_enabled", .flag, standard: .flag(false)),
        ServiceSetting("passkey_enabled", .flag, standard: .flag(false)),
        ServiceSetting("webauthn_rp_display_name", .text(.any)),
        ServiceSetting("webauthn_rp_id", .text(.any)),
        ServiceSetting("webauthn_rp_origins", .text(.any)),
    ]

    static let messages = [
        ServiceSetting("sms_autoconfirm", .flag),
        ServiceSetting("sms_provider", .oneOf(["messagebird", "textlocal", "twilio", "twilio_verify", "vonage"])),
        ServiceSetting("sms_otp_exp", .whole(count), standard: .whole(60)),
        ServiceSetting("sms_otp_length", codeLength, standard: .whole(6)),
        ServiceSetting("sms_max_frequency", .seconds(seconds), standard: .whole(60)),
        ServiceSetting("sms_template", .text(.template)),
        ServiceSetting("sms_test_otp", .text(.testCodes)),
        ServiceSetting("sms_test_otp_valid_until", .text(.time)),
        ServiceSetting("sms_twilio_account_sid", .text(.any)), ServiceSetting("sms_twilio_auth_token", .secret(.any)),
        ServiceSetting("sms_twilio_message_service_sid", .text(.any)),
        ServiceSetting("sms_twilio_content_sid", .text(.any)),
        ServiceSetting("sms_twilio_verify_account_sid", .text(.any)),
        ServiceSetting("sms_twilio_verify_auth_token", .secret(.any)),
        ServiceSetting("sms_twilio_verify_message_service_sid", .text(.any)),
        ServiceSetting("sms_messagebird_access_key", .secret(.any)),
        ServiceSetting("sms_messagebird_originator", .text(.any)),
        ServiceSetting("sms_textlocal_api_key", .secret(.any)), ServiceSetting("sms_textlocal_sender", .text(.any)),
        ServiceSetting("sms_vonage_api_key", .text(.any)), ServiceSetting("sms_vonage_api_secret", .secret(.any)),
        ServiceSetting("sms_vonage_from", .text(.any)),
    ]

    static let hookNames = [
        "custom_access_token", "mfa_verification_attempt", "password_verification_attempt", "send_sms", "send_email",
        "before_user_created", "after_user_created",
    ]

    static let hooks = hookNames.flatMap { name in
        [
            ServiceSetting("hook_\(name)_enabled", .flag, standard: .flag(false)),
            ServiceSetting("hook_\(name)_uri", .text(.hook)),
            ServiceSetting("hook_\(name)_secrets", .secret(.hookSecrets)),
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
                ServiceSetting("external_\(name)_enabled", .flag, standard: .flag(false)),
                ServiceSetting("external_\(name)_client_id", .text(.any)),
                ServiceSetting("external_\(name)_secret", .secret(.any)),
            ]
            if name != "workos" {
                settings.append(ServiceSetting("external_\(name)_email_optional", .flag, standard: .flag(false)))
            }
            return settings
        }
        + ["azure", "gitlab", "keycloak", "workos"].map { ServiceSetting("external_\($0)_url", .text(.any)) }
        + ["apple", "google"].map { ServiceSetting("external_\($0)_additional_client_ids", .text(.any)) }
        + [ServiceSetting("external_google_skip_nonce_check", .flag, standard: .flag(false))]

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

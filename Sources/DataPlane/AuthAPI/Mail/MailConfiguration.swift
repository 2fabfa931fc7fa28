/// What a mail is for.
public enum MailKind: String, Sendable, CaseIterable {
    case invite, confirmation, recovery
    case magicLink = "magic_link"
    case emailChange = "email_change"
    case reauthentication
    case passwordChanged = "password_changed_notification"
    case emailChanged = "email_changed_notification"
    case phoneChanged = "phone_changed_notification"
    case identityLinked = "identity_linked_notification"
    case identityUnlinked = "identity_unlinked_notification"
    case factorEnrolled = "mfa_factor_enrolled_notification"
    case factorUnenrolled = "mfa_factor_unenrolled_notification"

    /// Those that only tell of a change, each off by default.
    public static let notices: [MailKind] = [
        .passwordChanged, .emailChanged, .phoneChanged, .identityLinked, .identityUnlinked, .factorEnrolled,
        .factorUnenrolled,
    ]

    /// The name in `GOTRUE_MAILER_SUBJECTS_*` and `GOTRUE_MAILER_TEMPLATES_*`.
    public var settingName: String { rawValue.uppercased() }

    var defaultSubject: String {
        switch self {
        case .invite: "You have been invited"
        case .confirmation: "Confirm Your Email"
        case .recovery: "Reset Your Password"
        case .magicLink: "Your Magic Link"
        case .emailChange: "Confirm Email Change"
        case .reauthentication: "Confirm reauthentication"
        case .passwordChanged: "Your password has been changed"
        case .emailChanged: "Your email address has been changed"
        case .phoneChanged: "Your phone number has been changed"
        case .identityLinked: "A new identity has been linked"
        case .identityUnlinked: "An identity has been unlinked"
        case .factorEnrolled: "A second factor has been added"
        case .factorUnenrolled: "A second factor has been removed"
        }
    }

    var defaultBody: String {
        switch self {
        case .invite:
            """
            <h2>You have been invited</h2>
            <p>You have been invited to create a user on {{ .SiteURL }}. Follow this link to accept the invite:</p>
            <p><a href="{{ .ConfirmationURL }}">Accept the invite</a></p>
            <p>Or enter the code: {{ .Token }}</p>
            """
        case .confirmation:
            """
            <h2>Confirm your email</h2>
            <p>Follow this link to confirm your email:</p>
            <p><a href="{{ .ConfirmationURL }}">Confirm your email address</a></p>
            <p>Or enter the code: {{ .Token }}</p>
            """
        case .recovery:
            """
            <h2>Reset password</h2>
            <p>Follow this link to reset the password for your user:</p>
            <p><a href="{{ .ConfirmationURL }}">Reset password</a></p>
            <p>Or enter the code: {{ .Token }}</p>
            """
        case .magicLink:
            """
            <h2>Magic link</h2>
            <p>Follow this link to log in:</p>
            <p><a href="{{ .ConfirmationURL }}">Log in</a></p>
            <p>Or enter the code: {{ .Token }}</p>
            """
        case .emailChange:
            """
            <h2>Confirm change of email</h2>
            <p>Follow this link to confirm the update of your email from {{ .Email }} to {{ .NewEmail }}:</p>
            <p><a href="{{ .ConfirmationURL }}">Change email</a></p>
            <p>Or enter the code: {{ .Token }}</p>
            """
        case .reauthentication:
            """
            <h2>Confirm reauthentication</h2>
            <p>Enter the code: {{ .Token }}</p>
            """
        case .passwordChanged:
            """
            <h2>Your password has been changed</h2>
            <p>The password of {{ .Email }} has been changed. If that was not you, reset it at {{ .SiteURL }}.</p>
            """
        case .emailChanged:
            """
            <h2>Your email address has been changed</h2>
            <p>The address of your account at {{ .SiteURL }} is no longer {{ .OldEmail }} but {{ .Email }}.</p>
            """
        case .phoneChanged:
            """
            <h2>Your phone number has been changed</h2>
            <p>The phone number of {{ .Email }} at {{ .SiteURL }} has been changed to {{ .Phone }}.</p>
            """
        case .identityLinked:
            """
            <h2>A new identity has been linked</h2>
            <p>{{ .Email }} can sign in to {{ .SiteURL }} by {{ .Provider }} from now on.</p>
            """
        case .identityUnlinked:
            """
            <h2>An identity has been unlinked</h2>
            <p>{{ .Email }} can no longer sign in to {{ .SiteURL }} by {{ .Provider }}.</p>
            """
        case .factorEnrolled:
            """
            <h2>A second factor has been added</h2>
            <p>Signing in to {{ .SiteURL }} as {{ .Email }} asks for a second factor ({{ .FactorType }}).</p>
            """
        case .factorUnenrolled:
            """
            <h2>A second factor has been removed</h2>
            <p>A second factor ({{ .FactorType }}) of {{ .Email }} at {{ .SiteURL }} has been removed.</p>
            """
        }
    }
}

/// How mails are made and sent.
public struct MailConfiguration: Sendable {
    /// `GOTRUE_SMTP_HOST`
    public var host: String
    /// `GOTRUE_SMTP_PORT`; 465 is TLS from the first byte, others begin in plain text and go over to TLS.
    public var port = 587
    /// `PROJECTD_SMTP_PLAINTEXT`: whether mails go without TLS to a server beyond this host that offers none.
    public var allowsPlainText = false
    /// `GOTRUE_SMTP_USER`
    public var user: String?
    /// `GOTRUE_SMTP_PASS`
    public var password: String?
    /// `GOTRUE_SMTP_ADMIN_EMAIL`
    public var sender: String
    /// `GOTRUE_SMTP_SENDER_NAME`
    public var senderName: String?
    /// `GOTRUE_MAILER_SUBJECTS_*`
    public var subjects: [MailKind: String] = [:]
    /// `GOTRUE_MAILER_TEMPLATES_*` that are templates.
    public var templates: [MailKind: String] = [:]
    /// `GOTRUE_MAILER_TEMPLATES_*` that are addresses of templates.
    public var templateAddresses: [MailKind: String] = [:]
    /// `GOTRUE_MAILER_URLPATHS_*`: path of a link from the root of the external URL's host.
    public var paths: [MailKind: String] = [:]

    /// A server and a sender.
    public init(host: String, sender: String) {
        self.host = host
        self.sender = sender
    }
}

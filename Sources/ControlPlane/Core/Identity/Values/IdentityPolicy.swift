/// What an installation decides about accounts, and the limits that keep every list of them bounded.
public struct IdentityPolicy: Sendable, Equatable {
    /// The issuer of access tokens; the claim `iss`.
    public var issuer: String
    /// Whether sign-up is open.
    public var isSignUpOpen: Bool
    /// Addresses that users cannot choose: those of the installation's settings.
    public var reservedEmails: Set<String>
    /// How long a sign-in lets its session change the password or the e-mail address, and make tokens, without the
    /// current password.
    public var freshSignInLife: Duration
    /// How long an access token counts.
    public var accessTokenLife: Duration
    /// How long a session lasts without a refresh.
    public var refreshTokenLife: Duration
    /// How long a browser's session lasts in any case.
    public var browserSessionLife: Duration
    /// How long a browser's session lasts without use.
    public var browserIdleLife: Duration
    /// How long a used refresh token may come again, for browser tabs that refresh at the same moment.
    public var reuseInterval: Duration
    /// How long an invitation counts.
    public var invitationLife: Duration
    /// Bytes that a password may have.
    public var passwordBytes: ClosedRange<Int>
    /// Live sessions of one account; the oldest end.
    public var sessionsPerAccountMax: Int
    /// Personal access tokens of one account, and as many scoped ones.
    public var tokensPerAccountMax: Int
    /// Organizations that one account owns.
    public var organizationsPerAccountMax: Int
    /// Members of one organization, open invitations included.
    public var membersPerOrganizationMax: Int
    /// Least time between two records of a token's last use.
    public var lastUseInterval: Duration

    /// A policy; everything but the issuer has a default.
    public init(
        issuer: String, isSignUpOpen: Bool = false, reservedEmails: Set<String> = [],
        freshSignInLife: Duration = .seconds(300), accessTokenLife: Duration = .seconds(3_600),
        refreshTokenLife: Duration = .seconds(30 * 86_400), browserSessionLife: Duration = .seconds(7 * 86_400),
        browserIdleLife: Duration = .seconds(12 * 3_600), reuseInterval: Duration = .seconds(10),
        invitationLife: Duration = .seconds(7 * 86_400), passwordBytes: ClosedRange<Int> = 8...256,
        sessionsPerAccountMax: Int = 100, tokensPerAccountMax: Int = 100, organizationsPerAccountMax: Int = 100,
        membersPerOrganizationMax: Int = 1_000, lastUseInterval: Duration = .seconds(60)
    ) {
        self.issuer = issuer
        self.isSignUpOpen = isSignUpOpen
        self.reservedEmails = reservedEmails
        self.freshSignInLife = freshSignInLife
        self.accessTokenLife = accessTokenLife
        self.refreshTokenLife = refreshTokenLife
        self.browserSessionLife = browserSessionLife
        self.browserIdleLife = browserIdleLife
        self.reuseInterval = reuseInterval
        self.invitationLife = invitationLife
        self.passwordBytes = passwordBytes
        self.sessionsPerAccountMax = sessionsPerAccountMax
        self.tokensPerAccountMax = tokensPerAccountMax
        self.organizationsPerAccountMax = organizationsPerAccountMax
        self.membersPerOrganizationMax = membersPerOrganizationMax
        self.lastUseInterval = lastUseInterval
    }
}

public import ProjectModel

/// A browser's session to be opened.
public struct NewBrowserSession: Sendable, Equatable {
    /// Identifier, a UUID.
    public var id: String
    /// Identifier of the account.
    public var account: String
    /// Digest of the cookie's secret.
    public var digest: String
    /// When.
    public var at: Timestamp
    /// When it ends without use.
    public var notAfter: Timestamp
    /// When it ends in any case.
    public var endsAt: Timestamp
    /// The browser by its own words; shown to the account alone.
    public var agent: String
    /// The verifier by which its password was right: while it is another one, or none, no session is opened.
    public var verifier: Secret<String>

    /// A session.
    public init(
        id: String, account: String, digest: String, at: Timestamp, notAfter: Timestamp, endsAt: Timestamp,
        agent: String, verifier: Secret<String>
    ) {
        self.id = id
        self.account = account
        self.digest = digest
        self.at = at
        self.notAfter = notAfter
        self.endsAt = endsAt
        self.agent = agent
        self.verifier = verifier
    }
}

/// A live session of a browser.
public struct BrowserSession: Sendable, Equatable {
    /// The caller, with the session as credential.
    public var principal: Principal
    /// Last noted use.
    public var seenAt: Timestamp
    /// When it ends in any case.
    public var endsAt: Timestamp

    /// A session.
    public init(principal: Principal, seenAt: Timestamp, endsAt: Timestamp) {
        self.principal = principal
        self.seenAt = seenAt
        self.endsAt = endsAt
    }
}

/// A live session in the list of its account.
public struct SessionRecord: Sendable, Equatable {
    /// Identifier, a UUID.
    public var id: String
    /// When it was opened.
    public var openedAt: Timestamp
    /// Last noted use: of a browser the last page, of others the last refresh.
    public var seenAt: Timestamp
    /// When it ends without further use.
    public var notAfter: Timestamp
    /// The browser by its own words; nil for a session that works with tokens.
    public var agent: String?

    /// A record.
    public init(id: String, openedAt: Timestamp, seenAt: Timestamp, notAfter: Timestamp, agent: String?) {
        self.id = id
        self.openedAt = openedAt
        self.seenAt = seenAt
        self.notAfter = notAfter
        self.agent = agent
    }
}

/// What a browser gets at sign-in.
public struct BrowserGrant: Sendable, Equatable {
    /// The cookie's value.
    public var secret: Secret<String>
    /// The account that signed in.
    public var account: Account
    /// The session, a UUID.
    public var sessionID: String
    /// How long it lasts at most.
    public var life: Duration

    /// A grant.
    public init(secret: Secret<String>, account: Account, sessionID: String, life: Duration) {
        self.secret = secret
        self.account = account
        self.sessionID = sessionID
        self.life = life
    }
}

public import ProjectModel

/// A session to be opened.
public struct NewSession: Sendable, Equatable {
    /// Identifier, a UUID.
    public var id: String
    /// Identifier of the account.
    public var account: String
    /// Digest of the first refresh token.
    public var refreshDigest: String
    /// When.
    public var at: Timestamp
    /// When it ends without a refresh.
    public var notAfter: Timestamp
    /// The verifier by which its password was right: while it is another one, or none, no session is opened.
    public var verifier: Secret<String>

    /// A session.
    public init(
        id: String, account: String, refreshDigest: String, at: Timestamp, notAfter: Timestamp,
        verifier: Secret<String>
    ) {
        self.verifier = verifier
        self.id = id
        self.account = account
        self.refreshDigest = refreshDigest
        self.at = at
        self.notAfter = notAfter
    }
}

/// The exchange of a refresh token for its successor.
public struct Refresh: Sendable, Equatable {
    /// Digest of the token presented.
    public var digest: String
    /// Digest of the token that takes its place.
    public var successorDigest: String
    /// When.
    public var at: Timestamp
    /// A token used at or before this time must not come again.
    public var reuseBefore: Timestamp
    /// When the session ends without a further refresh.
    public var notAfter: Timestamp
    /// Used tokens of before this time are forgotten; they are expired.
    public var forgetBefore: Timestamp

    /// An exchange.
    public init(
        digest: String, successorDigest: String, at: Timestamp, reuseBefore: Timestamp, notAfter: Timestamp,
        forgetBefore: Timestamp
    ) {
        self.digest = digest
        self.successorDigest = successorDigest
        self.at = at
        self.reuseBefore = reuseBefore
        self.notAfter = notAfter
        self.forgetBefore = forgetBefore
    }

    /// The decision on a token of a live session that was used at `usedAt`, or never.
    public func decision(usedAt: Timestamp?) -> Decision {
        guard let usedAt else { return .rotate }
        return usedAt > reuseBefore ? .rotate : .endSession
    }

    /// The decision on a refresh token.
    public enum Decision: Sendable, Equatable {
        /// The session's current token is marked as used, and the successor takes its place. It is the token presented
        /// itself, or one that a racing refresh got for it a moment ago: the chain never forks.
        case rotate
        /// Two hold the token: the session ends for both.
        case endSession
    }
}

/// The outcome of a refresh.
public enum RefreshOutcome: Sendable, Equatable {
    /// The successor counts now.
    case rotated(session: String, account: Account)
    /// There is no such token, or its session has ended.
    case unknown
    /// The token had been used: its session has been ended.
    case reused(session: String, account: String)
}

/// Sessions of one account.
public enum SessionSelection: Sendable, Equatable {
    case one(String)
    case all
    case others(than: String)
}

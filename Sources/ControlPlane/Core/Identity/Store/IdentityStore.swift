public import Orchestrator
public import ProjectModel

/// Storage of accounts, sessions, tokens and organizations. Every method is one transaction.
///
/// What may be done is decided elsewhere. A store promises that its parts fit together: e-mail addresses and slugs are
/// unique, a refresh token has one successor, and changes of one organization come one after the other.
public protocol IdentityStore: BrowserSessionStore {
    // MARK: Accounts

    /// Stores a new account; nil when another has the e-mail address.
    func insert(_ account: NewAccount) async throws(StoreError) -> Account?
    /// An account by its identifier.
    func account(_ id: String) async throws(StoreError) -> Account?
    /// An account and the verifier of its password, by its e-mail address.
    func credentials(ofEmail email: String) async throws(StoreError) -> AccountCredentials?
    /// The account of the bootstrap and the verifier of its password; nil before the first.
    func bootstrapAccount() async throws(StoreError) -> AccountCredentials?
    func passwordVerifier(of account: String) async throws(StoreError) -> Secret<String>?
    /// Changes what a profile shows; nil when there is no such account.
    func update(_ account: String, _ change: ProfileChange, at time: Timestamp) async throws(StoreError) -> Account?
    /// Stores or clears an account's pending address; refused while another account has it or a valid invitation (at
    /// `time`) is for it.
    func setPendingEmail(of account: String, to email: String?, at time: Timestamp) async throws(StoreError)
        -> EmailOutcome
    /// Makes `email` the verified address of the account that wants it, or has it already; `notFound` for any other.
    func confirmEmail(_ email: String, of account: String, at time: Timestamp) async throws(StoreError) -> EmailOutcome
    /// Accounts with an unconfirmed or pending address, by number; at most `limit`.
    func unconfirmedAccounts(limit: Int) async throws(StoreError) -> [Account]
    /// Whether an invitation that counts at `time` is for an address.
    func isInvited(_ email: String, at time: Timestamp) async throws(StoreError) -> Bool
    /// Sets the verifier of a password, ends all sessions but one, and all access tokens but that of the installation's
    /// settings.
    func setPassword(of account: String, verifier: Secret<String>, keeping session: String?, at time: Timestamp)
        async throws(StoreError) -> PasswordOutcome
    /// Puts a verifier of the same password in the place of another, if that is still there.
    func replaceVerifier(of account: String, _ old: Secret<String>, by new: Secret<String>) async throws(StoreError)
    /// Makes sure of the first account and its token, and gives the account; existing parts stay, except for the
    /// previous token. An account that is made now owns the default organization; changes of its role stay.
    /// Refused while another account has the address of a first account that has to be made.
    func bootstrap(_ bootstrap: Bootstrap) async throws(StoreError) -> Account
    /// Moves the mark of the first account to another, which owns the default organization from then on; false when
    /// there is none of this identifier.
    func moveBootstrap(to account: String) async throws(StoreError) -> Bool

    // MARK: Sessions

    /// Opens a session, notes the sign-in, and ends the account's oldest sessions above `limit`; nil when there is no
    /// such account, or its password's verifier is not the one that the session names.
    func openSession(_ session: NewSession, limit: Int) async throws(StoreError) -> Account?
    /// Exchanges a refresh token for its successor, or ends the session of one that was used before.
    func refresh(_ refresh: Refresh) async throws(StoreError) -> RefreshOutcome
    /// When a live session was opened; nil for any other.
    func sessionOpened(_ session: String, of account: String, at time: Timestamp) async throws(StoreError) -> Timestamp?
    /// Ends sessions; gives how many.
    func endSessions(of account: String, _ selection: SessionSelection) async throws(StoreError) -> Int
    /// Deletes sessions and invitations that are expired at `time`; returns how many.
    func purge(at time: Timestamp) async throws(StoreError) -> Int

    // MARK: Principals

    /// The principal of a session that is live at `time`; one query.
    func principal(session: String, of account: String, at time: Timestamp) async throws(StoreError) -> Principal?
    /// The bearer of a personal or scoped access token that is valid at `time`; one query.
    func bearer(ofTokenDigest digest: String, at time: Timestamp) async throws(StoreError) -> TokenBearer?
    /// Whether a session or token of an account counts at `time`. In a unit of work it then stays to the unit's end:
    /// what would end it waits.
    func hold(_ credential: Principal.Credential, of account: String, at time: Timestamp) async throws(StoreError)
        -> Bool
    /// Notes the use of a token, unless one after `earlier` is noted or being noted already.
    func noteUse(of credential: Principal.Credential, at time: Timestamp, unlessSince earlier: Timestamp)
        async throws(StoreError)

    // MARK: Tokens

    /// Stores an access token; nil when the account has `limit` of its kind, or does not exist.
    func insert(_ token: NewAccessToken, limit: Int) async throws(StoreError) -> AccessTokenRecord?
    /// The access tokens of an account of one kind, newest first.
    func accessTokens(_ kind: TokenKind, of account: String) async throws(StoreError) -> [AccessTokenRecord]
    /// Deletes an access token with those that it made, and gives what it was.
    func deleteAccessToken(_ key: TokenKey, of account: String) async throws(StoreError) -> AccessTokenRecord?

    // MARK: Organizations

    /// Organizations by their slugs, in the order of their numbers; those that do not exist are left out.
    func organizations(_ slugs: Set<String>) async throws(StoreError) -> [Organization]
    /// Stores an organization with its first owner.
    func insert(_ organization: NewOrganization, limit: Int) async throws(StoreError) -> NewOrganizationOutcome
    /// Changes an organization; nil when there is none of this slug.
    func update(_ slug: String, _ change: OrganizationChange) async throws(StoreError) -> Organization?
    /// Deletes an organization that has no projects and no kept volumes.
    func deleteOrganization(_ slug: String) async throws(StoreError) -> OrganizationDeletion

    // MARK: Members

    /// The slugs of the organizations that an account is a member of.
    func organizations(of account: String) async throws(StoreError) -> Set<String>
    /// The members of an organization, by the numbers of their accounts.
    func members(of slug: String) async throws(StoreError) -> [Member]
    /// Everything that decisions about the members of an organization depend on; nil when there is no such one.
    func roster(of slug: String) async throws(StoreError) -> OrganizationRoster?
    /// Reads the roster, lets `decide` choose the changes, and applies them, all under one lock. `decide` may be called
    /// again, so it must be pure. Nil when there is no such organization.
    func amend(_ slug: String, by decide: @Sendable @escaping (OrganizationRoster) -> RosterDecision)
        async throws(StoreError) -> RosterOutcome?
    /// An invitation by the digest of its token, expired ones included.
    func invitation(tokenDigest: String) async throws(StoreError) -> Invitation?
}

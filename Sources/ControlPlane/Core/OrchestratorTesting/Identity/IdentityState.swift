import Identity
import Orchestrator
import ProjectModel

/// The tables of an ``InMemoryIdentityStore``, as a value.
struct IdentityState: Sendable {
    struct Session: Sendable {
        let account: String
        let openedAt: Timestamp
        let number: Int64
        var notAfter: Timestamp
        /// Used refresh tokens and the current one, by digest, with the time of use.
        var refreshTokens: [String: Timestamp?]
        var seenAt: Timestamp
        var browser: Browser?

        struct Browser: Sendable {
            let digest: String
            let agent: String
            let endsAt: Timestamp
        }
    }

    struct Token: Sendable {
        let account: String
        var record: AccessTokenRecord
        var maker: TokenKey?
        var isBootstrap = false
    }

    struct Assignment: Sendable, Hashable {
        let organization: String
        let account: String
        /// Number of one of the four roles, or of one for projects.
        let role: Int64
    }

    struct ProjectRole: Sendable {
        let organization: String
        let role: Role
    }

    /// Numbers of roles for projects begin above those of the four.
    static let firstProjectRole: Int64 = 1_000

    var isDown = false
    var accounts: [String: Account] = [:]
    var verifiers: [String: Secret<String>] = [:]
    var bootstrapAccount: String?
    var sessions: [String: Session] = [:]
    var tokens: [String: Token] = [:]
    var organizations: [String: Organization]
    var assignments: Set<Assignment> = []
    var projectRoles: [Int64: ProjectRole] = [:]
    var invitations: [String: Invitation] = [:]
    private var lastNumbers: [String: Int64] = ["organization": 1, "role": Self.firstProjectRole - 1]

    init(at time: Timestamp) {
        organizations = [
            Organization.defaultSlug: Organization(
                number: 1, slug: Organization.defaultSlug, name: "Default Organization", insertedAt: time)
        ]
    }

    mutating func nextNumber(_ sequence: String) -> Int64 {
        let number = (lastNumbers[sequence] ?? 0) + 1
        lastNumbers[sequence] = number
        return number
    }
}

// MARK: - Accounts

extension IdentityState {
    mutating func insert(_ new: NewAccount) -> Account? {
        guard account(ofEmail: new.email) == nil else { return nil }
        let account = Account(
            number: nextNumber("account"), id: new.id, email: new.email, isEmailVerified: new.isEmailVerified,
            username: new.username, firstName: new.firstName, lastName: new.lastName, insertedAt: new.at,
            updatedAt: new.at)
        accounts[new.id] = account
        verifiers[new.id] = new.passwordVerifier
        return account
    }

    func account(ofEmail email: String) -> Account? { accounts.values.first { $0.email == email } }

    func credentials(ofEmail email: String) -> AccountCredentials? {
        account(ofEmail: email).map { AccountCredentials(account: $0, passwordVerifier: verifiers[$0.id]) }
    }

    mutating func update(_ id: String, _ change: ProfileChange, at time: Timestamp) -> Account? {
        guard var account = accounts[id] else { return nil }
        if let first = change.firstName { account.firstName = first.isEmpty ? nil : first }
        if let last = change.lastName { account.lastName = last.isEmpty ? nil : last }
        account.username = change.username ?? account.username
        account.updatedAt = time
        accounts[id] = account
        return account
    }

    mutating func setPassword(
        of id: String, _ verifier: Secret<String>, keeping session: String?, at time: Timestamp
    ) -> PasswordOutcome {
        guard accounts[id] != nil else { return .notFound }
        verifiers[id] = verifier
        accounts[id]?.updatedAt = time
        _ = endSessions(of: id, session.map { .others(than: $0) } ?? .all)
        return .set(revokedTokens: deleteTokens(of: id))
    }

    mutating func moveBootstrap(to account: String) {
        bootstrapAccount = account
        assign(.owner, to: account, projects: [], in: Organization.defaultSlug)
    }

    mutating func bootstrap(_ plan: Bootstrap) throws(StoreError) -> Account {
        let known = bootstrapAccount.flatMap { accounts[$0] }
        guard let account = known ?? insert(plan.account) else { throw .refused("another has the address") }
        if known == nil {
            accounts[account.id]?.isEmailVerified = true
            moveBootstrap(to: account.id)
        }
        if verifiers[account.id] == nil { verifiers[account.id] = plan.account.passwordVerifier }
        let replaced = tokens.filter {
            $0.value.isBootstrap && ($0.key != plan.tokenDigest || $0.value.account != account.id)
        }
        for token in replaced.values { deleteToken(token.record.key) }
        if tokens[plan.tokenDigest]?.account != account.id {
            tokens[plan.tokenDigest] = Token(
                account: account.id,
                record: AccessTokenRecord(
                    number: nextNumber("\(TokenKind.personal) token"), name: plan.tokenName, alias: plan.tokenAlias,
                    createdAt: plan.account.at))
        }
        tokens[plan.tokenDigest]?.isBootstrap = true
        tokens[plan.tokenDigest]?.record.expiresAt = nil
        return accounts[account.id] ?? account
    }
}

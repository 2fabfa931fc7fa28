public import Identity
public import Orchestrator
import ProjectModel

/// What every ``IdentityStore`` promises. Tests run it on ``InMemoryIdentityStore`` and on PostgreSQL.
public enum IdentityStoreContract {
    /// Checks every promise on an empty store; throws the first that is broken. What it stored stays there.
    /// - Parameters:
    ///   - projects: where projects are that the store knows of; empty, too.
    ///   - custody: where their volumes are; empty, too.
    public static func run(
        on store: any IdentityStore, projects: any ProjectStore, custody: any CustodyStore
    ) async throws {
        let run = IdentityContractRun(store: store, projects: projects, custody: custody)
        try await run.checkAccounts()
        try await run.checkProfiles()
        try await run.checkEmails()
        try await run.checkSessions()
        try await run.checkRefresh()
        try await run.checkEndings()
        try await run.checkBrowsers()
        try await run.checkTokens()
        try await run.checkScopedTokens()
        try await run.checkMakers()
        try await run.checkOrganizations()
        try await run.checkRoles()
        try await run.checkInvitations()
        try await run.checkDeletion()
        try await run.checkBootstrap()
    }
}

struct IdentityContractRun {
    let store: any IdentityStore
    let projects: any ProjectStore
    let custody: any CustodyStore
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    /// A UUID of the contract's own.
    func id(_ number: Int) -> String {
        let digits = String(number)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    func digest(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "a", count: 64 - digits.count) + digits
    }

    func account(_ number: Int) -> NewAccount {
        NewAccount(
            id: id(number), email: "person\(number)@example.com", username: "person \(number)",
            passwordVerifier: Secret("verifier \(number)"), at: start)
    }

    func required<Value>(_ value: Value?, _ text: String) throws -> Value {
        guard let value else { throw ContractViolation(text) }
        return value
    }

    // MARK: Accounts

    func checkAccounts() async throws {
        var first = account(1)
        first.firstName = "Ada \"Ü\""
        let made = try required(try await store.insert(first), "a new account is stored")
        try promise("a new account is what was asked for", made.id == first.id && made.email == first.email)
        try promise("names are kept", made.firstName == first.firstName && made.lastName == nil)
        try promise("a new account has not signed in", made.lastSignInAt == nil && made.insertedAt == start)
        try promise("it is read back", try await store.account(first.id) == made)
        try promise("others are not there", try await store.account(id(99)) == nil)
        let credentials = try await store.credentials(ofEmail: first.email)
        try promise("so is its verifier", credentials?.passwordVerifier == first.passwordVerifier)
        try promise("with the account", credentials?.account == made)
        var rival = account(2)
        rival.email = first.email
        try promise("an e-mail address has one account", try await store.insert(rival) == nil)
        try promise("the refused account does not exist", try await store.account(rival.id) == nil)
        var second = account(2)
        second.passwordVerifier = nil
        let other = try required(try await store.insert(second), "a second account is stored")
        try promise("numbers grow", other.number > made.number)
        let verifier = try await store.credentials(ofEmail: second.email)
        try promise("an account may have no password", verifier != nil && verifier?.passwordVerifier == nil)
        try promise("unknown addresses have nothing", try await store.credentials(ofEmail: "nobody@x") == nil)
        for number in 3...5 { _ = try await store.insert(account(number)) }
    }

    func checkProfiles() async throws {
        let later = start + .seconds(5)
        let change = ProfileChange(firstName: "", lastName: "Last")
        let changed = try required(
            try await store.update(id(1), change, at: later), "a profile can be changed")
        try promise("an empty name is taken away", changed.firstName == nil && changed.lastName == "Last")
        try promise("what is not named stays", changed.username == "person 1" && changed.updatedAt == later)
        try promise("the change is read back", try await store.account(id(1)) == changed)
        let missing = try await store.update(id(99), ProfileChange(username: "x"), at: later)
        try promise("an unknown account cannot be changed", missing == nil)
        let set = try await store.setPassword(of: id(1), verifier: Secret("other"), keeping: nil, at: later)
        let credentials = try await store.credentials(ofEmail: changed.email)
        try promise("a password can be set", set == .set(revokedTokens: 0))
        try promise("and counts", credentials?.passwordVerifier == Secret("other"))
        try promise("by account, too", try await store.passwordVerifier(of: id(1)) == Secret("other"))
        let nobodys = try await store.setPassword(of: id(99), verifier: Secret("x"), keeping: nil, at: later)
        try promise("but not of an unknown account", nobodys == .notFound)
    }
}

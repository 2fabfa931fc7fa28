public import Identity
public import Orchestrator
public import ProjectModel
import Synchronization

/// Identities in memory, under the same rules as in PostgreSQL. ``IdentityStoreContract`` holds both to the same.
public final class InMemoryIdentityStore: IdentityStore, Revertible {
    private let state: Mutex<IdentityState>
    let projects: InMemoryProjectStore
    let custody: any CustodyStore

    /// A store with the default organization, without accounts. `projects` and `custody` return what
    /// there is of projects.
    public init(
        projects: InMemoryProjectStore = InMemoryProjectStore(), custody: (any CustodyStore)? = nil,
        at time: Timestamp = VirtualTime.beginning
    ) {
        self.projects = projects
        self.custody = custody ?? InMemoryCustodyStore(projects: projects)
        state = Mutex(IdentityState(at: time))
    }

    /// Makes every call fail as if the database were away, or ends that.
    public func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = state.withLock { $0 }
        return { [self] in state.withLock { $0 = copy } }
    }

    func transaction<Value: Sendable>(
        _ body: (inout IdentityState) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        await Task.yield()
        return try state.withLock { state throws(StoreError) in
            if state.isDown { throw .unavailable("connection refused") }
            // What fails half-way leaves nothing behind, as a transaction does.
            var copy = state
            let value = try body(&copy)
            state = copy
            return value
        }
    }

    /// Projects of an organization that are not deleted, with their names.
    func projects(of slug: String) async throws(StoreError) -> [ProjectRef: String] {
        var query = ProjectQuery()
        query.visibility = ProjectQuery.Visibility(organizations: [slug])
        var found: [ProjectRef: String] = [:]
        repeat {
            let page = try await projects.projects(query)
            for project in page.projects { found[project.ref] = project.name.text }
            query.offset += query.limit
            if query.offset >= page.count { return found }
        } while true
    }
}

// MARK: - Accounts and sessions

extension InMemoryIdentityStore {
    /// Stores a new account.
    public func insert(_ account: NewAccount) async throws(StoreError) -> Account? {
        try await transaction { $0.insert(account) }
    }

    public func account(_ id: String) async throws(StoreError) -> Account? {
        try await transaction { $0.accounts[id] }
    }

    /// An account and its verifier.
    public func credentials(ofEmail email: String) async throws(StoreError) -> AccountCredentials? {
        try await transaction { $0.credentials(ofEmail: email) }
    }

    public func bootstrapAccount() async throws(StoreError) -> AccountCredentials? {
        try await transaction { state in
            state.bootstrapAccount.flatMap { state.accounts[$0] }
                .map { AccountCredentials(account: $0, passwordVerifier: state.verifiers[$0.id]) }
        }
    }

    /// The verifier of an account.
    public func passwordVerifier(of account: String) async throws(StoreError) -> Secret<String>? {
        try await transaction { $0.verifiers[account] }
    }

    /// Changes a profile.
    public func update(
        _ account: String, _ change: ProfileChange, at time: Timestamp
    ) async throws(StoreError) -> Account? {
        try await transaction { $0.update(account, change, at: time) }
    }

    /// Sets a verifier, ends sessions and deletes tokens.
    public func setPassword(
        of account: String, verifier: Secret<String>, keeping session: String?, at time: Timestamp
    ) async throws(StoreError) -> PasswordOutcome {
        try await transaction { $0.setPassword(of: account, verifier, keeping: session, at: time) }
    }

    /// Moves the mark of the first account.
    public func moveBootstrap(to account: String) async throws(StoreError) -> Bool {
        try await transaction { state in
            guard state.accounts[account] != nil else { return false }
            state.moveBootstrap(to: account)
            return true
        }
    }

    /// When a session was opened.
    public func sessionOpened(
        _ session: String, of account: String, at time: Timestamp
    ) async throws(StoreError) -> Timestamp? {
        try await transaction { state in
            state.principal(session: session, of: account, at: time).flatMap { _ in state.sessions[session]?.openedAt }
        }
    }

    public func replaceVerifier(
        of account: String, _ old: Secret<String>, by new: Secret<String>
    ) async throws(StoreError) {
        try await transaction { state in
            if state.verifiers[account] == old { state.verifiers[account] = new }
        }
    }

    /// Makes sure of the first account.
    public func bootstrap(_ bootstrap: Bootstrap) async throws(StoreError) -> Account {
        try await transaction { state throws(StoreError) in try state.bootstrap(bootstrap) }
    }

    public func openSession(_ session: NewSession, limit: Int) async throws(StoreError) -> Account? {
        try await transaction { $0.open(session, limit: limit) }
    }

    /// Exchanges a refresh token.
    public func refresh(_ refresh: Refresh) async throws(StoreError) -> RefreshOutcome {
        try await transaction { $0.refresh(refresh) }
    }

    public func endSessions(of account: String, _ selection: SessionSelection) async throws(StoreError) -> Int {
        try await transaction { $0.endSessions(of: account, selection) }
    }

    /// Deletes what is over.
    public func purge(at time: Timestamp) async throws(StoreError) -> Int {
        try await transaction { $0.purge(at: time) }
    }
}

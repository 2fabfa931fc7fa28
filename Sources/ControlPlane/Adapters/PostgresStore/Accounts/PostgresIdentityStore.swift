public import Identity
public import Orchestrator
public import PostgresKit
public import ProjectModel

/// Accounts, sessions, tokens and organizations in PostgreSQL. One transaction per method; the SQL of each table is in
/// a file of its own.
public struct PostgresIdentityStore: IdentityStore {
    let pool: PostgresPool

    /// A store on a pool whose database has been migrated.
    public init(pool: PostgresPool) { self.pool = pool }

    func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }

    func reading<Value>(
        _ body: (any PostgresSession) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await body(AmbientTransaction.session(pool)) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}

// MARK: - Accounts and sessions

extension PostgresIdentityStore {
    /// Inserts an account unless its e-mail address is taken.
    public func insert(_ account: NewAccount) async throws(StoreError) -> Account? {
        try await transaction { try await AccountRows.insert(account, in: $0) }
    }

    /// Selects an account.
    public func account(_ id: String) async throws(StoreError) -> Account? {
        try await reading { try await AccountRows.select(id, in: $0) }
    }

    /// Selects an account and its verifier.
    public func credentials(ofEmail email: String) async throws(StoreError) -> AccountCredentials? {
        try await reading { try await AccountRows.credentials(ofEmail: email, in: $0) }
    }

    /// Selects the account of the bootstrap.
    public func bootstrapAccount() async throws(StoreError) -> AccountCredentials? {
        try await reading { try await BootstrapRows.current(in: $0) }
    }

    /// Selects a verifier.
    public func passwordVerifier(of account: String) async throws(StoreError) -> Secret<String>? {
        try await reading { try await AccountRows.passwordVerifier(of: account, in: $0) }
    }

    /// Updates a profile.
    public func update(
        _ account: String, _ change: ProfileChange, at time: Timestamp
    ) async throws(StoreError) -> Account? {
        try await transaction { try await AccountRows.update(account, change, at: time, in: $0) }
    }

    /// Updates a verifier and deletes sessions and tokens.
    public func setPassword(
        of account: String, verifier: Secret<String>, keeping session: String?, at time: Timestamp
    ) async throws(StoreError) -> PasswordOutcome {
        try await transaction { transaction in
            guard try await AccountRows.setPassword(of: account, verifier, at: time, in: transaction) else {
                return .notFound
            }
            _ = try await SessionRows.end(of: account, session.map { .others(than: $0) } ?? .all, in: transaction)
            return .set(revokedTokens: try await TokenRows.deleteAll(of: account, in: transaction))
        }
    }

    /// Updates a verifier, if it is the one that was read.
    public func replaceVerifier(
        of account: String, _ old: Secret<String>, by new: Secret<String>
    ) async throws(StoreError) {
        _ = try await transaction { transaction in
            try await transaction.execute(
                "update accounts set password_verifier = $3 where id = $1 and password_verifier = $2",
                [.text(account), .text(old.reveal()), .text(new.reveal())])
        }
    }

    /// Makes sure of the first account under a lock.
    public func bootstrap(_ bootstrap: Bootstrap) async throws(StoreError) -> Account {
        try await transaction { try await BootstrapRows.ensure(bootstrap, in: $0) }
    }

    /// Moves the mark of the bootstrap under the same lock.
    public func moveBootstrap(to account: String) async throws(StoreError) -> Bool {
        try await transaction { try await BootstrapRows.move(to: account, in: $0) }
    }

    /// Selects the opening of a session.
    public func sessionOpened(
        _ session: String, of account: String, at time: Timestamp
    ) async throws(StoreError) -> Timestamp? {
        try await reading { try await SessionRows.opened(session, of: account, at: time, in: $0) }
    }

    /// Inserts a session and its first refresh token.
    public func openSession(_ session: NewSession, limit: Int) async throws(StoreError) -> Account? {
        try await transaction { try await SessionRows.open(session, limit: limit, in: $0) }
    }

    /// Exchanges a refresh token under a lock of its session.
    public func refresh(_ refresh: Refresh) async throws(StoreError) -> RefreshOutcome {
        try await transaction { try await SessionRows.refresh(refresh, in: $0) }
    }

    /// Deletes sessions.
    public func endSessions(of account: String, _ selection: SessionSelection) async throws(StoreError) -> Int {
        try await transaction { try await SessionRows.end(of: account, selection, in: $0) }
    }

    /// Deletes sessions and invitations that are over.
    public func purge(at time: Timestamp) async throws(StoreError) -> Int {
        try await transaction { try await SessionRows.purge(at: time, in: $0) }
    }
}

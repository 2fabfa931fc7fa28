public import Orchestrator
public import PostgresKit
public import ProjectModel

/// Audit trails and answers of repeated requests in PostgreSQL. Meant to be used inside a unit of work, with what it
/// is about.
public struct PostgresRequestLedger: RequestLedger {
    private let pool: PostgresPool
    private let signer: any AuditSigner
    private let keys: IdempotencyRows

    /// A ledger on a pool whose database has been migrated.
    ///
    /// - Parameters:
    ///   - signer: Signs and checks the heads of audit trails.
    ///   - digester: Makes the digests of requests.
    public init(pool: PostgresPool, signer: any AuditSigner, digester: any PayloadDigester) {
        self.pool = pool
        self.signer = signer
        keys = IdempotencyRows(digester: digester)
    }

    /// Replaces the plain digests that an earlier version stored by keyed ones, so that none is left of what users
    /// chose; returns how many. Their requests are recognised before and after it.
    @discardableResult
    public func keyDigests() async throws(StoreError) -> Int {
        var count = 0
        while true {
            let some = try await transaction { try await keys.keyDigests(in: $0) }
            guard some > 0 else { return count }
            count += some
        }
    }

    /// Adds an entry behind the last one of its trail.
    public func append(_ deed: AuditDeed) async throws(StoreError) -> AuditEntry {
        try await transaction { try await AuditRows.append(deed, signer: signer, in: $0) }
    }

    /// Selects entries, newest first.
    public func trail(_ query: AuditQuery) async throws(StoreError) -> [AuditEntry] {
        try await transaction { try await AuditRows.select(query, in: $0) }
    }

    /// Selects a head.
    public func head(of scope: AuditScope) async throws(StoreError) -> AuditHead {
        try await transaction { try await AuditRows.head(of: scope, signer: signer, in: $0) }
    }

    /// Selects the scopes of all heads.
    public func scopes(limit: Int) async throws(StoreError) -> [AuditScope] {
        try await transaction { try await AuditRows.scopes(limit: limit, in: $0) }
    }

    /// Looks a key up and locks it until the transaction ends.
    public func claim(_ key: IdempotencyKey, at time: Timestamp) async throws(StoreError) -> IdempotencyClaim {
        try await transaction { try await keys.claim(key, at: time, in: $0) }
    }

    /// Stores the answer of a key.
    public func keep(_ answer: StoredAnswer, for key: IdempotencyKey, at time: Timestamp) async throws(StoreError) {
        try await transaction { try await keys.keep(answer, for: key, at: time, in: $0) }
    }

    /// Stores a key without an answer.
    public func begin(_ key: IdempotencyKey, at time: Timestamp) async throws(StoreError) {
        try await transaction { try await keys.begin(key, at: time, in: $0) }
    }

    /// Deletes a key.
    public func release(_ key: IdempotencyKey) async throws(StoreError) {
        try await transaction { try await keys.release(key, in: $0) }
    }

    /// Deletes keys older than a time.
    public func expire(before time: Timestamp) async throws(StoreError) -> Int {
        try await transaction { try await IdempotencyRows.expire(before: time, in: $0) }
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}

public import Orchestrator
public import PostgresKit

/// The manager's lease in PostgreSQL, by PostgreSQL's clock.
public struct PostgresManagerLeaseStore: ManagerLeaseStore {
    private let pool: PostgresPool

    /// A store on a pool whose database has been migrated. The pool should be for the lease alone: a renewal that waits
    /// behind requests comes too late.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Inserts or updates the one row, unless another manager holds it.
    public func acquire(by manager: ManagerIdentity, for ttl: Duration) async throws(StoreError) -> LeaseClaim {
        try await calling {
            // Between the two statements the holder may have gone; then the first one finds the lease free.
            while true {
                if let token = try await ManagerLeaseRow.acquire(by: manager, for: ttl, in: pool) {
                    return .granted(token)
                }
                if let tenure = try await ManagerLeaseRow.current(in: pool) { return .held(tenure) }
            }
        }
    }

    /// Moves the end of the lease, unless it is over.
    public func renew(_ token: FencingToken, for ttl: Duration) async throws(StoreError) -> Bool {
        try await calling { try await ManagerLeaseRow.renew(token, for: ttl, in: pool) }
    }

    /// Ends the lease.
    public func release(_ token: FencingToken) async throws(StoreError) {
        try await calling { try await ManagerLeaseRow.release(token, in: pool) }
    }

    /// Selects the row, unless its time has passed.
    public func current() async throws(StoreError) -> LeaseTenure? {
        try await calling { try await ManagerLeaseRow.current(in: pool) }
    }

    /// Ends the lease of any holder. Only for a database without other users, for instance a private cluster that was
    /// just started: its last manager is gone for certain.
    public func expireAny() async throws(StoreError) {
        try await calling { try await ManagerLeaseRow.expire(in: pool) }
    }

    private func calling<Value>(_ body: () async throws -> Value) async throws(StoreError) -> Value {
        do { return try await body() } catch { throw PostgresProjectStore.storeError(error) }
    }
}

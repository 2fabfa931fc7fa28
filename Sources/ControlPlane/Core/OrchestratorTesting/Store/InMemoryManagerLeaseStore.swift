public import Orchestrator
import Synchronization

/// The manager's lease in memory, by a clock of its own. ``ManagerLeaseContract`` checks it against PostgreSQL's.
public final class InMemoryManagerLeaseStore: ManagerLeaseStore {
    private struct Row {
        var manager: ManagerIdentity
        var token: FencingToken
        var end: Duration
    }

    private struct State {
        var row: Row?
        var isDown = false
    }

    private let time: any TimeSource
    private let state = Mutex(State())

    /// A lease without a holder. `time` is the store's clock.
    public init(time: any TimeSource = SystemTime()) { self.time = time }

    /// Makes every call fail as if the database were away, or ends that.
    public func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    /// Takes the lease if it is free.
    public func acquire(by manager: ManagerIdentity, for ttl: Duration) async throws(StoreError) -> LeaseClaim {
        try await calling { state, now in
            if let row = state.row, row.end > now, row.manager.id != manager.id {
                return .held(LeaseTenure(manager: row.manager, token: row.token, remaining: row.end - now))
            }
            let token = FencingToken((state.row?.token.number ?? 0) + 1)
            state.row = Row(manager: manager, token: token, end: now + ttl)
            return .granted(token)
        }
    }

    /// Extends it, unless it is over.
    public func renew(_ token: FencingToken, for ttl: Duration) async throws(StoreError) -> Bool {
        try await calling { state, now in
            guard let row = state.row, row.token == token, row.end > now else { return false }
            state.row?.end = now + ttl
            return true
        }
    }

    /// Ends it.
    public func release(_ token: FencingToken) async throws(StoreError) {
        try await calling { state, now in if state.row?.token == token { state.row?.end = now } }
    }

    /// The holder.
    public func current() async throws(StoreError) -> LeaseTenure? {
        try await calling { state, now in
            state.row.flatMap { row in
                guard row.end > now else { return nil }
                return LeaseTenure(manager: row.manager, token: row.token, remaining: row.end - now)
            }
        }
    }

    /// Whether the lease of `token` lasts.
    func holds(_ token: FencingToken) -> Bool {
        let now = time.uptime()
        return state.withLock { state in state.row.map { $0.token == token && $0.end > now } ?? false }
    }

    private func calling<Value: Sendable>(
        _ body: (inout State, Duration) -> Value
    ) async throws(StoreError) -> Value {
        await Task.yield()
        let now = time.uptime()
        return try state.withLock { state throws(StoreError) in
            if state.isDown { throw .unavailable("connection refused") }
            return body(&state, now)
        }
    }
}

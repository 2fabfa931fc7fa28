import Synchronization

/// This manager's view of its own lease. Everything that acts checks it right before it acts: a process that was
/// stopped for a while finds here that its time has passed, before any message can tell it.
public final class ManagerLease: Sendable {
    private let time: any TimeSource
    private let state = Mutex(LeaseState.standby)

    /// A lease that is not held.
    public init(time: any TimeSource = SystemTime()) { self.time = time }

    /// The token, while the lease is held and its time has not passed.
    public var token: FencingToken? {
        let now = time.uptime()
        guard case .active(let token, let until) = state.withLock({ $0 }), now < until else { return nil }
        return token
    }

    /// The manager's role.
    public var role: ManagerRole { token == nil ? .standby : .active }

    /// The state as set, even past its time.
    var last: LeaseState { state.withLock { $0 } }

    /// Takes a decision over.
    package func set(_ next: LeaseState) { state.withLock { $0 = next } }
}

/// This manager may not act: it does not hold the lease, or not any more.
public struct NotActiveManager: Error, Sendable, Equatable, CustomStringConvertible {
    /// An error without details.
    public init() {}

    /// The message: one sentence.
    public var description: String { "this is not the active manager of the database; another one acts" }
}

extension ManagerLease {
    /// Throws unless the manager may act at this moment.
    public func check() throws(NotActiveManager) {
        if token == nil { throw NotActiveManager() }
    }
}

/// The one lease under which a manager acts. Time is the store's own, so that no manager's clock matters.
public protocol ManagerLeaseStore: Sendable {
    /// Takes the lease if it is free, or renews the manager's own; each time under a new, greater token.
    func acquire(by manager: ManagerIdentity, for ttl: Duration) async throws(StoreError) -> LeaseClaim
    /// Extends the lease of `token` to `ttl` from now; false when it is over or another manager's.
    func renew(_ token: FencingToken, for ttl: Duration) async throws(StoreError) -> Bool
    /// Ends the lease of `token` at once; one that is over already is success.
    func release(_ token: FencingToken) async throws(StoreError)
    /// The present holder of the lease.
    func current() async throws(StoreError) -> LeaseTenure?
}

/// The answer to a manager that wants the lease.
public enum LeaseClaim: Sendable, Equatable {
    /// It is the manager's now.
    case granted(FencingToken)
    /// Another manager holds it.
    case held(LeaseTenure)
}

public struct LeaseTenure: Sendable, Equatable {
    /// The holder.
    public var manager: ManagerIdentity
    /// Under which token.
    public var token: FencingToken
    /// How long it lasts unless it is renewed.
    public var remaining: Duration

    public init(manager: ManagerIdentity, token: FencingToken, remaining: Duration) {
        self.manager = manager
        self.token = token
        self.remaining = remaining
    }
}

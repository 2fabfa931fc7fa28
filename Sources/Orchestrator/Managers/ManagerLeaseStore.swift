/// The one lease under which a manager acts. Time is the store's own, so that no manager's clock matters.
public protocol ManagerLeaseStore: Sendable {
    /// Takes the lease if nobody holds it, or renews the manager's own; each time under a new, greater token.
    func acquire(by manager: ManagerIdentity, for ttl: Duration) async throws(StoreError) -> LeaseClaim
    /// Lets the lease of `token` last for `ttl` from now; false when it is over or somebody else's.
    func renew(_ token: FencingToken, for ttl: Duration) async throws(StoreError) -> Bool
    /// Ends the lease of `token` at once; one that is over already is success.
    func release(_ token: FencingToken) async throws(StoreError)
    /// Who holds the lease at the moment.
    func current() async throws(StoreError) -> LeaseTenure?
}

/// The answer to a manager that wants the lease.
public enum LeaseClaim: Sendable, Equatable {
    /// It is the manager's now.
    case granted(FencingToken)
    /// It is somebody else's.
    case held(LeaseTenure)
}

/// A lease that is held.
public struct LeaseTenure: Sendable, Equatable {
    /// Who holds it.
    public var manager: ManagerIdentity
    /// Under which token.
    public var token: FencingToken
    /// How long it lasts unless it is renewed.
    public var remaining: Duration

    /// A tenure.
    public init(manager: ManagerIdentity, token: FencingToken, remaining: Duration) {
        self.manager = manager
        self.token = token
        self.remaining = remaining
    }
}

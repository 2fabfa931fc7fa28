public import Orchestrator
import ProjectModel

/// What every ``ManagerLeaseStore`` promises, and every ``ProjectStore`` that writes under a lease. Tests run it on the
/// stores in memory and on PostgreSQL.
public struct ManagerLeaseContract {
    /// A lease that outlives every manager of a test.
    private static let long: Duration = .seconds(3_600)
    /// A lease that is over soon.
    private static let short: Duration = .milliseconds(50)

    private let leases: any ManagerLeaseStore
    private let projects: any ProjectStore
    private let fenced: (ManagerLease) -> any ProjectStore
    private let waitUntilOver: (Duration) async throws -> Void
    private let first = ManagerIdentity(id: "first", address: "127.0.0.1:1", projectsFolder: "/a")
    private let second = ManagerIdentity(id: "second", address: "127.0.0.1:2", projectsFolder: "/b")

    /// A contract for empty stores.
    ///
    /// - Parameters:
    ///   - projects: Projects as requests write them.
    ///   - fenced: The same projects, written under a lease.
    ///   - waitUntilOver: Waits on the store's clock.
    public init(
        leases: any ManagerLeaseStore, projects: any ProjectStore, fenced: @escaping (ManagerLease) -> any ProjectStore,
        waitUntilOver: @escaping (Duration) async throws -> Void
    ) {
        self.leases = leases
        self.projects = projects
        self.fenced = fenced
        self.waitUntilOver = waitUntilOver
    }

    /// Checks every promise; throws the first that is broken.
    public func run() async throws {
        try promise("the lease is free at first", try await leases.current() == nil)
        let token = try await granted(first, Self.long)
        try await checkHolding(token)
        try await leases.release(token)
        try promise("a released lease is free", try await leases.current() == nil)
        try promise("and cannot be renewed", try await !leases.renew(token, for: Self.long))
        let next = try await granted(second, Self.long)
        try promise("the token grows with every term", next > token)
        try await leases.release(token)
        try promise("an old token releases nothing", try await leases.renew(next, for: Self.short))
        try await checkEnd(next)
        try await checkFence()
    }

    private func granted(_ manager: ManagerIdentity, _ ttl: Duration) async throws -> FencingToken {
        guard case .granted(let token) = try await leases.acquire(by: manager, for: ttl) else {
            throw ContractViolation("a free lease is granted")
        }
        return token
    }

    private func checkHolding(_ token: FencingToken) async throws {
        guard case .held(let tenure) = try await leases.acquire(by: second, for: Self.long) else {
            throw ContractViolation("a lease that is held is not granted to another")
        }
        try promise("the response names the holder", tenure.manager == first && tenure.token == token)
        try promise(
            "and for how long", tenure.remaining > Self.long - .seconds(60) && tenure.remaining <= Self.long)
        try promise("a refused request changes nothing", try await leases.current()?.token == token)
        try promise("a lease is renewed", try await leases.renew(token, for: Self.long))
        try promise(
            "another token renews nothing", try await !leases.renew(FencingToken(token.number + 1), for: Self.long))
    }

    private func checkEnd(_ token: FencingToken) async throws {
        try await waitUntilOver(Self.short)
        try promise("an expired lease is free", try await leases.current() == nil)
        try promise("and cannot be renewed any more", try await !leases.renew(token, for: Self.long))
        let third = try await granted(first, Self.long)
        try promise("it is free for others", third > token)
        let again = try await granted(first, Self.long)
        try promise("a repeated request begins a new term", again > third)
        try promise("under which the old token is worth nothing", try await !leases.renew(third, for: Self.long))
        try await leases.release(again)
    }

    private func checkFence() async throws {
        let lease = ManagerLease()
        let store = fenced(lease)
        let contract = StoreContractRun(store: projects)
        let new = try contract.project(77)
        _ = try await projects.insert(new)
        let transition = StatusTransition(from: .provisioning, to: .starting, cause: "test", at: contract.start)
        let back = StatusTransition(from: .starting, to: .provisioning, cause: "test", at: contract.start)
        try await refused(store, ref: new.ref, transition: transition, text: "without a lease nothing is written")
        let token = try await granted(first, Self.long)
        lease.set(.active(token, until: SystemTime().uptime() + Self.long))
        try promise("what holds the lease writes", try await store.transition(new.ref, transition))
        try promise("so do requests", try await projects.transition(new.ref, back))
        try await leases.release(token)
        try await refused(
            store, ref: new.ref, transition: transition, text: "after the end of the lease nothing is written")
        _ = try await granted(second, Self.long)
        try await refused(store, ref: new.ref, transition: transition, text: "under an old token nothing is written")
        try promise("and requests still work", try await projects.transition(new.ref, transition))
    }

    private func refused(
        _ store: any ProjectStore, ref: ProjectRef, transition: StatusTransition, text: String
    ) async throws {
        let before = try await projects.project(ref)
        let subnet = try StoreContractRun(store: store).project(78).leases.subnet
        try promise(text, try await error { _ = try await store.transition(ref, transition) } == .fenced)
        let port = try await error {
            try await store.replacePort("GATEWAY_PORT", of: ref, with: 29_001, at: transition.at)
        }
        try promise("\(text), no port", port == .fenced)
        let network = try await error { try await store.replaceSubnet(of: ref, with: subnet, at: transition.at) }
        try promise("\(text), no subnet", network == .fenced)
        try promise("\(text), nor is anything of it left", try await projects.project(ref) == before)
        try promise("reading is free", try await store.project(ref) == before)
    }

    private func error(_ call: () async throws -> Void) async throws -> StoreError? {
        do { try await call() } catch let error as StoreError { return error }
        throw ContractViolation("the call must be refused")
    }
}

public import Logging
public import ServiceLifecycle

/// Holds the manager's lease, or waits for it, and runs the work that belongs to each role. Work of a role that is
/// over is cancelled and waited for before the next one begins.
public final class LeaseLoop: Service {
    /// What is done in a role until it is cancelled.
    public typealias Work = @Sendable (ManagerRole) async -> Void

    private let store: any ManagerLeaseStore
    private let lease: ManagerLease
    private let manager: ManagerIdentity
    private let rules: LeaseRules
    private let time: any TimeSource
    private let logger: Logger
    private let work: Work

    /// A loop that keeps `lease` in line with the store.
    public init(
        store: any ManagerLeaseStore, lease: ManagerLease, manager: ManagerIdentity, rules: LeaseRules = LeaseRules(),
        time: any TimeSource = SystemTime(), logger: Logger, work: @escaping Work
    ) {
        self.store = store
        self.lease = lease
        self.manager = manager
        self.rules = rules
        self.time = time
        self.logger = logger
        self.work = work
    }

    /// Works until it is cancelled or the service group shuts down; gives the lease back in the end, so that the next
    /// manager need not wait for it to run out.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.runUntilCancelled() }
        await release()
    }

    /// The same without a service group around it, and without giving the lease back.
    package func runUntilCancelled() async {
        while !Task.isCancelled {
            await acquire()
            if lease.token == nil { await during(.standby) { await self.waitForLease() } }
            if lease.token != nil { await during(.active) { await self.keepLease() } }
        }
    }

    /// Gives the lease back.
    package func release() async {
        guard case .active(let token, _) = lease.last else { return }
        lease.set(.standby)
        do {
            try await store.release(token)
        } catch {
            logger.warning(
                "the manager's lease was not given back; another manager waits until it has run out",
                metadata: ["error": "\(error)"])
        }
    }

    private func during(_ role: ManagerRole, _ watch: @Sendable () async -> Void) async {
        logger.notice("the manager's role", metadata: ["role": "\(role.rawValue)"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.work(role) }
            await watch()
            group.cancelAll()
        }
    }

    private func waitForLease() async {
        while !Task.isCancelled, lease.token == nil {
            do { try await time.sleep(for: rules.standbyInterval) } catch { return }
            await acquire()
        }
    }

    private func keepLease() async {
        while !Task.isCancelled, case .active(let token, let until) = lease.last {
            do {
                try await time.sleep(for: min(rules.renewalInterval, max(until - time.uptime(), .zero)))
            } catch { return }
            let ttl = rules.ttl
            await ask(within: until - time.uptime()) { () async throws(StoreError) in
                try await self.store.renew(token, for: ttl) ? .renewed : .lost
            }
            guard case .standby = lease.last else { continue }
            logger.warning(
                "the manager's lease is lost; it stands by", metadata: ["token": "\(token)"])
        }
    }

    private func acquire() async {
        await ask(within: rules.ttl) { () async throws(StoreError) in
            switch try await self.store.acquire(by: self.manager, for: self.rules.ttl) {
            case .granted(let token): .granted(token)
            case .held: .held
            }
        }
    }

    /// Asks the store and takes in what follows. No answer within `limit` is one, too.
    private func ask(
        within limit: Duration, _ question: @escaping @Sendable () async throws(StoreError) -> LeaseAnswer
    ) async {
        let askedAt = time.uptime()
        let answer = await withTaskGroup(of: LeaseAnswer.self) { group in
            group.addTask {
                do { return try await question() } catch {
                    if !Task.isCancelled {
                        self.logger.warning(
                            "the manager's lease cannot be read from the database", metadata: ["error": "\(error)"])
                    }
                    return .silent
                }
            }
            group.addTask {
                try? await self.time.sleep(for: max(limit, .zero))
                return .silent
            }
            defer { group.cancelAll() }
            return await group.next() ?? .silent
        }
        lease.set(rules.next(lease.last, answer, askedAt: askedAt, now: time.uptime()))
    }
}

import ProjectModel

/// The sessions in use and the waiting callers, as a value: sessions are a database's, or requests that a gateway is
/// answering. First come, first served, except that a project which has all of its sessions in use does not block
/// others, and neither does an account.
struct SessionQueue: Sendable {
    typealias WaiterID = UInt64

    enum Answer: Sendable, Equatable {
        case granted
        case wait(WaiterID)
        case refused
    }

    /// How many there may be.
    struct Limits: Sendable {
        /// Sessions of one project.
        let perProject: Int
        /// Sessions of one account, across its projects.
        let perAccount: Int
        /// Sessions in all.
        let maximum: Int
        /// Callers that wait, in all.
        let waiters: Int
        /// Callers that wait for one project, and on behalf of one account.
        let waitersPerHolder: Int
    }

    private let limits: Limits
    private var taken: [ProjectRef: Int] = [:]
    private var takenByAccount: [String: Int] = [:]
    private var waiters: [(id: WaiterID, holder: Holder)] = []
    private var lastWaiter: WaiterID = 0
    private(set) var total = 0

    /// The owner of a session: a project, and an account; nil for the manager itself.
    struct Holder: Sendable, Equatable {
        let ref: ProjectRef
        var account: String?
    }

    init(_ limits: Limits) {
        self.limits = limits
    }

    /// Asks for a session.
    mutating func acquire(_ holder: Holder) -> Answer {
        if hasRoom(holder) {
            take(holder)
            return .granted
        }
        guard mayWait(holder) else { return .refused }
        lastWaiter += 1
        waiters.append((lastWaiter, holder))
        return .wait(lastWaiter)
    }

    /// Gives a session back. Returns the waiter that has one now, if any.
    mutating func release(_ holder: Holder) -> WaiterID? {
        total -= 1
        Self.decrease(holder.ref, in: &taken)
        if let account = holder.account { Self.decrease(account, in: &takenByAccount) }
        guard let next = waiters.firstIndex(where: { hasRoom($0.holder) }) else { return nil }
        let waiter = waiters.remove(at: next)
        take(waiter.holder)
        return waiter.id
    }

    /// A waiter gives up. Whether it still waited; if not, it has a session already.
    mutating func abandon(_ waiter: WaiterID) -> Bool {
        guard let position = waiters.firstIndex(where: { $0.id == waiter }) else { return false }
        waiters.remove(at: position)
        return true
    }

    private func hasRoom(_ holder: Holder) -> Bool {
        let ofAccount = holder.account.map { takenByAccount[$0] ?? 0 } ?? 0
        return total < limits.maximum && (taken[holder.ref] ?? 0) < limits.perProject && ofAccount < limits.perAccount
    }

    /// Those who wait for a slow project leave room for those who wait for another.
    private func mayWait(_ holder: Holder) -> Bool {
        guard waiters.count < limits.waiters else { return false }
        let ofProject = waiters.count { $0.holder.ref == holder.ref }
        let ofAccount = holder.account.map { account in waiters.count { $0.holder.account == account } } ?? 0
        return max(ofProject, ofAccount) < limits.waitersPerHolder
    }

    private mutating func take(_ holder: Holder) {
        total += 1
        taken[holder.ref, default: 0] += 1
        if let account = holder.account { takenByAccount[account, default: 0] += 1 }
    }

    private static func decrease<Key: Hashable>(_ key: Key, in counts: inout [Key: Int]) {
        let left = (counts[key] ?? 1) - 1
        counts[key] = left > 0 ? left : nil
    }
}

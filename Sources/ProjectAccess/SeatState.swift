import ProjectModel

/// Who has a session and who waits for one, as a value. First come, first served, except that a project which has all
/// of its sessions does not hold up the others.
struct SeatState: Sendable {
    typealias WaiterID = UInt64

    enum Answer: Sendable, Equatable {
        case granted
        case wait(WaiterID)
        case refused
    }

    private let perProject: Int
    private let maximum: Int
    private let maximumWaiters: Int
    private var taken: [ProjectRef: Int] = [:]
    private var waiters: [(id: WaiterID, ref: ProjectRef)] = []
    private var lastWaiter: WaiterID = 0
    private(set) var total = 0

    init(perProject: Int, maximum: Int, maximumWaiters: Int) {
        self.perProject = perProject
        self.maximum = maximum
        self.maximumWaiters = maximumWaiters
    }

    /// Asks for a session.
    mutating func acquire(_ ref: ProjectRef) -> Answer {
        if hasRoom(ref) {
            take(ref)
            return .granted
        }
        guard waiters.count < maximumWaiters else { return .refused }
        lastWaiter += 1
        waiters.append((lastWaiter, ref))
        return .wait(lastWaiter)
    }

    /// Gives a session back. Returns the waiter that has one now, if any.
    mutating func release(_ ref: ProjectRef) -> WaiterID? {
        total -= 1
        let left = (taken[ref] ?? 1) - 1
        taken[ref] = left > 0 ? left : nil
        guard let next = waiters.firstIndex(where: { hasRoom($0.ref) }) else { return nil }
        let waiter = waiters.remove(at: next)
        take(waiter.ref)
        return waiter.id
    }

    /// A waiter gives up. Whether it still waited; if not, it has a session already.
    mutating func abandon(_ waiter: WaiterID) -> Bool {
        guard let position = waiters.firstIndex(where: { $0.id == waiter }) else { return false }
        waiters.remove(at: position)
        return true
    }

    private func hasRoom(_ ref: ProjectRef) -> Bool { total < maximum && (taken[ref] ?? 0) < perProject }

    private mutating func take(_ ref: ProjectRef) {
        total += 1
        taken[ref, default: 0] += 1
    }
}

import Orchestrator
public import ProjectModel
import Reconciler
import Synchronization

/// What can go wrong in a simulation.
public enum FaultKind: String, Sendable, CaseIterable, Codable {
    /// The manager's process is killed between, before or after calls.
    case managerKilled
    /// A manager is stopped in the middle of its work, and continued later.
    case managerStopped
    /// The engine goes away, and comes back.
    case engineDown
    /// Events get lost.
    case eventsLost
    /// Events come late, and overtake each other.
    case eventsLate
    /// A call is refused with 500.
    case callRefused
    /// A call is carried out and its answer lost.
    case answerLost
    /// A call is carried out long after its answer was lost.
    case callLate
    /// An observation of the engine shows an older state.
    case staleView
    /// The process of a service is killed.
    case processKilled
    /// A service runs and does not answer for a while.
    case serviceHangs
    /// A service ends soon after each of its starts, for a while.
    case serviceCrashes
    /// A container is removed behind the manager's back.
    case containerRemoved
    /// A container is frozen or stopped behind the manager's back.
    case containerMeddled
    /// A foreign program takes a port.
    case portStolen
    /// A foreign container is connected to a project's network for a while, or the engine has lost count.
    case networkHeld
    /// An image cannot be pulled for a while.
    case imageGone
    /// The disk is full: the engine can create nothing, and no project folder can be written.
    case diskFull
    /// The database goes away, and comes back.
    case storeDown
    /// A transaction fails before it is committed.
    case commitFailed
    /// A transaction is committed and the answer lost.
    case commitAnswerLost
    /// The host's clock is set forwards.
    case clockForwards
    /// The host's clock is set back.
    case clockBackwards
    /// A request comes twice.
    case requestRepeated
    /// A request comes during a pass over the project: the pass has read an old state.
    case requestDuringLook
    /// A service writes its password to its log, and the engine repeats it in a refusal.
    case secretRepeated
}

/// Decides, from a seed, which of the calls of a manager go wrong, and counts what it did. When it has cleared nothing
/// goes wrong any more.
public final class Weather: Sendable {
    private struct State {
        var generator: SeededGenerator
        var counts: [FaultKind: Int] = [:]
        var isClear: Bool
        var diskFullUntil: Timestamp?
        var views: [ProjectRef: ObservedStack] = [:]
        var hidden: Set<String> = []
    }

    /// Of so many calls one goes wrong.
    private static let engineRarity: UInt64 = 60
    private static let storeRarity: UInt64 = 80

    private let state: Mutex<State>

    /// A fault schedule from a seed.
    public init(seed: UInt64, isClear: Bool = false) {
        state = Mutex(State(generator: SeededGenerator(seed: seed ^ 0xD1CE), isClear: isClear))
    }

    /// A schedule without faults.
    public static let clear = Weather(seed: 0, isClear: true)

    /// Nothing goes wrong from now on.
    public func clearUp() {
        state.withLock { state in
            state.isClear = true
            state.diskFullUntil = nil
        }
    }

    /// How often each fault happened.
    public var counts: [FaultKind: Int] { state.withLock(\.counts) }

    /// Counts a fault that was injected elsewhere.
    public func count(_ kind: FaultKind) { state.withLock { $0.counts[kind, default: 0] += 1 } }

    /// Until when the engine's disk is full.
    public func fillDisk(until time: Timestamp) {
        state.withLock { state in
            guard !state.isClear else { return }
            state.diskFullUntil = time
            state.counts[.diskFull, default: 0] += 1
        }
    }

    /// What happens to one call.
    enum Fate: Sendable { case fine, refusedBefore, lostAfter }

    func fateOfEngineCall() -> Fate { fate(Self.engineRarity, before: .callRefused, after: .answerLost) }
    func fateOfStoreCall() -> Fate { fate(Self.storeRarity, before: .commitFailed, after: .commitAnswerLost) }

    private func fate(_ rarity: UInt64, before: FaultKind, after: FaultKind) -> Fate {
        state.withLock { state in
            guard !state.isClear, state.generator.next() % rarity == 0 else { return .fine }
            let isBefore = state.generator.next() % 2 == 0
            state.counts[isBefore ? before : after, default: 0] += 1
            return isBefore ? .refusedBefore : .lostAfter
        }
    }

    /// Whether something that belongs to the moment, and not to a call's fate, happens now; counted if so.
    func strikes(_ kind: FaultKind, oneIn rarity: UInt64) -> Bool {
        state.withLock { state in
            guard !state.isClear, state.generator.next() % rarity == 0 else { return false }
            state.counts[kind, default: 0] += 1
            return true
        }
    }

    func isDiskFull(at time: Timestamp) -> Bool {
        state.withLock { $0.diskFullUntil.map { time < $0 } ?? false }
    }

    /// Objects that a mistaken manager believes to be gone.
    func hide(_ id: String) { state.withLock { _ = $0.hidden.insert(id) } }

    func isHidden(_ id: String) -> Bool { state.withLock { $0.hidden.contains(id) } }

    /// A view without what is believed to be gone.
    func withoutHidden(_ stack: ObservedStack) -> ObservedStack {
        state.withLock { state in
            ObservedStack(
                networks: stack.networks.filter { !state.hidden.contains($0.id) },
                volumes: stack.volumes.filter { !state.hidden.contains($0.name) },
                containers: stack.containers.filter { !state.hidden.contains($0.id) })
        }
    }

    /// The fresh view of a project, or occasionally the previous one.
    func view(_ ref: ProjectRef, _ fresh: ObservedStack) -> ObservedStack {
        state.withLock { state in
            let before = state.views[ref]
            state.views[ref] = fresh
            guard !state.isClear, let before, before != fresh, state.generator.next() % 12 == 0 else { return fresh }
            state.counts[.staleView, default: 0] += 1
            return before
        }
    }
}

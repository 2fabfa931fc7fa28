public import Orchestrator
public import ProjectModel
import Synchronization

/// Time that passes only on request. Sleepers wake in the order of their due times; equal ones in the order in which
/// they fell asleep.
public final class VirtualTime: TimeSource {
    private struct Sleeper {
        let id: Int
        let due: Timestamp
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var lastID = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<Int> = []
        var isFrozen = false
        /// By how much the clock on the wall is wrong.
        var error: Duration = .zero
    }

    /// Where virtual time begins: far enough from zero that subtractions stay positive.
    public static let beginning = Timestamp(milliseconds: 1_800_000_000_000)

    private let state: Mutex<State>

    /// Time that stands still at `start`.
    public init(start: Timestamp = VirtualTime.beginning) { state = Mutex(State(now: start)) }

    /// The present virtual time by the wall clock.
    public func now() -> Timestamp { state.withLock { $0.now + $0.error } }

    /// The present virtual time by the monotonic clock.
    public var steady: Timestamp { state.withLock(\.now) }

    /// The virtual time that has passed.
    public func uptime() -> Duration { steady.since(Self.beginning) }

    /// Sets the wall clock forwards or backwards. Sleepers are not affected.
    public func setClock(by difference: Duration) { state.withLock { $0.error += difference } }

    /// Waits until time has advanced by `duration`.
    public func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { lieDown(id, duration: duration, continuation: $0) }
        } onCancel: {
            cancel(id)
        }
    }

    private func lieDown(_ id: Int, duration: Duration, continuation: CheckedContinuation<Void, any Error>) {
        let isCancelled = state.withLock { state in
            if state.cancelled.remove(id) != nil { return true }
            // At least a millisecond: a loop that "sleeps" for nothing must not hold time still.
            let due = state.now + max(duration, .milliseconds(1))
            let place = state.sleepers.firstIndex { $0.due > due } ?? state.sleepers.endIndex
            state.sleepers.insert(Sleeper(id: id, due: due, continuation: continuation), at: place)
            return false
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
    }

    private func cancel(_ id: Int) {
        let sleeper = state.withLock { state -> Sleeper? in
            guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            return state.sleepers.remove(at: index)
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }

    /// Stops or resumes virtual time. For waits on processes outside of the simulation.
    public func setFrozen(_ isFrozen: Bool) { state.withLock { $0.isFrozen = isFrozen } }

    /// Advances time to the next due sleeper and wakes all that are due then. False without sleepers or while frozen.
    @discardableResult
    public func advanceToNextSleeper() -> Bool {
        let due = state.withLock { state -> [Sleeper] in
            guard !state.isFrozen, let first = state.sleepers.first else { return [] }
            state.now = max(state.now, first.due)
            let count = state.sleepers.prefix { $0.due <= state.now }.count
            defer { state.sleepers.removeFirst(count) }
            return Array(state.sleepers.prefix(count))
        }
        due.forEach { $0.continuation.resume() }
        return !due.isEmpty
    }
}

public import Orchestrator
import Synchronization

/// A store in memory that can go back to how it was.
public protocol Revertible: Sendable {
    /// Returns a closure that restores the present state.
    func checkpoint() -> @Sendable () -> Void
}

/// Units of work over stores in memory, one at a time: what fails half-way leaves nothing behind. Changes that others
/// make meanwhile outside of any unit are lost with it, which no test may depend on.
public final class InMemoryUnitOfWork: UnitOfWork {
    @TaskLocal private static var isInside = false

    private let stores: [any Revertible]
    private let turns = Turns()

    /// Units of work over `stores`.
    public init(_ stores: [any Revertible]) { self.stores = stores }

    /// Runs `body`, alone.
    public func perform<Value: Sendable>(_ body: @Sendable @escaping () async throws -> Value) async throws -> Value {
        guard !Self.isInside else { return try await body() }
        return try await AfterCommit.collecting {
            await turns.take()
            defer { turns.give() }
            let reverts = stores.map { $0.checkpoint() }
            do {
                return try await Self.$isInside.withValue(true) { try await body() }
            } catch {
                for revert in reverts { revert() }
                throw error
            }
        }
    }
}

/// One at a time, in the order of arrival.
private final class Turns: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func take() async {
        await withCheckedContinuation { continuation in
            let isMine = state.withLock { state in
                guard state.isTaken else {
                    state.isTaken = true
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isMine { continuation.resume() }
        }
    }

    func give() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

import Reconciler
import Synchronization

/// Lets starts of containers through to the engine, the most urgent first and no more at once than it is worth. Those
/// that wait are bounded by the plans that are carried out at the same time, and the calls of each.
package final class StartGate: Sendable {
    private struct Waiter {
        let number: Int
        let urgency: Int
        /// Resumed with the calls that are under way then; nil when the task was cancelled.
        let continuation: CheckedContinuation<Int?, Never>
    }

    private struct State {
        var limit = ConcurrencyLimit()
        var underWay = 0
        var waiters: [Waiter] = []
        var lastNumber = 0

        /// Lets those through for whom there is room. Of equally urgent ones who came first goes first.
        mutating func open() {
            while underWay < limit.limit,
                let next = waiters.indices.min(by: { left, right in
                    (-waiters[left].urgency, waiters[left].number) < (-waiters[right].urgency, waiters[right].number)
                })
            {
                underWay += 1
                waiters.remove(at: next).continuation.resume(returning: underWay)
            }
        }
    }

    private let state = Mutex(State())
    private let time: any TimeSource

    /// A gate that measures by a clock.
    package init(_ time: any TimeSource) { self.time = time }

    /// Calls that wait for their turn.
    var waiting: Int { state.withLock(\.waiters.count) }

    /// Calls once it is the caller's turn. When the task is cancelled before, nothing is called, and the error says so.
    func pass(
        urgency: Int, _ call: () async throws(EngineError) -> Void
    ) async throws(EngineError) {
        guard let underWay = await enter(urgency) else { throw .unavailable("the call was given up") }
        let start = time.uptime()
        do throws(EngineError) {
            try await call()
        } catch {
            leave(nil)
            throw error
        }
        leave((time.uptime() - start, underWay))
    }

    private func enter(_ urgency: Int) async -> Int? {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    // Seen here or, if it comes later, by the handler: it needs the lock as well.
                    guard !Task.isCancelled else { return continuation.resume(returning: nil) }
                    state.waiters.append(Waiter(number: number, urgency: urgency, continuation: continuation))
                    state.open()
                }
            }
        } onCancel: {
            state.withLock { state in
                guard let place = state.waiters.firstIndex(where: { $0.number == number }) else { return }
                state.waiters.remove(at: place).continuation.resume(returning: nil)
            }
        }
    }

    /// - Parameter measured: How long the call took and how many were under way; nil for one that failed, which tells
    ///   nothing of that.
    private func leave(_ measured: (duration: Duration, underWay: Int)?) {
        state.withLock { state in
            state.underWay -= 1
            if let measured { state.limit.note(measured.duration, underWay: measured.underWay) }
            state.open()
        }
    }
}

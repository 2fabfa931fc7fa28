import Reconciler
import Synchronization

/// Lets starts of containers through to the engine, the most urgent first and no more at once than it is worth. Those
/// that wait are bounded by the plans that are carried out at the same time, and the calls of each.
package final class StartLimiter: Sendable {
    /// How long a call holds its slot. A hung call does not keep other projects from starting.
    static let placeHeldMax: Duration = .seconds(10)

    private struct Waiter {
        let number: Int
        let urgency: Int
        /// Resumed with the number of running calls; nil when the task was cancelled.
        let continuation: CheckedContinuation<Int?, Never>
    }

    private struct State {
        var limit = ConcurrencyLimit()
        var underWay: Set<Int> = []
        var waiters: [Waiter] = []
        var lastNumber = 0

        /// Admits waiters while there is room: the most urgent first, equally urgent ones in order of arrival.
        mutating func open() {
            while underWay.count < limit.limit,
                let next = waiters.indices.min(by: { left, right in
                    (-waiters[left].urgency, waiters[left].number) < (-waiters[right].urgency, waiters[right].number)
                })
            {
                let waiter = waiters.remove(at: next)
                underWay.insert(waiter.number)
                waiter.continuation.resume(returning: underWay.count)
            }
        }
    }

    private let state = Mutex(State())
    private let time: any TimeSource

    /// A limiter that measures by a clock.
    package init(_ time: any TimeSource) { self.time = time }

    /// Calls that wait for their turn.
    var waiting: Int { state.withLock(\.waiters.count) }

    /// Calls once it is the caller's turn. When the task is cancelled before, nothing is called, and the error says so.
    func pass(
        urgency: Int, _ call: () async throws(EngineError) -> Void
    ) async throws(EngineError) {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        guard let underWay = await enter(number, urgency) else { throw .unavailable("the call was given up") }
        let start = time.uptime()
        let result: Result<Void, EngineError> = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await self.time.sleep(for: Self.placeHeldMax) } catch { return }
                self.leave(number, nil)
            }
            defer { group.cancelAll() }
            do throws(EngineError) { return .success(try await call()) } catch { return .failure(error) }
        }
        leave(number, result.isSuccess ? (time.uptime() - start, underWay) : nil)
        try result.get()
    }

    private func enter(_ number: Int, _ urgency: Int) async -> Int? {
        await withTaskCancellationHandler {
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

    /// Gives up a call's place, if it has one still.
    ///
    /// - Parameter measured: The call's duration and the number of concurrent calls; nil for a failed call, which
    ///   measures nothing, or one still running.
    private func leave(_ number: Int, _ measured: (duration: Duration, underWay: Int)?) {
        state.withLock { state in
            state.underWay.remove(number)
            if let measured { state.limit.note(measured.duration, underWay: measured.underWay) }
            state.open()
        }
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}

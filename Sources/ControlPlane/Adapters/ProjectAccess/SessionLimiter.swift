import Orchestrator
import Synchronization

/// The errors of what a ``SessionLimiter`` lets through.
protocol LimitedError: Error {
    /// There are too many already.
    static var busy: Self { get }
    /// The task that waited was cancelled.
    static var cancelled: Self { get }
}

extension ProjectDatabaseError: LimitedError {}

extension ProjectGatewayError: LimitedError {}

/// Lets no more calls through than there may be sessions; the others wait for a bounded time.
final class SessionLimiter<Failure: LimitedError>: Sendable {
    private typealias Waiting = CheckedContinuation<Result<Void, Failure>, Never>

    private struct Shared {
        var queue: SessionQueue
        var waiting: [SessionQueue.WaiterID: Waiting] = [:]
        /// Waiters whose answer came before they had begun to wait.
        var early: [SessionQueue.WaiterID: Result<Void, Failure>] = [:]
    }

    private let shared: Mutex<Shared>
    private let waitTimeout: Duration

    /// - Parameter waitTimeout: how long a call may wait for a session.
    init(_ limits: SessionQueue.Limits, waitTimeout: Duration) {
        self.waitTimeout = waitTimeout
        shared = Mutex(Shared(queue: SessionQueue(limits)))
    }

    /// Runs `body` with a session of the project and the account.
    func withSession<Value: Sendable>(
        for holder: SessionQueue.Holder, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        switch shared.withLock({ $0.queue.acquire(holder) }) {
        case .granted: break
        case .refused: throw .busy
        case .wait(let waiter): try await wait(waiter)
        }
        defer { leave(holder) }
        return try await body()
    }

    private func leave(_ holder: SessionQueue.Holder) {
        let waiting = shared.withLock { shared -> Waiting? in
            guard let waiter = shared.queue.release(holder) else { return nil }
            return Self.answer(waiter, result: .success(()), shared: &shared)
        }
        waiting?.resume(returning: .success(()))
    }

    private func wait(_ waiter: SessionQueue.WaiterID) async throws(Failure) {
        async let _ = expire(waiter)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Waiting) in
                let early = shared.withLock { shared in
                    let early = shared.early.removeValue(forKey: waiter)
                    if early == nil { shared.waiting[waiter] = continuation }
                    return early
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            abandon(waiter, because: .cancelled)
        }
        try result.get()
    }

    private func expire(_ waiter: SessionQueue.WaiterID) async {
        do {
            try await Task.sleep(for: waitTimeout)
        } catch {
            return
        }
        abandon(waiter, because: .busy)
    }

    /// Ends the wait, unless a session was granted at the same moment.
    private func abandon(_ waiter: SessionQueue.WaiterID, because error: Failure) {
        let waiting = shared.withLock { shared -> Waiting? in
            guard shared.queue.abandon(waiter) else { return nil }
            return Self.answer(waiter, result: .failure(error), shared: &shared)
        }
        waiting?.resume(returning: .failure(error))
    }

    /// The continuation to resume once the lock is free; without one the answer is kept for it.
    private static func answer(
        _ waiter: SessionQueue.WaiterID, result: Result<Void, Failure>, shared: inout Shared
    ) -> Waiting? {
        let waiting = shared.waiting.removeValue(forKey: waiter)
        if waiting == nil { shared.early[waiter] = result }
        return waiting
    }
}

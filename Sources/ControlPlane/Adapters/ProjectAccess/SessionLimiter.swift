import Orchestrator
import Synchronization

/// Lets no more queries through than there may be sessions; the others wait for a bounded time.
final class SessionLimiter: Sendable {
    private typealias Waiting = CheckedContinuation<Result<Void, ProjectDatabaseError>, Never>

    private struct Shared {
        var queue: SessionQueue
        var waiting: [SessionQueue.WaiterID: Waiting] = [:]
        /// Waiters whose answer came before they had begun to wait.
        var early: [SessionQueue.WaiterID: Result<Void, ProjectDatabaseError>] = [:]
    }

    private let shared: Mutex<Shared>
    private let waitTimeout: Duration

    init(limits: ProjectDatabaseLimits) {
        waitTimeout = limits.waitTimeout
        shared = Mutex(
            Shared(
                queue: SessionQueue(
                    perProject: limits.sessionsPerProject, perAccount: limits.sessionsPerAccount,
                    maximum: limits.sessions, maximumWaiters: limits.waitingQueries)))
    }

    /// Runs `body` with a session of the project and the account.
    func withSession<Value: Sendable>(
        for holder: SessionQueue.Holder, _ body: () async throws(ProjectDatabaseError) -> Value
    ) async throws(ProjectDatabaseError) -> Value {
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

    private func wait(_ waiter: SessionQueue.WaiterID) async throws(ProjectDatabaseError) {
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
    private func abandon(_ waiter: SessionQueue.WaiterID, because error: ProjectDatabaseError) {
        let waiting = shared.withLock { shared -> Waiting? in
            guard shared.queue.abandon(waiter) else { return nil }
            return Self.answer(waiter, result: .failure(error), shared: &shared)
        }
        waiting?.resume(returning: .failure(error))
    }

    /// The continuation to resume once the lock is free; without one the answer is kept for it.
    private static func answer(
        _ waiter: SessionQueue.WaiterID, result: Result<Void, ProjectDatabaseError>, shared: inout Shared
    ) -> Waiting? {
        let waiting = shared.waiting.removeValue(forKey: waiter)
        if waiting == nil { shared.early[waiter] = result }
        return waiting
    }
}

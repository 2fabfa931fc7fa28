import Synchronization

/// One reading shared by concurrent callers. A caller that arrives while a reading is in progress waits for the next
/// one, which begins afterwards: no result is older than the call.
///
/// It runs no task of its own. The first caller performs the read, also for those that wait by then, and promotes one
/// of the later callers. Waiters are bounded by the number of requests and loops in progress.
final class SharedReading<Value: Sendable>: Sendable {
    /// What a caller has to do.
    private enum Turn: Sendable {
        case read
        case take(Result<Value, any Error>)
    }

    private struct State {
        var isReading = false
        var waiting: [CheckedContinuation<Turn, Never>] = []
    }

    private let state = Mutex(State())

    /// Those who wait for the next reading.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// A value read after this call began, by `read` or by another caller's.
    func value(_ read: () async throws -> Value) async throws -> Value {
        if case .take(let result) = await turn() { return try result.get() }
        let served = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        do {
            let value = try await read()
            end(served, .success(value))
            return value
        } catch {
            end(served, .failure(error))
            throw error
        }
    }

    private func turn() async -> Turn {
        await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                guard state.isReading else {
                    state.isReading = true
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFirst { continuation.resume(returning: .read) }
        }
    }

    private func end(_ served: [CheckedContinuation<Turn, Never>], _ result: Result<Value, any Error>) {
        // Cancelling the task that reads says nothing about the others: they read again.
        let isAbandoned = if case .failure = result { Task.isCancelled } else { false }
        let next = state.withLock { state -> CheckedContinuation<Turn, Never>? in
            if isAbandoned { state.waiting.insert(contentsOf: served, at: 0) }
            guard !state.waiting.isEmpty else {
                state.isReading = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        if !isAbandoned { for waiter in served { waiter.resume(returning: .take(result)) } }
        next?.resume(returning: .read)
    }
}

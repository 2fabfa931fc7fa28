import Synchronization

/// One reading for all who ask at the same moment. Whoever asks while a reading is under way waits for the next one,
/// which begins afterwards: nobody gets a value that is older than their question.
///
/// It runs no task of its own. Who finds no reading under way makes one, also for those who wait by then, and hands
/// over to one of those who came meanwhile. As many wait as requests and loops are under way, which have bounds.
final class SharedReading<Value: Sendable>: Sendable {
    /// What somebody who asked is to do.
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

import Synchronization

/// An answer that is handed over while it is made: one task makes it, one takes it, and of its body one piece waits at
/// most. Where the taker is slow, the maker waits.
public final class AnswerStream: Sendable {
    /// Nobody takes the answer any more.
    public struct Abandoned: Error {}

    /// The answer ends before its end: what was taken is not whole.
    public struct Broken: Error {}

    private enum End { case finished, broken, abandoned }

    private struct State {
        var head: ServiceResponse?
        var hasBegun = false
        var piece: [UInt8]?
        var end: End?
        /// Who waits for something to change; each looks again.
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var waitersBegun = 0
    }

    private let state = Mutex(State())

    /// An answer that has not begun.
    public init() {}

    /// Whether its head was handed over.
    public var hasBegun: Bool { state.withLock { $0.hasBegun } }

    // MARK: The maker's side

    /// Hands over status and headers, once; a second head is dropped.
    public func begin(_ head: ServiceResponse) {
        change { state in
            guard !state.hasBegun, state.end == nil else { return }
            (state.head, state.hasBegun) = (head, true)
        }
    }

    /// Hands over a piece of the body, once the one before it was taken.
    public func write(_ piece: [UInt8]) async throws(Abandoned) {
        guard !piece.isEmpty else { return }
        while true {
            let outcome = change { state -> Bool? in
                guard state.end == nil else { return false }
                guard state.piece == nil else { return nil }
                state.piece = piece
                return true
            }
            if let outcome {
                guard outcome else { throw Abandoned() }
                return
            }
            await changed { $0.end != nil || $0.piece == nil }
            if Task.isCancelled { throw Abandoned() }
        }
    }

    /// Ends the answer, which is whole.
    public func finish() { end(.finished) }

    /// Makes a short answer whole, unless one has begun.
    public func finish(with answer: ServiceResponse) {
        begin(answer)
        finish()
    }

    /// Ends the answer, which is not whole. One that has ended already stays as it is.
    public func fail() { end(.broken) }

    /// Returns when nobody takes the answer any more, or the task is cancelled.
    public func abandoned() async { await changed { $0.end == .abandoned } }

    // MARK: The taker's side

    /// Status, headers, and the body of a short answer; nil where there is no answer.
    public func head() async -> ServiceResponse? {
        await changed { $0.hasBegun || $0.end != nil }
        return state.withLock { $0.head }
    }

    /// The next piece of the body; nil at its end.
    public func next() async throws(Broken) -> [UInt8]? {
        await changed { $0.piece != nil || $0.end != nil }
        let (piece, end) = change { state in
            defer { state.piece = nil }
            return (state.piece, state.end)
        }
        if let piece { return piece }
        guard end == .finished else { throw Broken() }
        return nil
    }

    /// Takes nothing more.
    public func abandon() {
        change { state in
            state.end = .abandoned
            state.piece = nil
        }
    }

    // MARK: Waiting

    private func end(_ end: End) {
        change { if $0.end == nil { $0.end = end } }
    }

    @discardableResult
    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, waiters) = state.withLock { state in
            let result = body(&state)
            defer { state.waiters.removeAll() }
            return (result, Array(state.waiters.values))
        }
        for waiter in waiters { waiter.resume() }
        return result
    }

    /// Returns when a condition holds, or the task is cancelled.
    private func changed(_ condition: @Sendable (State) -> Bool) async {
        while !Task.isCancelled {
            let number = state.withLock { state in
                state.waitersBegun += 1
                return state.waitersBegun
            }
            let isThere = await withTaskCancellationHandler {
                var isThere = false
                await withCheckedContinuation { continuation in
                    isThere = state.withLock { state in
                        if condition(state) || Task.isCancelled { return true }
                        state.waiters[number] = continuation
                        return false
                    }
                    if isThere { continuation.resume() }
                }
                return isThere
            } onCancel: {
                state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
            }
            if isThere { return }
        }
    }
}

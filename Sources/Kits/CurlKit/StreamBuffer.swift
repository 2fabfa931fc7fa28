import Locks

/// The bytes between a transfer and the one task that reads them: bounded, and safe to touch from both sides.
final class StreamBuffer: Sendable {
    /// What the transfer has to do after it has offered bytes.
    enum Verdict: Equatable {
        /// The bytes are taken.
        case taken
        /// They are not: stop reading from the socket until `resume` is called.
        case pause
        /// They are not, and the stream has failed.
        case overflow
    }

    typealias Chunk = Result<[UInt8]?, HTTPTransportError>

    private struct State {
        var bytes: [UInt8] = []
        var isPaused = false
        var end: Result<Void, HTTPTransportError>?
        var reader: CheckedContinuation<Chunk, Never>?
    }

    private let state = Lock(State())
    private let overflow: HTTPStreamOverflow
    private let limitBytes: Int

    init(limitBytes: Int, overflow: HTTPStreamOverflow) {
        self.limitBytes = max(limitBytes, HTTPClientLimits.smallestStreamBufferBytes)
        self.overflow = overflow
    }

    /// Called by the transfer's thread for every piece of the body.
    func offer(_ bytes: some Collection<UInt8>) -> Verdict {
        let (verdict, reader) = state.withLock { state -> (Verdict, CheckedContinuation<Chunk, Never>?) in
            if state.end != nil { return (.overflow, nil) }
            if !state.bytes.isEmpty, state.bytes.count + bytes.count > limitBytes {
                state.isPaused = overflow == .pause
                return (overflow == .pause ? .pause : .overflow, nil)
            }
            guard let reader = state.reader else {
                state.bytes.append(contentsOf: bytes)
                return (.taken, nil)
            }
            state.reader = nil
            return (.taken, reader)
        }
        reader?.resume(returning: .success(Array(bytes)))
        return verdict
    }

    /// Called once, when the transfer is over. What is buffered can still be read, unless the reader cancelled.
    func finish(_ end: Result<Void, HTTPTransportError>) {
        let reader = state.withLock { state -> CheckedContinuation<Chunk, Never>? in
            guard state.end == nil else { return nil }
            state.end = end
            if case .failure(let error) = end, error.code == .cancelled { state.bytes = [] }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: end.map { nil })
    }

    /// Everything that has come since the last call; nil at the end. `resume` is called when the transfer is paused.
    func next(target: String, resume: @Sendable () -> Void) async -> Chunk {
        await withCheckedContinuation { (reader: CheckedContinuation<Chunk, Never>) in
            let (chunk, mustResume) = state.withLock { state -> (Chunk?, Bool) in
                if !state.bytes.isEmpty {
                    let bytes = state.bytes
                    state.bytes = []
                    defer { state.isPaused = false }
                    return (.success(bytes), state.isPaused)
                }
                if let end = state.end { return (end.map { nil }, false) }
                if state.reader != nil {
                    return (.failure(.init(.invalidRequest, target: target, detail: "a stream has one reader")), false)
                }
                state.reader = reader
                return (nil, false)
            }
            if mustResume { resume() }
            if let chunk { reader.resume(returning: chunk) }
        }
    }
}

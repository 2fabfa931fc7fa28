import Locks

/// The body of a request, written piece by piece by one writer while it is sent. It has no announced length
/// (`Transfer-Encoding: chunked`), and a writer that is faster than the server waits.
public final class HTTPUpload: Sendable {
    /// Bytes that wait to be sent, unless the caller says.
    public static let bufferBytes = 1_048_576

    /// What libcurl gets when it asks for bytes.
    enum Supply: Equatable {
        case bytes(Int)
        /// There are none yet: `wake` is called when there are.
        case pause
        /// The writer has given up.
        case abort
    }

    fileprivate struct State {
        var bytes: [UInt8] = []
        var taken = 0
        var isFinished = false
        var isAbandoned = false
        /// The transfer is over: nothing will be taken any more.
        var isClosed = false
        /// libcurl waits for bytes.
        var isHungry = false
        var writer: CheckedContinuation<Void, Never>?
        var wake: (@Sendable () -> Void)?
    }

    private let state = Lock(State())
    private let limitBytes: Int

    /// A body to write; `limitBytes` may wait to be sent, and one piece more.
    public init(limitBytes: Int = HTTPUpload.bufferBytes) { self.limitBytes = max(1, limitBytes) }

    /// Adds bytes to the body, and waits while too many are unsent.
    ///
    /// - Returns: false once the request is over, for whatever reason: what is written then is not sent.
    public func write(_ bytes: [UInt8]) async -> Bool {
        guard !bytes.isEmpty else { return !state.withLock { $0.isOver } }
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            guard !state.isOver else { return nil }
            state.bytes.append(contentsOf: bytes)
            return state.takeWake()
        }
        wake?()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let mayContinue = state.withLock { state -> Bool in
                if state.isOver || state.bytes.count - state.taken <= limitBytes { return true }
                state.writer = continuation
                return false
            }
            if mayContinue { continuation.resume() }
        }
        return !state.withLock { $0.isOver }
    }

    /// The body is complete.
    public func finish() { wake { $0.isFinished = true } }

    /// The body will not be complete: the request fails, and a writer that waits does so no longer.
    public func abandon() {
        wake { $0.isAbandoned = true }
        takeWriter()?.resume()
    }

    /// The request is over, or will never begin: a writer that waits does so no longer. A caller of the request calls
    /// it when that has returned, since one that fails early has no transfer that would.
    public func close() {
        state.withLock { state in
            state.isClosed = true
            (state.bytes, state.taken, state.wake) = ([], 0, nil)
        }
        takeWriter()?.resume()
    }

    private func takeWriter() -> CheckedContinuation<Void, Never>? {
        state.withLock { state in
            defer { state.writer = nil }
            return state.writer
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let wake = state.withLock { state in
            change(&state)
            return state.takeWake()
        }
        wake?()
    }
}

// The transfer's side.
extension HTTPUpload {
    /// Sets what lets a paused transfer send on.
    func attach(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    /// Fills a buffer; called on the loop's thread.
    func supply(_ buffer: UnsafeMutableRawBufferPointer) -> Supply {
        let (supply, writer) = state.withLock { state -> (Supply, CheckedContinuation<Void, Never>?) in
            if state.isAbandoned { return (.abort, nil) }
            let count = min(buffer.count, state.bytes.count - state.taken)
            guard count > 0 else {
                if state.isFinished { return (.bytes(0), nil) }
                state.isHungry = true
                return (.pause, nil)
            }
            state.bytes.withUnsafeBytes { bytes in
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[state.taken..<state.taken + count]))
            }
            state.taken += count
            if state.taken == state.bytes.count { (state.bytes, state.taken) = ([], 0) }
            guard state.bytes.count - state.taken <= limitBytes else { return (.bytes(count), nil) }
            defer { state.writer = nil }
            return (.bytes(count), state.writer)
        }
        writer?.resume()
        return supply
    }
}

extension HTTPUpload.State {
    /// Nothing will be sent any more.
    fileprivate var isOver: Bool { isClosed || isAbandoned }

    fileprivate mutating func takeWake() -> (@Sendable () -> Void)? {
        guard isHungry else { return nil }
        isHungry = false
        return wake
    }
}

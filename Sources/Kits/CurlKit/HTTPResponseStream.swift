/// What happens when a stream's reader is slower than the server for so long that the buffer is full.
public enum HTTPStreamOverflow: Sendable {
    /// Nothing more is read from the socket until the reader has caught up; the server has to wait.
    case pause
    /// The stream ends with `slowConsumer`. For servers that would rather drop data than wait.
    case fail
}

/// A response whose body is read piece by piece, by one reader.
///
/// Cancelling the reading task, or letting go of the last copy, ends the transfer and closes its connection.
public struct HTTPResponseStream: AsyncSequence, Sendable {
    /// Some bytes of the body, at least one.
    public typealias Element = [UInt8]
    /// How the stream may fail.
    public typealias Failure = HTTPTransportError

    /// Status and header fields.
    public let head: HTTPResponseHead
    private let lease: TransferLease

    init(head: HTTPResponseHead, lease: TransferLease) {
        self.head = head
        self.lease = lease
    }

    /// Reads the body from where it stands.
    public func makeAsyncIterator() -> Iterator {
        Iterator(lease: lease)
    }

    /// Ends the stream with `timedOut` if it is not over by then. Replaces the request's own total deadline.
    public func limitRemainingTime(to duration: Duration) {
        lease.limitRemainingTime(to: duration)
    }

    /// Reads the rest of the body.
    ///
    /// - Throws: `bodyTooLarge` when it has more than `limitBytes` bytes; the transfer has then been ended.
    public func collect(limitBytes: Int) async throws(HTTPTransportError) -> [UInt8] {
        var body: [UInt8] = []
        var iterator = makeAsyncIterator()
        while let chunk = try await iterator.next(isolation: nil) {
            if body.count + chunk.count > limitBytes {
                lease.cancel()
                throw HTTPTransportError(
                    .bodyTooLarge, target: lease.target, detail: "the limit is \(limitBytes) bytes")
            }
            body += chunk
        }
        return body
    }

    /// Hands out the body's bytes as they come.
    public struct Iterator: AsyncIteratorProtocol {
        let lease: TransferLease

        /// The next bytes; nil at the end of the body.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(HTTPTransportError) -> [UInt8]? {
            try await lease.next().get()
        }
    }
}

/// The reader's side of a streamed transfer: when the last reference goes, so does the transfer.
final class TransferLease: Sendable {
    let target: String
    private let transfer: Transfer
    private let buffer: StreamBuffer
    private let loop: TransferLoop

    init(transfer: Transfer, buffer: StreamBuffer, loop: TransferLoop) {
        self.target = transfer.request.target
        self.transfer = transfer
        self.buffer = buffer
        self.loop = loop
    }

    deinit {
        cancel()
    }

    func cancel() {
        loop.cancel(transfer)
    }

    func limitRemainingTime(to duration: Duration) {
        loop.setDeadline(of: transfer, at: ContinuousClock.now + duration)
    }

    func next() async -> StreamBuffer.Chunk {
        await withTaskCancellationHandler {
            await buffer.next(target: target) { loop.resume(transfer) }
        } onCancel: {
            loop.cancel(transfer)
        }
    }
}

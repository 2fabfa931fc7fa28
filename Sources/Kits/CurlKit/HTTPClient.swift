/// An HTTP/1.1 client on libcurl, for servers behind Unix sockets and on plain addresses.
///
/// Two threads do the work, each with connections of its own: one for short exchanges, one for long exchanges and
/// streams, so that a stream that stays open for days never takes a connection from a short request. Redirects are not
/// followed and proxies not used. Requests other than POST and PATCH are repeated once by libcurl when a kept
/// connection turns out to be dead; those two always get a fresh connection, so that they are never sent twice.
///
/// Cancelling the task that waits ends the transfer and closes its connection.
public final class HTTPClient: Sendable {
    /// How many requests a client has on its hands.
    public struct Load: Sendable, Equatable {
        /// Most short exchanges, running or waiting.
        public let exchanges: Int
        /// Most long exchanges and streams, running or waiting.
        public let long: Int
    }

    /// The bounds that this client keeps.
    public let limits: HTTPClientLimits
    private let exchanges: TransferLoop
    private let long: TransferLoop

    /// Starts the client's threads.
    ///
    /// - Throws: `resourceExhausted` when the system cannot start them.
    public init(limits: HTTPClientLimits = HTTPClientLimits()) throws(HTTPTransportError) {
        self.limits = limits
        let exchanges = try TransferLoop(connections: limits.exchangeConnections, limits: limits, name: "HTTP client")
        do {
            long = try TransferLoop(connections: limits.longConnections, limits: limits, name: "HTTP client")
        } catch {
            exchanges.abandon()
            throw error
        }
        self.exchanges = exchanges
    }

    deinit {
        exchanges.abandon()
        long.abandon()
    }

    /// The number of running or waiting requests.
    public var load: Load {
        Load(exchanges: exchanges.load.outstanding, long: long.load.outstanding)
    }

    /// Sends a request and returns the whole response, with any status.
    public func send(_ request: HTTPRequest) async throws(HTTPTransportError) -> HTTPResponse {
        try request.validate(limits: limits)
        let transfer = Transfer(request: request, limits: limits)
        let loop = request.lane == .long || request.upload != nil ? long : exchanges
        request.upload?.attach { [weak transfer] in transfer.map { loop.resume($0) } }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<_, HTTPTransportError>, Never>) in
                transfer.delivery = .whole(continuation)
                loop.submit(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
        return try result.get()
    }

    /// Sends a request and returns as soon as the response's head is there, with any status.
    ///
    /// - Parameter overflow: what to do when the body's reader falls behind by `limits.streamBufferBytes`.
    public func stream(
        _ request: HTTPRequest, overflow: HTTPStreamOverflow = .pause
    ) async throws(HTTPTransportError) -> HTTPResponseStream {
        try request.validate(limits: limits)
        let transfer = Transfer(request: request, limits: limits)
        let buffer = StreamBuffer(limitBytes: limits.streamBufferBytes, overflow: overflow)
        let lease = TransferLease(transfer: transfer, buffer: buffer, loop: long)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<_, HTTPTransportError>, Never>) in
                transfer.delivery = .streamed(continuation, buffer)
                long.submit(transfer)
            }
        } onCancel: {
            lease.cancel()
        }
        return HTTPResponseStream(head: try result.get(), lease: lease)
    }

    /// Ends every request with `shutDown` and returns when both threads have ended. Repeated calls have no effect.
    public func shutdown() async {
        await exchanges.close()
        await long.close()
    }
}

/// One request on its way.
///
/// `@unchecked Sendable`: the variables belong to the loop's thread from `TransferLoop.submit` on. Other threads only
/// pass the reference back to the loop.
final class Transfer: @unchecked Sendable {
    /// How the response is delivered to the caller.
    enum Delivery {
        /// Not submitted yet.
        case none
        /// The whole response at once.
        case whole(CheckedContinuation<Result<HTTPResponse, HTTPTransportError>, Never>)
        /// The head at once, the body through a buffer.
        case streamed(CheckedContinuation<Result<HTTPResponseHead, HTTPTransportError>, Never>?, StreamBuffer)
    }

    enum Phase {
        case created, waiting, active, finished
    }

    let request: HTTPRequest
    let limits: HTTPClientLimits
    var delivery = Delivery.none
    var phase = Phase.created
    var isCancelled = false
    /// When the current phase has lasted too long, and what to say then.
    var deadline: (at: ContinuousClock.Instant, code: HTTPTransportError.Code)?
    /// When a stream must be over, if it has to end at all; never before the deadline of its head.
    private var streamDeadline: ContinuousClock.Instant?
    /// Why the transfer has to end although libcurl sees nothing wrong. Set in callbacks.
    var failure: HTTPTransportError?
    /// Whether the rule of the request refused an address of the host.
    var isAddressRefused = false
    var handle: CurlEasyHandle?
    private var head: ResponseHeadParser
    private var body: [UInt8] = []

    init(request: HTTPRequest, limits: HTTPClientLimits) {
        self.request = request
        self.limits = limits
        head = ResponseHeadParser(limitBytes: limits.responseHeadBytes)
    }

    func error(_ code: HTTPTransportError.Code, _ detail: String = "") -> HTTPTransportError {
        HTTPTransportError(code, target: request.target, detail: detail)
    }
}

extension Transfer {
    /// Fails the waiting caller of a transfer that was not accepted. Called by the submitting thread; touches nothing
    /// that a `cancel` on the loop's thread could touch at the same time.
    func refuse(_ code: HTTPTransportError.Code) {
        switch delivery {
        case .none: break
        case .whole(let continuation): continuation.resume(returning: .failure(error(code)))
        case .streamed(let continuation, let buffer):
            buffer.finish(.failure(error(code)))
            continuation?.resume(returning: .failure(error(code)))
        }
        delivery = .none
        request.upload?.close()
    }
}

// What follows runs on the loop's thread.
extension Transfer {
    /// Takes the deadline for the time that starts when the transfer gets its connection slot.
    func begin(at now: ContinuousClock.Instant) {
        phase = .active
        switch delivery {
        case .streamed:
            let head = now + (request.headTimeout ?? limits.exchangeTimeout)
            streamDeadline = request.totalTimeout.map { now + $0 }
            deadline = (min(head, streamDeadline ?? head), .timedOut)
        case .whole, .none:
            deadline = (now + (request.totalTimeout ?? limits.exchangeTimeout), .timedOut)
        }
    }

    /// Takes a header line. Returns false when the transfer must end.
    func receiveHeader(_ line: some Collection<UInt8>) -> Bool {
        let wasComplete = head.isComplete
        switch head.consume(line) {
        case .incomplete: return true
        case .tooLarge:
            failure = error(.headTooLarge, "the limit is \(limits.responseHeadBytes) bytes")
            return false
        case .unknownCoding:
            failure = error(.malformedResponse, "its transfer coding is not chunked")
            return false
        case .complete:
            if !wasComplete { deliverHead() }
            return true
        }
    }

    /// Takes a piece of the body. Returns what libcurl has to do.
    func receiveBody(_ bytes: some Collection<UInt8>) -> StreamBuffer.Verdict {
        switch delivery {
        case .none: return .overflow
        case .streamed(_, let buffer):
            let verdict = buffer.offer(bytes)
            if verdict == .overflow { failure = error(.slowConsumer) }
            return verdict
        case .whole:
            let limit = request.responseBodyLimitBytes ?? limits.responseBodyBytes
            guard body.count + bytes.count <= limit else {
                failure = error(.bodyTooLarge, "the limit is \(limit) bytes")
                return .overflow
            }
            body.append(contentsOf: bytes)
            return .taken
        }
    }

    /// Resumes the waiting caller. Only the first call counts.
    func finish(_ outcome: Result<Void, HTTPTransportError>) {
        guard phase != .finished else { return }
        phase = .finished
        handle = nil
        request.upload?.close()
        let complete: Result<Void, HTTPTransportError> =
            head.isComplete ? outcome : outcome.flatMap { .failure(error(.connectionLost, "within the head")) }
        switch delivery {
        case .none: break
        case .whole(let continuation):
            continuation.resume(returning: complete.map { HTTPResponse(head: head.head, body: body) })
        case .streamed(let continuation, let buffer):
            buffer.finish(complete)
            continuation?.resume(returning: complete.map { head.head })
        }
        delivery = .none
        body = []
    }

    private func deliverHead() {
        guard case .streamed(let continuation, let buffer) = delivery else { return }
        deadline = streamDeadline.map { ($0, .timedOut) }
        delivery = .streamed(nil, buffer)
        continuation?.resume(returning: .success(head.head))
    }
}

public import CurlKit

/// When a request is sent again, and after how long. Pure: what happened goes in, a time to wait comes out.
public struct RetryPolicy: Sendable, Equatable {
    /// What sending a request a second time would do.
    public enum Kind: Sendable, Equatable {
        /// Nothing: it only reads.
        case read
        /// Nothing: the API knows the request by its `Idempotency-Key`.
        case keyedChange
        /// Perhaps the same thing twice.
        case change
    }

    /// How a try ended.
    public enum Outcome: Sendable, Equatable {
        /// Without an answer.
        case transport(HTTPTransportError)
        /// With this status, and the seconds of `Retry-After` if there were any.
        case status(Int, retryAfter: Int?)
    }

    /// Tries of one request, the first included.
    public var triesMax: Int
    /// Time before the second try; doubled for each further one.
    public var firstDelay: Duration
    /// Longest time that the API can ask to wait for.
    public var retryAfterMax: Duration

    /// A policy; three tries within seconds by default.
    public init(
        triesMax: Int = 3, firstDelay: Duration = .milliseconds(250), retryAfterMax: Duration = .seconds(10)
    ) {
        self.triesMax = triesMax
        self.firstDelay = firstDelay
        self.retryAfterMax = retryAfterMax
    }

    /// Statuses of a server that is there and cannot answer now.
    public static let passingStatuses: Set<Int> = [502, 503, 504]

    /// How long to wait before the next try; nil when there is none.
    ///
    /// - Parameter tries: how many there were, 1 or more.
    public func delay(after outcome: Outcome, tries: Int, of kind: Kind) -> Duration? {
        guard tries < triesMax else { return nil }
        let usual = firstDelay * (1 << min(tries - 1, 16))
        switch (outcome, kind) {
        case (.transport(let error), .read), (.transport(let error), .keyedChange):
            return Self.isPassing(error.code) ? usual : nil
        case (.transport(let error), .change):
            return Self.isPassing(error.code) && error.requestWasNotSent ? usual : nil
        case (.status(let status, let seconds), .read):
            return Self.passingStatuses.contains(status) ? bounded(seconds) ?? usual : nil
        case (.status(409, let seconds?), .keyedChange):
            // The try before this one is still being worked on: its answer can be had in a moment.
            return tries > 1 ? bounded(seconds) : nil
        case (.status, _): return nil
        }
    }

    private func bounded(_ seconds: Int?) -> Duration? {
        seconds.map { min(.seconds(max(0, $0)), retryAfterMax) }
    }

    /// Whether a failure of the transport may be gone at the next try.
    public static func isPassing(_ code: HTTPTransportError.Code) -> Bool {
        switch code {
        case .connectionRefused, .unreachable, .connectTimedOut, .timedOut, .idleTimedOut,
            .queueTimedOut, .queueFull,
            .connectionLost, .library:
            true
        case .invalidRequest, .addressRefused, .requestTooLarge, .socketMissing, .permissionDenied, .malformedResponse,
            .headTooLarge,
            .bodyTooLarge, .slowConsumer, .cancelled, .shutDown, .resourceExhausted, .tls:
            false
        }
    }
}

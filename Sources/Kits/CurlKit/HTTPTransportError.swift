/// Why a request got no complete response.
///
/// A response with a bad status is a response, not one of these.
public struct HTTPTransportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// The request cannot be sent as it is written; `detail` says why.
        case invalidRequest
        /// The request's body exceeds the client's limit.
        case requestTooLarge
        /// There is nothing at the Unix socket's path.
        case socketMissing
        /// The Unix socket may not be opened by this user.
        case permissionDenied
        /// The address exists and nothing listens on it.
        case connectionRefused
        /// The host cannot be found or reached.
        case unreachable
        /// The host has only addresses that the request's ``AddressRule`` refuses.
        case addressRefused
        /// The connection was not established in time.
        case connectTimedOut
        /// The exchange, or a stream's head, did not come in time.
        case timedOut
        /// The response began and then stayed silent for too long.
        case idleTimedOut
        /// The request waited too long for a free connection.
        case queueTimedOut
        /// Too many requests wait already.
        case queueFull
        /// The peer closed or reset the connection before the response was complete.
        case connectionLost
        /// What came back is not an HTTP response.
        case malformedResponse
        /// The response's header fields exceed the limit.
        case headTooLarge
        /// The response's body exceeds the limit.
        case bodyTooLarge
        /// A stream's reader fell behind until the buffer was full.
        case slowConsumer
        /// The task was cancelled, and the connection closed.
        case cancelled
        /// The client was shut down.
        case shutDown
        /// The process ran out of memory or file descriptors.
        case resourceExhausted
        /// TLS could not be set up, or the certificate is not trusted.
        case tls
        /// Anything else that libcurl reports; `detail` has its words.
        case library
    }

    /// The kind of failure.
    public let code: Code
    /// Where the request went: `unix://PATH`, or scheme and authority of the URL.
    public let target: String
    /// More about the cause; empty if there is nothing to add.
    public let detail: String

    /// Makes an error about a request to `target`.
    public init(_ code: Code, target: String, detail: String = "") {
        self.code = code
        self.target = target
        self.detail = detail
    }

    /// Whether the server certainly never saw the request, so that it can be repeated without a second thought.
    public var requestWasNotSent: Bool {
        switch code {
        case .invalidRequest, .requestTooLarge, .socketMissing, .permissionDenied, .connectionRefused, .unreachable,
            .addressRefused, .connectTimedOut, .queueTimedOut, .queueFull:
            true
        default: false
        }
    }

    /// The message: one sentence.
    public var description: String {
        detail.isEmpty ? "\(target): \(code.phrase)" : "\(target): \(code.phrase) (\(detail))"
    }
}

extension HTTPTransportError.Code {
    fileprivate var phrase: String {
        switch self {
        case .invalidRequest: "the request is invalid"
        case .requestTooLarge: "the request's body is too large"
        case .socketMissing: "there is no such socket"
        case .permissionDenied: "this user may not open the socket"
        case .connectionRefused: "nothing listens there"
        case .unreachable: "the host cannot be reached"
        case .addressRefused: "the host's address is not allowed"
        case .connectTimedOut: "the connection was not established in time"
        case .timedOut: "no complete answer came in time"
        case .idleTimedOut: "the answer began and then stayed silent for too long"
        case .queueTimedOut: "the request waited too long for a free connection"
        case .queueFull: "too many requests are waiting for a connection"
        case .connectionLost: "the connection was closed before the answer was complete"
        case .malformedResponse: "the answer is not HTTP"
        case .headTooLarge: "the answer's header fields are too large"
        case .bodyTooLarge: "the answer's body is too large"
        case .slowConsumer: "the stream was read too slowly and its buffer is full"
        case .cancelled: "the request was cancelled"
        case .shutDown: "the HTTP client has been shut down"
        case .resourceExhausted: "the process is out of memory or file descriptors"
        case .tls: "no trusted TLS connection could be made"
        case .library: "the transfer failed"
        }
    }
}

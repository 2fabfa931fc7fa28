/// Every bound that an `HTTPClient` keeps, in one place.
///
/// A request may ask for less than a limit, never for more than these.
public struct HTTPClientLimits: Sendable, Equatable {
    /// Short exchanges in flight at the same time; each holds one connection. Further ones wait.
    public var exchangeConnections: Int
    /// Long exchanges and streams in flight at the same time; each holds one connection.
    public var longConnections: Int
    /// Requests that may wait for a connection, per lane. One more is refused with `queueFull`.
    public var waitingRequests: Int
    /// How long a request may wait for a connection before it fails with `queueTimedOut`.
    public var queueTimeout: Duration
    /// How long connecting may take when the request does not say.
    public var connectTimeout: Duration
    /// How long a whole exchange may take, once it has a connection, when the request does not say.
    public var exchangeTimeout: Duration
    /// Bytes of a response body when the request does not say.
    public var responseBodyBytes: Int
    /// Bytes of all response header lines together.
    public var responseHeadBytes: Int
    /// Bytes of a request body.
    public var requestBodyBytes: Int
    /// Bytes that one streamed body may hold in memory before its reader takes them.
    public var streamBufferBytes: Int

    /// The largest piece of a body that libcurl hands over at once; a stream's buffer is never smaller.
    public static let smallestStreamBufferBytes = 16 * 1024

    /// The defaults suit a server on the same machine.
    public init(
        exchangeConnections: Int = 64,
        longConnections: Int = 512,
        waitingRequests: Int = 2048,
        queueTimeout: Duration = .seconds(60),
        connectTimeout: Duration = .seconds(5),
        exchangeTimeout: Duration = .seconds(60),
        responseBodyBytes: Int = 16 * 1024 * 1024,
        responseHeadBytes: Int = 64 * 1024,
        requestBodyBytes: Int = 256 * 1024 * 1024,
        streamBufferBytes: Int = 1024 * 1024
    ) {
        self.exchangeConnections = exchangeConnections
        self.longConnections = longConnections
        self.waitingRequests = waitingRequests
        self.queueTimeout = queueTimeout
        self.connectTimeout = connectTimeout
        self.exchangeTimeout = exchangeTimeout
        self.responseBodyBytes = responseBodyBytes
        self.responseHeadBytes = responseHeadBytes
        self.requestBodyBytes = requestBodyBytes
        self.streamBufferBytes = streamBufferBytes
    }
}

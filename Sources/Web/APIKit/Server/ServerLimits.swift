package import HTTPBounds
import Orchestrator

/// Bounds of everything that a client can make the server hold or wait for.
public struct ServerLimits: Sendable {
    /// Largest accepted request body in bytes on most routes; more is answered with 413.
    public var bodyBytesMax = 65_536
    /// Largest accepted body in bytes on the routes that take SQL, snippets or templates of mails. Studio's editor
    /// sends up to 0.98 MB of SQL, and JSON can make it longer.
    public var largeBodyBytesMax = 2_097_152
    /// Largest accepted upload in bytes, on the few routes that take files.
    public var uploadBytesMax = 33_554_432
    /// Largest accepted body in bytes on routes that read it while it comes.
    public var streamedBodyBytesMax = 17_179_869_184
    /// Longest silence within such a body; more is answered with 408.
    public var pieceDeadline: Duration = .seconds(60)
    /// Longest time from the head of such a request to its answer; more is answered with 503.
    public var transferDeadline: Duration = .seconds(21_600)
    /// Bytes of a refused body that are read and thrown away, so that the client reads the answer before the
    /// connection ends. Beyond it the connection is closed.
    public var discardedBytesMax = 16_777_216
    /// Largest size of all header fields together in bytes.
    public var headerBytesMax = 32_768
    /// Largest size of one header field in bytes.
    public var headerFieldBytesMax = 16_384
    /// Most header fields of one request.
    public var headerFieldsMax = 100
    /// Longest time from a request's head to the end of its body; more is answered with 408.
    public var bodyDeadline: Duration = .seconds(15)
    /// The same for a body of a few bytes. A longer one gets the time that it takes at ``bodyBytesPerSecondMin``, up to
    /// ``bodyDeadline``; what is left of a request that the rate limit refuses gets no more.
    public var smallBodyDeadline: Duration = .seconds(5)
    /// Pace below which a body makes no progress.
    public var bodyBytesPerSecondMin = 4_096
    /// How long a body may make no progress before its connection may be closed for another one.
    public var bodyPatience: Duration = .seconds(1)
    /// Longest time from a request's head to its answer; more is answered with 503.
    public var requestDeadline: Duration = .seconds(30)
    /// The same for requests that run SQL. Longer than the longest time that a query may ask for (600 s) with its wait
    /// for a session, so that it is the database's limit which ends it and says so.
    public var longRequestDeadline: Duration = IdempotencyKey.requestDeadlineMax
    /// Longest time to write down that the outcome of a request is unknown, once ``requestDeadline`` is over.
    public var unfinishedDeedDeadline: Duration = IdempotencyKey.settlementMax
    /// Longest silence on a connection in the middle of a request, and longest wait for the complete head of the next.
    public var idleDeadline: Duration = .seconds(60)
    /// Longest time from the beginning of a connection to the complete head of its first request.
    public var headDeadline: Duration = .seconds(10)
    /// Longest time that a client may take nothing in while an answer, or a stream, waits for it; then its connection
    /// is closed.
    public var roomDeadline: Duration = .seconds(30)
    /// Bytes of answers larger than ``answerBytesFree`` that wait to be taken in at once, over all requests; more are
    /// answered with 503.
    public var answerBytesInFlightMax = 268_435_456
    /// Bytes of each answer that are not counted.
    public var answerBytesFree = 1_048_576
    /// Most connections at once. For a further one a connection is closed that waits for a request, or whose body
    /// makes no progress: first of the network that has the most.
    public var connectionsMax = 1_024
    /// Most connections of one IPv4 address or one IPv6 /64 network; this host's own and trusted proxies have no such
    /// bound.
    public var connectionsPerNetworkMax = 128
    /// Most connections of one IPv4 /24 or IPv6 /48 network, with the same exceptions.
    public var connectionsPerBlockMax = 256
    /// Of all connections, those that only this host's own clients and trusted proxies get.
    public var connectionsReserved = 32
    /// Bytes of request bodies larger than ``bodyBytesMax`` that are in hand at once, over all requests; more are
    /// answered with 503.
    public var bodyBytesInFlightMax = 67_108_864
    /// Most streams of one account at once; more are answered with 429.
    public var streamsPerAccountMax = 32
    /// Most streams at once; more are answered with 503.
    public var streamsMax = 256
    /// Longest time of one stream. Its client connects again, and misses nothing.
    public var streamDuration: Duration = .seconds(3_600)
    /// Time between two signs of life on a stream without events. As often it is asked whether the one who reads may
    /// still do so.
    public var streamKeepAlive: Duration = .seconds(10)
    /// Length of the kernel's queue of connections not accepted yet.
    public var backlogMax = 256

    package var bodyPace: BodyPace {
        BodyPace(
            deadline: bodyDeadline, smallBodyDeadline: smallBodyDeadline, bytesPerSecondMin: bodyBytesPerSecondMin,
            patience: bodyPatience)
    }

    /// The usual limits.
    public init() {}

    /// Longest time from the head of a request to its answer.
    package func deadline(_ span: Route.Span) -> Duration {
        switch span {
        case .seconds: requestDeadline
        case .minutes: longRequestDeadline
        case .hours: transferDeadline
        }
    }

    /// Largest accepted body of a route, in bytes.
    package func bytesMax(_ size: Route.BodySize) -> Int {
        switch size {
        case .standard: bodyBytesMax
        case .large: largeBodyBytesMax
        case .upload: uploadBytesMax
        case .streamed: streamedBodyBytesMax
        }
    }
}

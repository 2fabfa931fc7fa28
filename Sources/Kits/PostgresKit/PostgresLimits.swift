/// The named limits of one connection. Every wait, queue and result of the kit is bounded by one of them.
public struct PostgresLimits: Sendable {
    /// Time for name resolution, connect, TLS and authentication together.
    public var connectDeadline: Duration = .seconds(5)

    /// Time for one statement, unless the call names its own.
    public var statementDeadline: Duration = .seconds(30)

    /// How long a cancelled statement may take to end before the connection is dropped instead.
    public var cancelGrace: Duration = .seconds(2)

    /// Time for the round trip of a ping.
    public var pingDeadline: Duration = .seconds(2)

    /// Prepared statements kept per connection; the least recently used one is deallocated beyond.
    public var maximumCachedStatements = 128

    /// Bytes of a statement's text that is prepared under a name and kept. A longer one is run without a name: its plan
    /// would take the server's memory for as long as the connection lasts.
    public var maximumPreparedBytes = 8 << 10

    /// Bytes of values that one result may hold; a bigger one is cancelled.
    public var maximumResultBytes = 64 << 20

    /// Bytes of a single message of the server's, that is of a row above all; a bigger one closes the connection before
    /// it is received, during the login already. Nil sets no bound: PostgreSQL's own is a gigabyte, all of which libpq
    /// takes into memory. For servers that are not the program's own, and rows of any size; works without TLS only
    /// (``PostgresConnectionParameters/canBeInspected``).
    public var maximumMessageBytes: Int?

    /// Makes shares of the room that results of all connections have together; nil sets no bound. Where messages are
    /// inspected, a row that finds no room is not received; elsewhere a pipeline's results are refused afterwards.
    public var resultRoom: PostgresResultRoom?

    /// Calls that may wait for one connection's thread.
    public var maximumQueuedCalls = 256

    /// Notifications kept for a listener that does not keep up; beyond, the oldest are dropped and a gap is reported.
    public var maximumBufferedNotifications = 1_024

    /// Bytes of channels and payloads of the notifications that are kept; beyond, as above.
    public var maximumBufferedNotificationBytes = 1 << 20

    /// The default limits.
    public init() {}
}

/// Makes a share of the room that results of several connections have together.
public typealias PostgresResultRoom = @Sendable () -> any PostgresResultShare

/// What the results of one call take of the room of all. It is given back when nothing holds it any longer.
public protocol PostgresResultShare: AnyObject, Sendable {
    /// Takes as many bytes in all; false where they are not left.
    func grow(to count: Int) -> Bool
}

/// Limits that follow from the protocol or from the system and cannot be configured.
public enum PostgresProtocolLimit {
    /// Parameters of one statement; their number is sent as 16 bits.
    public static let parameters = 65_535

    /// Bytes that are kept of each text of a server's error report. PostgreSQL sets no bound.
    public static let reportTextBytes = 64 << 10

    /// Bytes of one message of a server's that is not a row, where messages are bounded; and of all its error reports
    /// between two moments at which it is ready for a query, which libpq adds up.
    public static let otherMessageBytes = 1 << 20

    /// Bytes of results, or of parameters, beyond which a connection is not kept after the call: libpq's buffers grow
    /// with the largest message and never shrink.
    public static let keptBufferBytes = 1 << 20

    /// Bytes of a notification's channel or payload: PostgreSQL's payloads have less than 8000.
    public static let notificationBytes = 8_000

    /// Bytes of a folder of Unix sockets: `sockaddr_un` holds 107 bytes, and `/.s.PGSQL.65535` needs 15 of them.
    public static let socketFolderBytes = 107 - 15
}

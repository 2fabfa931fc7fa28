/// Bounds of everything that a client can make the server hold or wait for.
public struct ServerLimits: Sendable {
    /// Largest accepted request body in bytes; more is answered with 413. Studio's editor sends up to 0.98 MB of SQL,
    /// and JSON can make it longer.
    public var bodyBytesMax = 2_097_152
    /// Largest accepted upload in bytes, on the few routes that take files.
    public var uploadBytesMax = 33_554_432
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
    /// Longest time from a request's head to its answer; more is answered with 503.
    public var requestDeadline: Duration = .seconds(30)
    /// Longest time to write down that the outcome of a request is unknown, once ``requestDeadline`` is over.
    public var unfinishedDeedDeadline: Duration = .seconds(5)
    /// Longest silence on a connection that waits for a request or in the middle of one.
    public var idleDeadline: Duration = .seconds(60)
    /// Most connections at once; further ones wait in the kernel's queue.
    public var connectionsMax = 1_024
    /// Length of the kernel's queue of connections not accepted yet.
    public var backlogMax = 256

    /// The usual limits.
    public init() {}
}

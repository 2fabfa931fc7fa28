/// What a server sends on a connection that replicates the log itself.
public enum PhysicalFrame: Sendable, Equatable {
    /// Bytes of the log from a position on.
    ///
    /// - Parameters:
    ///   - end: the end of the server's log when this was sent.
    ///   - clock: the server's time then.
    case data(start: LogPosition, end: LogPosition, clock: PostgresTimestamp, [UInt8])
    /// A sign of life.
    ///
    /// - Parameter end: how far the server has sent the log.
    case keepalive(end: LogPosition, clock: PostgresTimestamp, wantsReply: Bool)

    private static let dataHeaderBytes = 25

    /// Reads what a COPY message holds.
    public init(_ bytes: [UInt8]) throws(LogicalDecodingError) {
        var reader = LogicalReader(bytes[...])
        switch try reader.byte() {
        case UInt8(ascii: "w"):
            self = .data(
                start: try reader.place(), end: try reader.place(), clock: try reader.time(),
                Array(bytes[Self.dataHeaderBytes...]))
        case UInt8(ascii: "k"):
            self = .keepalive(
                end: try reader.place(), clock: try reader.time(), wantsReply: try reader.byte() == 1)
            guard reader.isAtEnd else { throw .excess }
        case let letter: throw .unknown(letter)
        }
    }
}

/// What a server sends of a base backup.
public enum BaseBackupPart: Sendable, Equatable {
    /// A new archive, such as `base.tar.gz`, or one of a tablespace.
    case archive(name: String, tablespace: String)
    case data([UInt8])
    /// What follows as data is the manifest.
    case manifest
    /// Bytes that the server has read.
    case progress(Int64)
    /// The end: where the copy is consistent.
    case end(position: LogPosition, timeline: UInt32)

    init(_ bytes: [UInt8]) throws(LogicalDecodingError) {
        var reader = LogicalReader(bytes[...])
        switch try reader.byte() {
        case UInt8(ascii: "n"): self = .archive(name: try reader.text(), tablespace: try reader.text())
        case UInt8(ascii: "d"): self = .data(Array(bytes[1...]))
        case UInt8(ascii: "m"): self = .manifest
        case UInt8(ascii: "p"): self = .progress(try reader.number(Int64.self))
        case let letter: throw .unknown(letter)
        }
    }
}

/// A cluster, as `IDENTIFY_SYSTEM` and its settings describe it.
public struct ClusterIdentity: Sendable, Equatable {
    /// The number that `initdb` gave it.
    public var systemIdentifier: UInt64
    public var timeline: UInt32
    /// How far the log is on the server's disk.
    public var position: LogPosition
    /// The server's time when it was asked.
    public var clock: PostgresTimestamp
    /// As `server_version`.
    public var serverVersion: String
    /// Bytes of a segment of the log.
    public var segmentBytes: UInt64
}

/// A physical slot.
public struct PhysicalSlot: Sendable, Equatable {
    /// From where on the server keeps the log; nil when it keeps none.
    public var restart: LogPosition?
    /// Whether the server has removed what the slot was to keep.
    public var isLost: Bool
    /// Whether a connection reads it.
    public var isActive: Bool
}

/// What a server sends on a connection that replicates.
public enum ReplicationFrame: Sendable, Equatable {
    /// Data of the log; its bytes are a ``LogicalMessage``.
    case data(start: LogPosition, end: LogPosition, [UInt8])
    /// A sign of life.
    ///
    /// - Parameter end: the end of the log.
    case keepalive(end: LogPosition, wantsReply: Bool)

    /// 2000-01-01, where PostgreSQL's times begin, in microseconds since 1970.
    static let epochMicroseconds: Int64 = 946_684_800_000_000

    /// Reads what a COPY message holds.
    public init(_ bytes: [UInt8]) throws(LogicalDecodingError) {
        var reader = LogicalReader(bytes[...])
        switch try reader.byte() {
        case UInt8(ascii: "w"):
            let (start, end) = (try reader.place(), try reader.place())
            _ = try reader.number(Int64.self)
            self = .data(start: start, end: end, Array(bytes.dropFirst(Self.dataHeaderBytes)))
        case UInt8(ascii: "k"):
            let end = try reader.place()
            _ = try reader.number(Int64.self)
            self = .keepalive(end: end, wantsReply: try reader.byte() == 1)
            guard reader.isAtEnd else { throw .excess }
        case let letter: throw .unknown(letter)
        }
    }

    private static let dataHeaderBytes = 25

    /// The answer of a client: everything before a position has been dealt with.
    ///
    /// - Parameter microseconds: the client's time since 1970.
    static func status(
        upTo position: LogPosition, at microseconds: Int64, wantsReply: Bool = false
    ) -> [UInt8] {
        let time = microseconds.subtractingReportingOverflow(epochMicroseconds).partialValue
        let places = [position.value, position.value, position.value, UInt64(bitPattern: time)]
        let numbers = places.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) } }
        return [UInt8(ascii: "r")] + numbers + [wantsReply ? 1 : 0]
    }
}

/// Live logs of containers, as the container engine keeps them.
public protocol ContainerLogs: Sendable {
    /// What a container has written, and what it writes until it stops. Lines of one batch come from one moment; a
    /// slow reader makes the engine wait and loses nothing.
    func follow(
        container id: String, from start: LogStart
    ) async throws(EngineError) -> AsyncThrowingStream<[LogLine], any Error>
    /// What a container has written up to now; then the sequence ends.
    func past(
        container id: String, from start: LogStart
    ) async throws(EngineError) -> AsyncThrowingStream<[LogLine], any Error>
}

/// The start of reading a log.
public enum LogStart: Sendable, Equatable {
    /// With so many lines from its end.
    case last(lines: Int)
    /// With the first line after a moment.
    case after(LogMoment)
}

public struct LogLine: Sendable, Equatable {
    /// When it was written, where the engine says so.
    public var at: LogMoment?
    /// Without its end of line.
    public var text: String
    /// Whether its end is left out because it is too long.
    public var isCut: Bool
    /// Where more of the line may have been, beside an end that is left out.
    public var openEdges: OpenEdges

    public init(at: LogMoment?, text: String, isCut: Bool = false, openEdges: OpenEdges = []) {
        self.at = at
        self.text = text
        self.isCut = isCut
        self.openEdges = openEdges
    }
}

/// When a line was written, to the nanosecond, as the engine writes it: `2026-11-28T10:00:00.000000001Z`. These texts
/// sort by time.
public struct LogMoment: Sendable, Hashable, Comparable {
    /// The text; always 30 characters.
    public let text: String

    private static let pattern = Array("0000-00-00T00:00:00.000000000Z".utf8)

    /// Reads such a text; nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == Self.pattern.count else { return nil }
        let zero = UInt8(ascii: "0")
        for (byte, mark) in zip(bytes, Self.pattern) {
            guard mark == zero ? (zero...UInt8(ascii: "9")).contains(byte) : byte == mark else { return nil }
        }
        self.text = text
    }

    /// By time.
    public static func < (left: LogMoment, right: LogMoment) -> Bool { left.text < right.text }
}

/// The source of a line: standard output or standard error.
public enum OutputSource: Sendable, Hashable {
    /// Standard output, or the terminal.
    case standardOutput
    case standardError
}

/// Some bytes that a process wrote. Pieces follow the engine's buffers, not lines.
public struct OutputPiece: Sendable, Equatable {
    /// Where it wrote them.
    public let source: OutputSource
    /// The output.
    public let bytes: [UInt8]
    /// Whether it begins what the engine sent as one: in a log an entry, which is a line or a piece of a long one.
    public let beginsEntry: Bool

    init(source: OutputSource, bytes: [UInt8], beginsEntry: Bool = false) {
        self.source = source
        self.bytes = bytes
        self.beginsEntry = beginsEntry
    }
}

/// Takes the engine's output frames apart.
///
/// A frame has eight bytes of header: the stream's number, three zeros, and the length of what follows as a big-endian
/// number. Contents are handed on as they come, so a frame of any length needs no memory.
struct FramedOutputDecoder: StreamDecoder {
    static let headerBytes = 8

    let call: String
    private var header: [UInt8] = []
    private var source = OutputSource.standardOutput
    private var isFailure = false
    private var failure: [UInt8] = []
    private var remaining = 0
    /// Whether nothing of the frame has come yet.
    private var isFresh = false

    init(call: String) {
        self.call = call
    }

    mutating func decode(_ bytes: [UInt8]) throws(DockerError) -> [OutputPiece] {
        var pieces: [OutputPiece] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            if remaining > 0 {
                let part = rest.prefix(remaining)
                rest = rest.dropFirst(part.count)
                remaining -= part.count
                if isFailure {
                    failure += part.prefix(DockerLimits.errorMessageCharacters - failure.count)
                    if remaining == 0 { throw engineFailure }
                } else {
                    pieces.append(OutputPiece(source: source, bytes: Array(part), beginsEntry: isFresh))
                    isFresh = false
                }
            } else {
                let part = rest.prefix(Self.headerBytes - header.count)
                rest = rest.dropFirst(part.count)
                header += part
                if header.count == Self.headerBytes { try readHeader() }
            }
        }
        return pieces
    }

    mutating func finish() throws(DockerError) -> [OutputPiece] {
        if isFailure { throw engineFailure }
        guard header.isEmpty, remaining == 0 else {
            throw .decoding(reason: "the output ends within a frame", call: call)
        }
        return []
    }

    private var engineFailure: DockerError {
        .reported(message: String(decoding: failure, as: UTF8.self), call: call)
    }

    private mutating func readHeader() throws(DockerError) {
        switch (header[0], header[1], header[2], header[3]) {
        case (0, 0, 0, 0), (1, 0, 0, 0): source = .standardOutput
        case (2, 0, 0, 0): source = .standardError
        // Here the engine reports that it could not continue.
        case (3, 0, 0, 0): isFailure = true
        default: throw .decoding(reason: "the output has no frames; does the container have a terminal?", call: call)
        }
        remaining = header[4...].reduce(0) { $0 << 8 | Int($1) }
        (header, isFresh) = ([], true)
    }
}

/// The output of a terminal has no frames and one source.
struct TerminalOutputDecoder: StreamDecoder {
    mutating func decode(_ bytes: [UInt8]) throws(DockerError) -> [OutputPiece] {
        [OutputPiece(source: .standardOutput, bytes: bytes)]
    }

    mutating func finish() throws(DockerError) -> [OutputPiece] { [] }
}

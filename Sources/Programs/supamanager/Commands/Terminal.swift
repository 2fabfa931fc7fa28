import FoundationEssentials
import Glibc
import ManagementClient
import ProjectModel

/// The terminal, if there is one: whether it is one, its size, and its input. No pointer leaves the marked calls: they
/// get arrays with their counts, or a value that they fill in.
struct Terminal: Sendable {
    /// The three streams of the program.
    enum Stream: Sendable {
        case input, output, error

        fileprivate var descriptor: Int32 {
            switch self {
            case .input: STDIN_FILENO
            case .output: STDOUT_FILENO
            case .error: STDERR_FILENO
            }
        }
    }

    /// Longest line that is read.
    static let lineBytesMax = 16_384
    /// The assumed size of a terminal that does not report one.
    private static let usualSize = (columns: 80, rows: 24)

    /// Whether a stream is a terminal.
    func isTerminal(_ stream: Stream) -> Bool { isatty(stream.descriptor) == 1 }

    /// Columns and rows of the terminal behind a stream.
    func size(_ stream: Stream) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard unsafe ioctl(stream.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return Self.usualSize
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes text to a stream. A reader that has gone away is no reason to fail.
    func write(_ text: String, to stream: Stream) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.write(stream.descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// All of the standard input, for secrets that are piped in; without the line feed at its end.
    func readInput(_ what: String) throws(ClientError) -> Secret<String> {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = unsafe read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .failed("the standard input cannot be read") }
            if count == 0 { break }
            bytes += chunk.prefix(count)
            guard bytes.count <= Self.lineBytesMax else {
                throw .invalid("the \(what) on the standard input is too long")
            }
        }
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty, let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalid("there is no \(what) on the standard input")
        }
        return Secret(text)
    }

    /// Asks for a line, with echo.
    func ask(_ question: String) throws(ClientError) -> String {
        write(question, to: .error)
        var line = TypedLine()
        while true {
            switch try typed(&line) {
            case .more: continue
            case .done, .ended: return line.text
            case .cancelled: throw .failed("cancelled")
            }
        }
    }

    /// Asks for a secret, without echo.
    ///
    /// Line editing and signals of the terminal are off meanwhile, and done here: Ctrl-C would otherwise end the
    /// program before the terminal shows again what is typed.
    func askSecret(_ question: String) throws(ClientError) -> Secret<String> {
        var before = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw .invalid("there is no terminal to ask on")
        }
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 else {
            throw .failed("the echo of the terminal cannot be switched off")
        }
        defer {
            _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            write("\n", to: .error)
        }
        write(question, to: .error)
        var line = TypedLine()
        while true {
            switch try typed(&line) {
            case .more: continue
            case .done, .ended: return Secret(line.text)
            case .cancelled: throw .failed("cancelled")
            }
        }
    }

    private func typed(_ line: inout TypedLine) throws(ClientError) -> TypedLine.State {
        var byte: [UInt8] = [0]
        while true {
            let count = unsafe read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .failed("the terminal cannot be read") }
            return count == 0 ? .ended : line.take(byte[0])
        }
    }

    /// Becomes another program, with variables set in its environment. Returns only when that is not possible.
    func become(_ program: String, _ arguments: [String], setting variables: [String: String] = [:]) {
        for (name, value) in variables { _ = unsafe setenv(name, value, 1) }
        var pointers = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        unsafe execv(program, &pointers)
        for index in unsafe pointers.indices { unsafe free(pointers[index]) }
    }
}

/// A line as it is typed, byte by byte: the few keys that a terminal in its raw mode leaves to the program. Pure.
struct TypedLine: Sendable, Equatable {
    enum State: Sendable, Equatable {
        /// The line is not complete.
        case more
        /// Return was pressed.
        case done
        /// The input ended.
        case ended
        /// Ctrl-C was pressed.
        case cancelled
    }

    private var bytes: [UInt8] = []

    /// The typed text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func take(_ byte: UInt8) -> State {
        switch byte {
        case 0x0A, 0x0D: return .done
        case 0x03: return .cancelled
        case 0x04: return bytes.isEmpty ? .ended : .done
        case 0x08, 0x7F:
            // Deletes the continuation bytes of the character, too.
            while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
            if !bytes.isEmpty { bytes.removeLast() }
        case 0x15: bytes = []
        case 0..<0x20: break
        default: if bytes.count < Terminal.lineBytesMax { bytes.append(byte) }
        }
        return .more
    }
}

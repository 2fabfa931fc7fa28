import CPostgres
import Glibc

extension ChildProcess {
    /// Bytes of output that ``run(_:arguments:environment:within:)`` keeps; of more, the last ones.
    public static let maximumOutputBytes = 65_536

    private static let outputPollInterval: Duration = .milliseconds(5)

    /// The result of a program.
    public struct Completed: Sendable {
        /// How it ended; nil when it was killed because the deadline passed or the task was cancelled.
        public let exit: ChildExit?

        /// Its output, standard error included.
        public let output: String

        /// Whether it exited with code 0.
        public var isSuccess: Bool { exit == .code(0) }
    }

    /// Longest text that a program may get on its standard input: it fits into a pipe, so writing it never waits.
    public static let maximumInputBytes = 4_096

    /// Runs a program to its end and keeps its output. It is killed when the deadline passes or the task is cancelled.
    ///
    /// - Parameters:
    ///   - input: the whole of its standard input, at most ``maximumInputBytes``.
    ///   - discardingErrors: whether its standard error is no part of the output.
    public static func run(
        _ executable: String, arguments: [String], environment: [String: String], within deadline: Duration,
        input: [UInt8] = [], discardingErrors: Bool = false
    ) async throws(ChildProcessError) -> Completed {
        let pipe = try OutputPipe(executable: executable)
        var command = ChildCommand(
            executable: executable, arguments: arguments, environment: environment, output: .descriptor(pipe.writeEnd))
        command.discardsErrors = discardingErrors
        let source = try OutputPipe(executable: executable)
        if !input.isEmpty {
            guard input.count <= maximumInputBytes, write(source.writeEnd, input, input.count) == input.count else {
                throw ChildProcessError(executable: executable, errno: EMSGSIZE)
            }
            command.input = source.readingEnd
        }
        let child = try start(command)
        source.closeWriteEnd()
        pipe.closeWriteEnd()
        let end = ContinuousClock.now + deadline
        var output: [UInt8] = []
        var isCancelled = false
        while child.exitStatus == nil, ContinuousClock.now < end, !isCancelled {
            pipe.drain(into: &output, keeping: maximumOutputBytes)
            do {
                try await Task.sleep(for: outputPollInterval)
            } catch {
                isCancelled = true
            }
        }
        let exit = child.exitStatus
        if exit == nil { child.kill() }
        pipe.drain(into: &output, keeping: maximumOutputBytes)
        return Completed(exit: exit, output: String(decoding: output, as: UTF8.self))
    }

    /// Ends it at once and reaps it. A process that was sent SIGKILL ends without its own doing.
    private func kill() {
        send(signal: SIGKILL)
        while exitStatus == nil { sched_yield() }
    }
}

/// A pipe from a program's output.
private final class OutputPipe {
    private let readEnd: Int32
    private(set) var writeEnd: Int32

    init(executable: String) throws(ChildProcessError) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw ChildProcessError(executable: executable, errno: errno) }
        (readEnd, writeEnd) = (ends[0], ends[1])
        // Only this end: the program expects an ordinary, blocking one.
        _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(readEnd)
        closeWriteEnd()
    }

    /// The end that another program reads from.
    var readingEnd: Int32 {
        // An ordinary, blocking one, as programs expect.
        _ = fcntl(readEnd, F_SETFL, 0)
        return readEnd
    }

    func closeWriteEnd() {
        guard writeEnd >= 0 else { return }
        close(writeEnd)
        writeEnd = -1
    }

    /// Takes what is there, and keeps the last `limit` bytes.
    func drain(into output: inout [UInt8], keeping limit: Int) {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(readEnd, &buffer, buffer.count)
            guard count > 0 else { return }
            output.append(contentsOf: buffer.prefix(count))
            output.removeFirst(max(0, output.count - limit))
        }
    }
}

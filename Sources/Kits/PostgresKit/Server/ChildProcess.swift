import CPostgres
import Glibc
import Locks

/// How to start a program.
public struct ChildCommand: Sendable {
    /// The destination of standard output and standard error.
    public enum Output: Sendable {
        /// To this descriptor, which must stay open until the program has started.
        case descriptor(Int32)
    }

    /// The program's path.
    public var executable: String

    /// The arguments after the program's name.
    public var arguments: [String]

    /// The whole environment; nothing is inherited.
    public var environment: [String: String]

    /// The destination of its output.
    public var output: Output

    /// What it reads from, which must stay open until the program has started; nil for nothing.
    public var input: Int32?

    /// Whether its standard error is thrown away.
    public var discardsErrors = false

    /// Describes a program to start.
    public init(executable: String, arguments: [String], environment: [String: String], output: Output) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.output = output
    }
}

/// How a program ended.
public enum ChildExit: Sendable, Hashable {
    /// It exited with this code.
    case code(Int32)

    /// A signal ended it.
    case signal(Int32)
}

/// A program could not be started: which, and why.
public struct ChildProcessError: Error, Sendable, CustomStringConvertible {
    /// The program's path.
    public let executable: String

    /// The system's error number.
    public let errno: Int32

    /// The message: one sentence.
    public var description: String { "cannot start \(executable): \(String(cString: strerror(errno)))" }
}

/// A running program that was started here. Only the owner of this value reaps it, so its id cannot be another's.
///
/// The program gets its own session (a Ctrl-C at the terminal does not reach it), default signal handling, the root
/// folder as working folder, and no descriptors but the three standard ones.
public final class ChildProcess: Sendable {
    /// Poll interval of ``waitForExit(within:)``.
    private static let pollIntervalMicroseconds: UInt32 = 5_000

    /// The process id.
    public let processID: Int32

    private let exit = Lock<ChildExit?>(nil)

    private init(processID: Int32) {
        self.processID = processID
    }

    /// Starts the program.
    public static func start(_ command: ChildCommand) throws(ChildProcessError) -> ChildProcess {
        var processID: Int32 = 0
        let status = withSpawnSettings(command) { actions, attributes in
            let arguments = CStringArray([command.executable] + command.arguments)
            let environment = CStringArray(command.environment.map { "\($0.key)=\($0.value)" })
            return arguments.withMutablePointers { arguments in
                environment.withMutablePointers { environment in
                    posix_spawn(&processID, command.executable, actions, attributes, arguments, environment)
                }
            }
        }
        guard status == 0 else { throw ChildProcessError(executable: command.executable, errno: status) }
        return ChildProcess(processID: processID)
    }

    /// The exit; nil while it runs.
    public var exitStatus: ChildExit? {
        exit.withLock { exit in
            if exit == nil { exit = reap() }
            return exit
        }
    }

    /// Sends a signal, unless it has ended.
    public func send(signal: Int32) {
        exit.withLock { exit in
            if exit == nil { exit = reap() }
            if exit == nil { kill(processID, signal) }
        }
    }

    /// Waits for the end; nil when the time has passed first.
    ///
    /// Cancelling the task does not cut the wait short: a caller that stops a server has to know that it has stopped.
    public func waitForExit(within duration: Duration) async -> ChildExit? {
        let deadline = ContinuousClock.now + duration
        return await withCheckedContinuation { continuation in
            do throws(PostgresError) {
                try NativeThread.start {
                    while self.exitStatus == nil, ContinuousClock.now < deadline {
                        usleep(Self.pollIntervalMicroseconds)
                    }
                    continuation.resume(returning: self.exitStatus)
                }
            } catch {
                continuation.resume(returning: exitStatus)
            }
        }
    }

    /// The exit, if the process has ended; called under the lock, so that no signal is sent to an id that was just
    /// freed.
    private func reap() -> ChildExit? {
        var status: Int32 = 0
        let result = waitpid(processID, &status, WNOHANG)
        if result == 0 || (result < 0 && errno == EINTR) { return nil }
        // Reaped elsewhere (SIGCHLD ignored): the exit code is lost.
        guard result == processID else { return .code(-1) }
        let signal = status & 0x7f
        return signal == 0 ? .code(status >> 8 & 0xff) : .signal(signal)
    }
}

extension ChildProcess {
    private static func withSpawnSettings(
        _ command: ChildCommand,
        _ body: (UnsafePointer<posix_spawn_file_actions_t>, UnsafePointer<posix_spawnattr_t>) -> Int32
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input = command.input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        switch command.output {
        case .descriptor(let descriptor):
            posix_spawn_file_actions_adddup2(&actions, descriptor, STDOUT_FILENO)
        }
        if command.discardsErrors {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        } else {
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        posix_spawn_file_actions_addchdir_np(&actions, "/")

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(postgreskit_spawn_new_session)
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return body(&actions, &attributes)
    }
}

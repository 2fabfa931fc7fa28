extension DockerClient {
    /// Runs a command in a running container and collects its output.
    ///
    /// - Parameters:
    ///   - timeout: the longest time to wait. The engine cannot end a command: after a timeout it keeps running.
    ///   - limitBytes: the most bytes of output that are kept. When there is more, reading stops, the command sees its
    ///     output closed, and `exitCode` may be nil.
    public func runExec(
        in container: String, _ spec: ExecSpec, timeout: Duration = DockerLimits.execTimeout,
        limitBytes: Int = DockerLimits.execOutputBytes
    ) async throws(DockerError) -> ExecResult {
        let id = try await createExec(in: container, spec)
        let output = try await startExec(id, timeout: timeout, limitBytes: limitBytes)
        return ExecResult(exitCode: try await inspectExec(id).exitCode, output: output)
    }

    /// Prepares a command. Maps to `POST /containers/{id}/exec`.
    ///
    /// - Returns: the identifier of the exec.
    /// - Throws: an error with `isContainerNotRunning`.
    public func createExec(in container: String, _ spec: ExecSpec) async throws(DockerError) -> String {
        struct Created: Decodable {
            let id: String
            enum CodingKeys: String, CodingKey { case id = "Id" }
        }
        var call = try containerCall("POST", id: container, rest: "/exec")
        call.timeout = DockerLimits.changeTimeout
        try call.setBody(spec)
        return try await wire.document(Created.self, call).id
    }

    /// Runs a prepared command to its end. Maps to `POST /exec/{id}/start`.
    public func startExec(
        _ id: String, timeout: Duration = DockerLimits.execTimeout, limitBytes: Int = DockerLimits.execOutputBytes
    ) async throws(DockerError) -> CollectedOutput {
        struct Body: Encodable {
            let detach = false
            let terminal = false
            enum CodingKeys: String, CodingKey {
                case detach = "Detach"
                case terminal = "Tty"
            }
        }
        var call = EngineCall(method: "POST", path: "/exec/\(try ObjectName.segment(id, of: "exec"))/start")
        call.timeout = timeout
        try call.setBody(Body())
        let stream = try await outputStream(call, hasTerminal: false, totalTimeout: timeout)
        return try await CollectedOutput(reading: stream, limitBytes: limitBytes)
    }

    /// How a command stands. Maps to `GET /exec/{id}/json`.
    public func inspectExec(_ id: String) async throws(DockerError) -> ExecInspection {
        let path = "/exec/\(try ObjectName.segment(id, of: "exec"))/json"
        return try await wire.document(ExecInspection.self, EngineCall(method: "GET", path: path))
    }
}

/// A command to run in a container.
public struct ExecSpec: Sendable, Equatable, Encodable {
    /// The program and its arguments; no shell reads them.
    public var command: [String]
    /// Variables, on top of the container's.
    public var environment: [String: String]
    /// User and group; nil means the container's.
    public var user: String?
    /// The working directory; nil means the container's.
    public var workingDirectory: String?

    public init(
        _ command: [String], environment: [String: String] = [:], user: String? = nil, workingDirectory: String? = nil
    ) {
        self.command = command
        self.environment = environment
        self.user = user
        self.workingDirectory = workingDirectory
    }

    enum CodingKeys: String, CodingKey {
        case command = "Cmd"
        case environment = "Env"
        case user = "User"
        case workingDirectory = "WorkingDir"
        case readsOutput = "AttachStdout"
        case readsError = "AttachStderr"
    }

    /// Writes the body of the call.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(command, forKey: .command)
        try container.encode(
            environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }, forKey: .environment)
        try container.encodeIfPresent(user, forKey: .user)
        try container.encodeIfPresent(workingDirectory, forKey: .workingDirectory)
        try container.encode(true, forKey: .readsOutput)
        try container.encode(true, forKey: .readsError)
    }
}

/// How a command stands.
public struct ExecInspection: Sendable, Equatable, Decodable {
    /// Whether it runs.
    public let isRunning: Bool
    /// The exit code; nil until it has ended.
    public let exitCode: Int?

    enum CodingKeys: String, CodingKey {
        case isRunning = "Running"
        case exitCode = "ExitCode"
    }
}

/// How a command ended, and what it wrote.
public struct ExecResult: Sendable, Equatable {
    /// Its exit code; nil if it still ran when its output was cut off.
    public let exitCode: Int?
    public let output: CollectedOutput
}

/// A container's state, and the begin and end of its last run.
public struct RunState: Sendable, Equatable, Decodable {
    /// In a word.
    public let status: ContainerState
    /// Whether the kernel killed it for lack of memory.
    public let wasKilledForMemory: Bool
    /// The process on the host; 0 unless it runs.
    public let processID: Int
    /// How the last run ended; 0 while it runs.
    public let exitCode: Int
    /// Why it could not be started; empty if it could.
    public let startFailure: String
    /// When the last run began; nil if there was none.
    public let startedAt: EngineTimestamp?
    /// When the last run ended; nil if none has.
    public let finishedAt: EngineTimestamp?
    /// The state of its health check; nil if it has none.
    public let health: ContainerHealth?

    /// Whether its process runs and is not frozen.
    public var isRunning: Bool { status == .running }

    enum CodingKeys: String, CodingKey {
        case status = "Status"
        case wasKilledForMemory = "OOMKilled"
        case processID = "Pid"
        case exitCode = "ExitCode"
        case startFailure = "Error"
        case startedAt = "StartedAt"
        case finishedAt = "FinishedAt"
        case health = "Health"
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        status = try container.decode(ContainerState.self, forKey: .status)
        wasKilledForMemory = try container.value(.wasKilledForMemory, default: false)
        processID = try container.value(.processID, default: 0)
        exitCode = try container.value(.exitCode, default: 0)
        startFailure = try container.value(.startFailure, default: "")
        health = try container.decodeIfPresent(ContainerHealth.self, forKey: .health)
        let started = try container.decodeIfPresent(EngineTimestamp.self, forKey: .startedAt)
        let finished = try container.decodeIfPresent(EngineTimestamp.self, forKey: .finishedAt)
        startedAt = started.flatMap { $0.isNever ? nil : $0 }
        finishedAt = finished.flatMap { $0.isNever ? nil : $0 }
    }
}

/// The state of the engine's own health check.
public struct ContainerHealth: Sendable, Equatable, Decodable {
    /// One run of the check.
    public struct Probe: Sendable, Equatable, Decodable {
        /// 0 means healthy.
        public let exitCode: Int
        /// Its output, at most 4096 bytes.
        public let output: String

        enum CodingKeys: String, CodingKey {
            case exitCode = "ExitCode"
            case output = "Output"
        }
    }

    /// `none`, `starting`, `healthy` or `unhealthy`.
    public let status: String
    /// Failures since the last success.
    public let failingStreak: Int
    /// The last few runs, oldest first.
    public let probes: [Probe]

    enum CodingKeys: String, CodingKey {
        case status = "Status"
        case failingStreak = "FailingStreak"
        case probes = "Log"
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        status = try container.decode(String.self, forKey: .status)
        failingStreak = try container.value(.failingStreak, default: 0)
        probes = try container.value(.probes, default: [])
    }
}

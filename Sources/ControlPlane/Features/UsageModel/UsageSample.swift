public import Orchestrator
public import ProjectModel

/// What a project used in a span of time. What was not measured is nil, and never zero.
public struct UsageSample: Sendable, Equatable {
    public var ref: ProjectRef
    /// The beginning of its minute, hour or day, in UTC.
    public var at: Timestamp
    /// Time that ``cpuMilliseconds`` is about; zero where that is unknown.
    public var coveredMilliseconds: Int64
    /// Processor time of all containers.
    public var cpuMilliseconds: Int64?
    /// Memory of all containers on average, without the page cache that can be dropped at once.
    public var memoryBytes: Int64?
    /// The most of it.
    public var memoryBytesMax: Int64?
    /// Size of all databases of the project's server.
    public var databaseBytes: Int64?
    /// Readings behind it.
    public var readings: Int

    public init(
        ref: ProjectRef, at: Timestamp, coveredMilliseconds: Int64 = 0, cpuMilliseconds: Int64? = nil,
        memoryBytes: Int64? = nil, memoryBytesMax: Int64? = nil, databaseBytes: Int64? = nil, readings: Int = 1
    ) {
        self.ref = ref
        self.at = at
        self.coveredMilliseconds = coveredMilliseconds
        self.cpuMilliseconds = cpuMilliseconds
        self.memoryBytes = memoryBytes
        self.memoryBytesMax = memoryBytesMax ?? memoryBytes
        self.databaseBytes = databaseBytes
        self.readings = readings
    }

    /// Processors that were busy on average: 1 stands for one processor all the time.
    public var processors: Double? {
        guard let cpuMilliseconds, coveredMilliseconds > 0 else { return nil }
        return Double(cpuMilliseconds) / Double(coveredMilliseconds)
    }
}

/// The spans that samples are kept for. A project has at most 5,770 rows, however long it runs.
public enum UsageResolution: Int, Sendable, CaseIterable {
    case minute, hour, day

    /// The length of the span.
    public var span: Duration {
        switch self {
        case .minute: .seconds(60)
        case .hour: .seconds(3_600)
        case .day: .seconds(86_400)
        }
    }

    /// How long samples are kept.
    public var kept: Duration {
        switch self {
        case .minute: .seconds(2 * 86_400)
        case .hour: .seconds(90 * 86_400)
        case .day: .seconds(730 * 86_400)
        }
    }

    /// The beginning of the span that a time lies in.
    public func start(of time: Timestamp) -> Timestamp {
        let length = span.wholeMilliseconds
        let rest = time.milliseconds % length
        return Timestamp(milliseconds: time.milliseconds - (rest < 0 ? rest + length : rest))
    }
}

/// Where samples are kept.
public protocol UsageStore: Sendable {
    /// Adds samples of minutes. One that is there already stays.
    func add(_ samples: [UsageSample]) async throws(StoreError)
    /// The samples of a project from a time on, oldest first; at most ``UsageLimits/samplesMax``.
    func samples(
        of ref: ProjectRef, by resolution: UsageResolution, since start: Timestamp
    ) async throws(StoreError) -> [UsageSample]
    /// Makes hours of minutes, and days of hours, from the last ones that are there on. Done again it changes nothing.
    func rollUp() async throws(StoreError)
    /// Removes samples that are too old, at most `limit`; gives how many.
    func removeOld(at now: Timestamp, limit: Int) async throws(StoreError) -> Int
}

/// Bounds of usage.
public enum UsageLimits {
    /// Samples of one list.
    public static let samplesMax = 3_000
    /// Containers of one round.
    public static let containersMax = 20_000
    /// Samples that one transaction removes.
    public static let removedMax = 10_000
}

extension JobKind {
    /// A reading of what the containers of all projects use.
    public static let usageSamples = JobKind(known: "usage-samples")
    /// Makes hours and days of samples, and removes old ones.
    public static let usageRollUp = JobKind(known: "usage-roll-up")
}

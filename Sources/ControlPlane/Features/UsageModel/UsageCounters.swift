public import ProjectModel

/// What one container uses, as counters of the kernel have it.
public struct ContainerReading: Sendable, Equatable {
    public var container: String
    public var ref: ProjectRef
    /// Processor time since the container was started; nil where it is unknown.
    public var cpuNanoseconds: UInt64?
    public var memoryBytes: UInt64?

    public init(container: String, ref: ProjectRef, cpuNanoseconds: UInt64?, memoryBytes: UInt64?) {
        self.container = container
        self.ref = ref
        self.cpuNanoseconds = cpuNanoseconds
        self.memoryBytes = memoryBytes
    }
}

/// Reads what the running containers of this installation use.
public protocol ContainerMeter: Sendable {
    func readings() async throws -> [ContainerReading]
}

/// Makes samples of readings: processor time is the difference between two of them.
public struct UsageCounters: Sendable {
    private struct Known {
        let cpuNanoseconds: UInt64
        let uptime: Duration
    }

    private var known: [String: Known] = [:]

    public init() {}

    /// One sample for each project that has running containers.
    ///
    /// - Parameters:
    ///   - now: the wall clock, for the minute of the samples.
    ///   - uptime: a clock that nobody sets, for the time between readings.
    public mutating func samples(from readings: [ContainerReading], now: Timestamp, uptime: Duration) -> [UsageSample] {
        var samples: [ProjectRef: UsageSample] = [:]
        var covered: [ProjectRef: [Int64]] = [:]
        var next: [String: Known] = [:]
        let minute = UsageResolution.minute.start(of: now)
        for reading in readings {
            var sample = samples[reading.ref] ?? UsageSample(ref: reading.ref, at: minute)
            if let bytes = reading.memoryBytes.map({ Int64(clamping: $0) }) {
                sample.memoryBytes = (sample.memoryBytes ?? 0) + bytes
            }
            if let nanoseconds = reading.cpuNanoseconds {
                next[reading.container] = Known(cpuNanoseconds: nanoseconds, uptime: uptime)
                // A counter that went back is one of a new run: what it used before is unknown.
                if let before = known[reading.container], nanoseconds >= before.cpuNanoseconds, uptime > before.uptime {
                    let used = Int64(clamping: (nanoseconds - before.cpuNanoseconds) / 1_000_000)
                    sample.cpuMilliseconds = (sample.cpuMilliseconds ?? 0) + used
                    covered[reading.ref, default: []].append((uptime - before.uptime).wholeMilliseconds)
                }
            }
            samples[reading.ref] = sample
        }
        known = next
        return samples.values.map { sample in
            var sample = sample
            sample.memoryBytesMax = sample.memoryBytes
            sample.coveredMilliseconds = covered[sample.ref]?.max() ?? 0
            return sample
        }.sorted { $0.ref.text < $1.ref.text }
    }
}

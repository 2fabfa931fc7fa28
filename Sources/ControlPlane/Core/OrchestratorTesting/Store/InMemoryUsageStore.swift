public import Orchestrator
public import ProjectModel
import Synchronization
public import UsageModel

/// A ``UsageStore`` in memory.
public final class InMemoryUsageStore: UsageStore {
    private struct Key: Hashable {
        let ref: ProjectRef
        let resolution: UsageResolution
        let at: Timestamp
    }

    private let rows = Mutex<[Key: UsageSample]>([:])

    public init() {}

    /// Adds samples of minutes.
    public func add(_ samples: [UsageSample]) async throws(StoreError) {
        rows.withLock { rows in
            for sample in samples {
                let key = Key(ref: sample.ref, resolution: .minute, at: sample.at)
                if rows[key] == nil { rows[key] = sample }
            }
        }
    }

    /// The samples of a project.
    public func samples(
        of ref: ProjectRef, by resolution: UsageResolution, since start: Timestamp
    ) async throws(StoreError) -> [UsageSample] {
        let found = rows.withLock { rows in
            rows.filter { $0.key.ref == ref && $0.key.resolution == resolution && $0.key.at >= start }.map(\.value)
        }
        return found.sorted { $0.at < $1.at }.suffix(UsageLimits.samplesMax)
    }

    /// Makes hours, then days.
    public func rollUp() async throws(StoreError) {
        rows.withLock { rows in
            for (from, to) in [(UsageResolution.minute, UsageResolution.hour), (.hour, .day)] {
                let last = rows.keys.filter { $0.resolution == to }.map(\.at).max()
                let sources = rows.filter { row in
                    row.key.resolution == from && (last.map { $0 <= row.key.at } ?? true)
                }
                let groups = Dictionary(grouping: sources.values) {
                    Key(ref: $0.ref, resolution: to, at: to.start(of: $0.at))
                }
                for (key, samples) in groups { rows[key] = Self.sum(samples, key.at) }
            }
        }
    }

    private static func sum(_ samples: [UsageSample], _ at: Timestamp) -> UsageSample? {
        guard let ref = samples.first?.ref else { return nil }
        var sum = UsageSample(ref: ref, at: at, readings: samples.reduce(0) { $0 + $1.readings })
        sum.coveredMilliseconds = samples.reduce(0) { $0 + $1.coveredMilliseconds }
        let cpu = samples.compactMap(\.cpuMilliseconds)
        sum.cpuMilliseconds = cpu.isEmpty ? nil : cpu.reduce(0, +)
        let measured = samples.filter { $0.memoryBytes != nil }
        let readings = Int64(measured.reduce(0) { $0 + $1.readings })
        if readings > 0 {
            sum.memoryBytes = measured.reduce(0) { $0 + ($1.memoryBytes ?? 0) * Int64($1.readings) } / readings
        }
        sum.memoryBytesMax = samples.compactMap(\.memoryBytesMax).max()
        sum.databaseBytes = samples.compactMap(\.databaseBytes).max()
        return sum
    }

    /// Removes what is too old.
    public func removeOld(at now: Timestamp, limit: Int) async throws(StoreError) -> Int {
        rows.withLock { rows in
            let old = rows.keys.filter { $0.at < now + .milliseconds(-$0.resolution.kept.wholeMilliseconds) }
                .prefix(limit)
            for key in old { rows[key] = nil }
            return old.count
        }
    }
}

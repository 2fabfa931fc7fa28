import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import UsageModel

@Suite("Usage of projects")
struct UsageTests {
    private let one = ProjectRef.sample(1)
    private let two = ProjectRef.sample(2)
    private let start = Timestamp(milliseconds: 1_800_000_000_000)

    @Test("the store in memory does what every store does")
    func contract() async throws {
        try await UsageStoreContract.run(on: InMemoryUsageStore(), refs: [one, two])
    }

    private func reading(_ id: String, _ ref: ProjectRef, cpu: UInt64?, memory: UInt64?) -> ContainerReading {
        ContainerReading(container: id, ref: ref, cpuNanoseconds: cpu, memoryBytes: memory)
    }

    @Test("the first reading knows the memory and no processor time; the next one the time between")
    func counters() {
        var counters = UsageCounters()
        let first = counters.samples(
            from: [
                reading("a", one, cpu: 5_000_000_000, memory: 100), reading("b", one, cpu: 0, memory: 20),
                reading("c", two, cpu: 1, memory: nil),
            ], now: start + .seconds(61), uptime: .seconds(1_000))
        #expect(first.map(\.ref) == [one, two].sorted { $0.text < $1.text })
        let sample = first.first { $0.ref == one }
        #expect(sample?.at == start + .seconds(60) && sample?.memoryBytes == 120 && sample?.memoryBytesMax == 120)
        #expect(sample?.cpuMilliseconds == nil && sample?.coveredMilliseconds == 0 && sample?.processors == nil)
        #expect(first.first { $0.ref == two }?.memoryBytes == nil)
        let second = counters.samples(
            from: [
                reading("a", one, cpu: 8_000_000_000, memory: 100), reading("b", one, cpu: 3_000_000_000, memory: 0),
            ],
            now: start + .seconds(121), uptime: .seconds(1_060))
        #expect(second.count == 1 && second[0].cpuMilliseconds == 6_000 && second[0].coveredMilliseconds == 60_000)
        #expect(second[0].processors == 0.1)
    }

    @Test("a counter that went back or a container that is new says nothing about the time before")
    func restarts() {
        var counters = UsageCounters()
        _ = counters.samples(from: [reading("a", one, cpu: 9_000_000_000, memory: 1)], now: start, uptime: .seconds(1))
        let restarted = counters.samples(
            from: [reading("a", one, cpu: 1_000_000_000, memory: 1)], now: start, uptime: .seconds(61))
        #expect(restarted[0].cpuMilliseconds == nil && restarted[0].coveredMilliseconds == 0)
        let replaced = counters.samples(
            from: [reading("b", one, cpu: 1_000_000_000, memory: 1)], now: start, uptime: .seconds(121))
        #expect(replaced[0].cpuMilliseconds == nil)
        let unreadable = counters.samples(
            from: [reading("b", one, cpu: nil, memory: nil)], now: start, uptime: .seconds(181))
        #expect(unreadable[0].cpuMilliseconds == nil && unreadable[0].memoryBytes == nil)
        #expect(counters.samples(from: [], now: start, uptime: .seconds(241)).isEmpty)
    }

    @Test("spans begin where their unit does, before 1970 too", arguments: UsageResolution.allCases)
    func starts(resolution: UsageResolution) {
        let length = resolution.span.wholeMilliseconds
        for milliseconds: Int64 in [0, 1, 1_800_000_123_456, -1] {
            let found = resolution.start(of: Timestamp(milliseconds: milliseconds)).milliseconds
            #expect(found % length == 0 && found <= milliseconds && milliseconds - found < length)
        }
    }

    @Test("a year fits: a project has a bounded number of rows")
    func bound() {
        let rows = UsageResolution.allCases.reduce(0.0) { $0 + $1.kept / $1.span }
        #expect(rows == 5_770)
    }
}

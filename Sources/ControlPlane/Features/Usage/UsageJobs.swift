package import FeatureKit
import HTTPBounds
package import Orchestrator
import ProjectModel
import Synchronization
package import UsageModel

/// The manager's own jobs that keep what projects use: a reading each minute, hours and days made of them.
package struct UsageJobs: Sendable {
    private let store: any UsageStore
    private let meter: any ContainerMeter
    private let reach: ProjectReach
    private let time: any TimeSource
    private let state = State()

    /// Counters of the reading before, and when each database was last measured.
    private final class State: Sendable {
        let counters = Mutex(UsageCounters())
        let sizesAt = Mutex<[ProjectRef: Duration]>([:])
    }

    /// Time between two readings.
    static let interval: Duration = .seconds(60)
    /// Time between two measurements of one database.
    static let sizesInterval: Duration = .seconds(290)
    /// Time between two roll-ups.
    static let rollUpInterval: Duration = .seconds(600)
    /// Databases that are measured in one round, and at the same time.
    static let databasesMax = 1_000
    static let parallelMax = 4
    /// Longest wait for one database.
    static let databaseDeadline: Duration = .seconds(5)
    /// Longest time of a round.
    static let roundMax: Duration = .seconds(55)

    package init(store: any UsageStore, meter: any ContainerMeter, reach: ProjectReach, time: any TimeSource) {
        (self.store, self.meter, self.reach, self.time) = (store, meter, reach, time)
    }

    package var definitions: [JobDefinition] {
        [
            JobDefinition(
                .usageSamples,
                recurring: JobDefinition.Recurring(
                    JobInterval(Self.interval, phase: .seconds(15)), startsWithTerm: true),
                timeLimit: Self.roundMax, parallelMax: 1
            ) { _ in try await sample() },
            JobDefinition(
                .usageRollUp,
                recurring: JobDefinition.Recurring(
                    JobInterval(Self.rollUpInterval, phase: .seconds(330)), startsWithTerm: true), parallelMax: 1
            ) { _ in try await rollUp() },
        ]
    }

    /// One reading of all projects.
    func sample() async throws -> String {
        let readings = try await meter.readings()
        let (now, uptime) = (time.now(), time.uptime())
        var samples = state.counters.withLock { $0.samples(from: readings, now: now, uptime: uptime) }
        let measured = state.sizesAt.withLock { $0 }
        let due = samples.map(\.ref).filter { ref in measured[ref].map { uptime >= $0 + Self.sizesInterval } ?? true }
        let sizes = await sizes(of: Array(due.prefix(Self.databasesMax)))
        for index in samples.indices { samples[index].databaseBytes = sizes[samples[index].ref] }
        try await store.add(samples)
        let running = Set(samples.map(\.ref))
        state.sizesAt.withLock { known in
            known = known.filter { running.contains($0.key) }
            for ref in sizes.keys { known[ref] = uptime }
        }
        return "\(samples.count) projects, sizes of \(sizes.count) databases"
    }

    /// Sizes of the databases that answer; one that does not is unknown, and asked again in the next round.
    private func sizes(of refs: [ProjectRef]) async -> [ProjectRef: Int64] {
        await withTaskGroup(of: (ProjectRef, Int64?).self) { group in
            var sizes: [ProjectRef: Int64] = [:]
            for (number, ref) in refs.enumerated() {
                if number >= Self.parallelMax, let (ref, size) = await group.next() { sizes[ref] = size }
                group.addTask { (ref, await size(of: ref)) }
            }
            for await (ref, size) in group { sizes[ref] = size }
            return sizes
        }
    }

    private func size(of ref: ProjectRef) async -> Int64? {
        do {
            let record = try await reach.catalog.project(ref)
            guard record.status == .active || record.status == .degraded else { return nil }
            let answer = try await withDeadline(Self.databaseDeadline) {
                try await reach.runOwn(Self.query, on: record)
            }
            let bytes = try answer.map { try DatabaseUsageProbe.sizes($0.json).databaseBytes } ?? nil
            return bytes.flatMap { Self.databaseBytes.contains($0) ? $0 : nil }
        } catch {
            // Unknown: a database may be starting, or refuse sessions. Its own health says so.
            return nil
        }
    }

    /// What a database can have: its owner may let it say anything.
    static let databaseBytes: ClosedRange<Int64> = 0...(1 << 53)

    private static let query = ProjectQueryText(
        sql: """
            select (select pg_catalog.sum(pg_catalog.pg_database_size(oid))::pg_catalog.int8
                from pg_catalog.pg_database where pg_catalog.has_database_privilege(oid, 'CONNECT')) as database_bytes,
                null::pg_catalog.int8 as storage_bytes, null::pg_catalog.int8 as active_users
            """, isReadOnly: true, applicationName: "supamanager/usage")

    /// Makes hours and days, then removes what is too old: in this order nothing is lost.
    func rollUp() async throws -> String {
        try await store.rollUp()
        var total = 0
        while true {
            let removed = try await store.removeOld(at: time.now(), limit: UsageLimits.removedMax)
            total += removed
            if removed < UsageLimits.removedMax { return "\(total) removed" }
            try Task.checkCancellation()
        }
    }
}

public import Orchestrator
public import PostgresKit
public import ProjectModel
public import UsageModel

/// Samples of usage in PostgreSQL: the table `usage_samples`.
public struct PostgresUsageStore: UsageStore {
    private static let columns =
        "ref, at, covered_ms, cpu_ms, memory_bytes, memory_bytes_max, database_bytes, readings"

    private let pool: PostgresPool

    /// A store on a pool whose database has been migrated.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Inserts samples of minutes in one transaction; those of projects that are not there are left out.
    public func add(_ samples: [UsageSample]) async throws(StoreError) {
        try await transaction { session in
            for sample in samples {
                _ = try await session.execute(
                    """
                    insert into usage_samples (resolution, \(Self.columns))
                    select 0, ref, $2::timestamptz, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::integer
                    from projects where ref = $1 on conflict do nothing
                    """,
                    [
                        .text(sample.ref.text), .timestamp(sample.at.postgres), Self.number(sample.coveredMilliseconds),
                        Self.number(sample.cpuMilliseconds), Self.number(sample.memoryBytes),
                        Self.number(sample.memoryBytesMax), Self.number(sample.databaseBytes), .int(sample.readings),
                    ])
            }
        }
    }

    /// Selects the samples of a project.
    public func samples(
        of ref: ProjectRef, by resolution: UsageResolution, since start: Timestamp
    ) async throws(StoreError) -> [UsageSample] {
        try await transaction { session in
            try await session.query(
                """
                select \(Self.columns) from usage_samples where ref = $1 and resolution = $2 and at >= $3
                order by at desc limit $4
                """,
                [
                    .text(ref.text), .int(resolution.rawValue), .timestamp(start.postgres),
                    .int(UsageLimits.samplesMax),
                ]
            ).reversed().map(Self.sample)
        }
    }

    /// Makes hours, then days. The last span that is there may have grown, so it is made again.
    public func rollUp() async throws(StoreError) {
        try await transaction { session in
            for (from, to, unit) in [(0, 1, "hour"), (1, 2, "day")] {
                _ = try await session.execute(Self.rollUp(from: from, to: to, unit: unit), [])
            }
        }
    }

    private static func rollUp(from: Int, to: Int, unit: String) -> String {
        """
        insert into usage_samples (resolution, \(columns))
        select \(to), s.ref, date_trunc('\(unit)', s.at, 'UTC'), sum(s.covered_ms)::bigint, sum(s.cpu_ms)::bigint,
            (sum(s.memory_bytes * s.readings)
                / nullif(sum(s.readings) filter (where s.memory_bytes is not null), 0))::bigint,
            max(s.memory_bytes_max), max(s.database_bytes), sum(s.readings)::integer
        from usage_samples s where s.resolution = \(from)
            and s.at >= coalesce((select max(at) from usage_samples where resolution = \(to)), '-infinity')
        group by 2, 3
        on conflict (ref, resolution, at) do update set covered_ms = excluded.covered_ms, cpu_ms = excluded.cpu_ms,
            memory_bytes = excluded.memory_bytes, memory_bytes_max = excluded.memory_bytes_max,
            database_bytes = excluded.database_bytes, readings = excluded.readings
        """
    }

    /// Deletes what is older than its resolution is kept.
    public func removeOld(at now: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await transaction { session in
            var removed = 0
            for resolution in UsageResolution.allCases where removed < limit {
                let end = now + .milliseconds(-resolution.kept.wholeMilliseconds)
                removed += try await session.execute(
                    """
                    delete from usage_samples where ctid = any (array(
                        select ctid from usage_samples where resolution = $1 and at < $2 limit $3))
                    """,
                    [.int(resolution.rawValue), .timestamp(end.postgres), .int(limit - removed)])
            }
            return removed
        }
    }

    private static func number(_ value: Int64?) -> PostgresParameter { .optional(value) }

    @Sendable private static func sample(_ row: PostgresRow) throws -> UsageSample {
        guard let ref = ProjectRef(try row.string("ref")) else {
            throw StoreError.refused("a sample of usage is of something that is no project")
        }
        var sample = UsageSample(
            ref: ref, at: Timestamp(try row.timestamp("at")), coveredMilliseconds: try row.int64("covered_ms"),
            cpuMilliseconds: try row.optionalInt64("cpu_ms"), memoryBytes: try row.optionalInt64("memory_bytes"),
            databaseBytes: try row.optionalInt64("database_bytes"), readings: try row.int("readings"))
        sample.memoryBytesMax = try row.optionalInt64("memory_bytes_max")
        return sample
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}

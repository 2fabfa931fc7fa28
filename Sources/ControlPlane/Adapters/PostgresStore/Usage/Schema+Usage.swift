extension DatabaseSchema {
    /// Samples of what projects use, by minutes (0), hours (1) and days (2).
    static let usage = Migration(
        number: 26, name: "usage samples",
        sql: """
            create table usage_samples (
                ref text not null references projects (ref),
                resolution smallint not null check (resolution between 0 and 2),
                at timestamptz not null,
                covered_ms bigint not null check (covered_ms >= 0),
                cpu_ms bigint check (cpu_ms >= 0),
                memory_bytes bigint check (memory_bytes >= 0),
                memory_bytes_max bigint check (memory_bytes_max >= 0),
                database_bytes bigint check (database_bytes >= 0),
                readings integer not null check (readings > 0),
                primary key (ref, resolution, at)
            );
            create index usage_samples_by_age on usage_samples (resolution, at);
            """)
}

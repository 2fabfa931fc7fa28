import ProjectModel

/// The configuration of the services besides auth, key by key as the Management API names them.
public enum StackSettings {
    /// PostgREST: `/postgrest`.
    public static let rest = ServiceSettings(
        .rest, name: "the data API",
        settings: [
            ServiceSetting("db_schema", .text(.list)),
            ServiceSetting("db_extra_search_path", .text(.list)),
            ServiceSetting("max_rows", .whole(0...1_000_000)),
            ServiceSetting("db_pool", .wholeOrDefault(1...1_000)),
            ServiceSetting("db_pool_acquisition_timeout", .wholeOrDefault(1...3_600)),
        ])

    /// Storage: `/config/storage`, with the keys of nested objects joined by dots.
    public static let storage = ServiceSettings(
        .storage, name: "storage",
        settings: [
            ServiceSetting("fileSizeLimit", .whole(1...536_870_912_000)),
            ServiceSetting("features.imageTransformation.enabled", .flag, standard: .flag(true)),
            ServiceSetting("features.s3Protocol.enabled", .flag, standard: .flag(true)),
            ServiceSetting(fixed: "features.icebergCatalog.enabled", .flag(false)),
            ServiceSetting(fixed: "features.icebergCatalog.maxCatalogs", .whole(0)),
            ServiceSetting(fixed: "features.icebergCatalog.maxNamespaces", .whole(0)),
            ServiceSetting(fixed: "features.icebergCatalog.maxTables", .whole(0)),
            ServiceSetting(fixed: "features.vectorBuckets.enabled", .flag(false)),
            ServiceSetting(fixed: "features.vectorBuckets.maxBuckets", .whole(0)),
            ServiceSetting(fixed: "features.vectorBuckets.maxIndexes", .whole(0)),
            ServiceSetting(fixed: "features.purgeCache.enabled", .flag(false)),
            ServiceSetting(fixed: "external.upstreamTarget", .text("main")),
        ])

    /// Realtime: `/config/realtime`.
    public static let realtime = ServiceSettings(
        .realtime, name: "realtime",
        settings: [
            ServiceSetting("max_concurrent_users", .whole(1...50_000), standard: .whole(200)),
            ServiceSetting("max_events_per_second", .whole(1...50_000), standard: .whole(100)),
            ServiceSetting("max_bytes_per_second", .whole(1...10_000_000), standard: .whole(100_000)),
            ServiceSetting("max_channels_per_client", .whole(1...10_000), standard: .whole(100)),
            ServiceSetting("max_joins_per_second", .whole(1...5_000), standard: .whole(100)),
            ServiceSetting(fixed: "private_only", .flag(false)),
            ServiceSetting(fixed: "connection_pool"),
            ServiceSetting(fixed: "max_presence_events_per_second"),
            ServiceSetting(fixed: "max_payload_size_in_kb"),
            ServiceSetting(fixed: "postgres_changes_pool"),
            ServiceSetting(fixed: "presence_enabled", .flag(true)),
            ServiceSetting(fixed: "suspend", .flag(false)),
        ])

    /// The pooler: `/config/database/pooler`.
    public static let pooler = ServiceSettings(
        .pooler, name: "the pooler",
        settings: [
            ServiceSetting("default_pool_size", .wholeOrDefault(1...3_000)),
            // The port decides: clients get the one for transactions.
            ServiceSetting(fixed: "pool_mode", .text("transaction")),
            ServiceSetting("max_client_conn", .whole(1...100_000)),
        ])

    /// PostgreSQL: `/config/database/postgres`. A change restarts the database. What is not set is null: the image's
    /// own configuration holds.
    public static let postgres = ServiceSettings(
        .database, name: "the database", settings: postgresForms.map { ServiceSetting($0, $1) })

    private static let int32Max: Int64 = 2_147_483_647
    /// Pages of 1 TB.
    private static let sharedBuffersMax: Int64 = 134_217_728

    private static let postgresForms: [(String, SettingForm)] = [
        ("effective_cache_size", .quantity(.init(.page, 1...int32Max))),
        ("logical_decoding_work_mem", .quantity(.init(.kilobyte, 64...int32Max))),
        ("maintenance_work_mem", .quantity(.init(.kilobyte, 1_024...int32Max))),
        ("track_activity_query_size", .quantity(.init(.byte, 100...1_048_576))),
        ("max_slot_wal_keep_size", .quantity(.init(.megabyte, -1...int32Max))),
        // Two segments of 16 MB are the least with which the server starts.
        ("max_wal_size", .quantity(.init(.megabyte, 32...int32Max))),
        // PostgreSQL takes this memory when it starts; more than the largest host of today is a mistake.
        ("shared_buffers", .quantity(.init(.page, 16...sharedBuffersMax))),
        ("wal_keep_size", .quantity(.init(.megabyte, 0...int32Max))),
        ("work_mem", .quantity(.init(.kilobyte, 64...int32Max))),
        ("max_standby_archive_delay", .quantity(.init(.millisecond, -1...int32Max))),
        ("max_standby_streaming_delay", .quantity(.init(.millisecond, -1...int32Max))),
        ("statement_timeout", .quantity(.init(.millisecond, 0...int32Max))),
        ("wal_sender_timeout", .quantity(.init(.millisecond, 0...int32Max))),
        ("checkpoint_timeout", .quantity(.init(.second, 30...86_400))),
        // Below this the stack's own services do not find enough connections, and the database would be out of reach.
        ("max_connections", .whole(40...262_143)), ("max_locks_per_transaction", .whole(10...2_147_483_640)),
        ("max_parallel_maintenance_workers", .whole(0...1_024)), ("max_parallel_workers", .whole(0...1_024)),
        ("max_parallel_workers_per_gather", .whole(0...1_024)), ("max_replication_slots", .whole(5...1_000)),
        ("max_wal_senders", .whole(5...1_000)), ("max_worker_processes", .whole(8...262_143)),
        ("track_commit_timestamp", .flag), ("hot_standby_feedback", .flag),
        ("session_replication_role", .oneOf(["origin", "replica", "local"])),
    ]
}

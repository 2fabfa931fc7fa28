import APIKit

/// What the usage page of an organization knows, in the words of the contract.
enum UsageMetric {
    /// The metrics that are measured here; the others have no row.
    enum Measured: String, CaseIterable, Sendable {
        /// Bytes of all databases of the projects.
        case databaseSize = "DATABASE_SIZE"
        /// Bytes of all objects in storage.
        case storageSize = "STORAGE_SIZE"
        /// Users who signed in during the period.
        case activeUsers = "MONTHLY_ACTIVE_USERS"
    }

    /// Every metric.
    static let all: [String] =
        [
            "EGRESS", "CACHED_EGRESS", "DATABASE_SIZE", "STORAGE_SIZE", "MONTHLY_ACTIVE_USERS",
            "MONTHLY_ACTIVE_SSO_USERS",
            "MONTHLY_ACTIVE_THIRD_PARTY_USERS", "FUNCTION_INVOCATIONS", "FUNCTION_CPU_MILLISECONDS",
            "STORAGE_IMAGES_TRANSFORMED", "REALTIME_MESSAGE_COUNT", "REALTIME_PEAK_CONNECTIONS",
            "DISK_SIZE_GB_HOURS_GP3", "DISK_SIZE_GB_HOURS_IO2", "DISK_THROUGHPUT_GP3", "DISK_IOPS_GP3",
            "DISK_IOPS_IO2", "AUTH_MFA_PHONE", "AUTH_MFA_WEB_AUTHN", "LOG_DRAIN_EVENTS", "LOG_DRAIN",
            "COMPUTE_HOURS_BRANCH",
        ] + sizes.map { "COMPUTE_HOURS_\($0)" } + [
            "CUSTOM_DOMAIN", "PITR_7", "PITR_14", "PITR_28", "IPV4", "ACTIVE_COMPUTE_HOURS", "ETL_PIPELINE",
            "ETL_COPY_BACKFILL_DATA", "ETL_REPLICATED_DATA", "LOG_INGESTION", "LOG_QUERYING", "LOG_STORAGE",
        ]

    private static let sizes = [
        "XS", "SM", "MD", "L", "XL", "2XL", "4XL", "8XL", "12XL", "16XL", "24XL", "24XL_OPTIMIZED_CPU",
        "24XL_OPTIMIZED_MEMORY", "24XL_HIGH_MEMORY", "48XL", "48XL_OPTIMIZED_CPU", "48XL_OPTIMIZED_MEMORY",
        "48XL_HIGH_MEMORY",
    ]
}

/// What was measured of one project; nothing where the database had no answer.
struct ProjectSizes: Sendable, Equatable {
    /// Bytes of all databases of its server.
    var databaseBytes: Int64?
    /// Bytes of the objects in its buckets.
    var storageBytes: Int64?
    /// Users who signed in during the period.
    var activeUsers: Int64?

    /// The number behind a metric.
    func number(of metric: UsageMetric.Measured) -> Int64? {
        switch metric {
        case .databaseSize: databaseBytes
        case .storageSize: storageBytes
        case .activeUsers: activeUsers
        }
    }
}

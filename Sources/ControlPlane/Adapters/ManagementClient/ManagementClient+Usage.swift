public import ProjectModel

/// What a project used over time. What was not measured is nil.
public struct ProjectUsageHistory: Codable, Sendable, Equatable {
    public var range, start, end: String
    public var samples: [Sample]

    public struct Sample: Codable, Sendable, Equatable {
        public var at: String
        /// Processors that were busy on average.
        public var processors: Double?
        public var memoryBytes: Int64?
        public var databaseBytes: Int64?

        enum CodingKeys: String, CodingKey {
            case at, processors
            case memoryBytes = "memory_bytes"
            case databaseBytes = "database_bytes"
        }
    }
}

extension ManagementClient {
    /// What a project used.
    public func usage(of ref: ProjectRef, range: String) async throws(ClientError) -> ProjectUsageHistory {
        try await answer(.get("platform", "projects", ref.text, "usage", query: [("range", range)]))
    }
}

/// Sizes as text. Pure.
public enum ByteText {
    private static let units = ["B", "KiB", "MiB", "GiB", "TiB"]

    /// `512 B`, `1.5 MiB`: one digit after the point from KiB on.
    public static func text(_ bytes: Int64) -> String {
        var (value, unit) = (Double(max(0, bytes)), 0)
        while value >= 1_024, unit < units.count - 1 { (value, unit) = (value / 1_024, unit + 1) }
        return unit == 0 ? "\(Int(value)) B" : "\((value * 10).rounded() / 10) \(units[unit])"
    }
}

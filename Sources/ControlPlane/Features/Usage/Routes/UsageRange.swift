import APIKit
import ProjectModel
import UsageModel

/// A span of time that a project's use is shown for.
enum UsageRange: String, CaseIterable, Sendable {
    case hour = "1h"
    case day = "1d"
    case week = "7d"
    case month = "30d"
    case year = "1y"

    var length: Duration {
        switch self {
        case .hour: .seconds(3_600)
        case .day: .seconds(86_400)
        case .week: .seconds(7 * 86_400)
        case .month: .seconds(30 * 86_400)
        case .year: .seconds(365 * 86_400)
        }
    }

    /// The finest samples that a chart of this length can show.
    var resolution: UsageResolution {
        switch self {
        case .hour, .day: .minute
        case .week, .month: .hour
        case .year: .day
        }
    }
}

/// The use of one project over time.
struct UsageHistoryBody: Encodable, Sendable, Documented {
    let range: String
    let resolutionSeconds: Int64
    let start: String
    let end: String
    let samples: [Sample]

    struct Sample: Encodable, Sendable {
        let at: String
        let processors: Nullable<Double>
        let memoryBytes: Nullable<Int64>
        let memoryBytesMax: Nullable<Int64>
        let databaseBytes: Nullable<Int64>

        enum CodingKeys: String, CodingKey {
            case at, processors
            case memoryBytes = "memory_bytes"
            case memoryBytesMax = "memory_bytes_max"
            case databaseBytes = "database_bytes"
        }

        init(_ sample: UsageSample) {
            at = sample.at.rfc3339
            processors = Nullable(sample.processors)
            memoryBytes = Nullable(sample.memoryBytes)
            memoryBytesMax = Nullable(sample.memoryBytesMax)
            databaseBytes = Nullable(sample.databaseBytes)
        }
    }

    init(_ range: UsageRange, from start: Timestamp, to end: Timestamp, _ samples: [UsageSample]) {
        self.range = range.rawValue
        resolutionSeconds = range.resolution.span.components.seconds
        self.start = start.rfc3339
        self.end = end.rfc3339
        self.samples = samples.map(Sample.init)
    }

    enum CodingKeys: String, CodingKey {
        case range, start, end, samples
        case resolutionSeconds = "resolution_seconds"
    }

    static let schema = Schema.named(
        "UsageHistory",
        .fields(
            .init("range", .choice(UsageRange.allCases.map(\.rawValue))), .init("resolution_seconds", .integer()),
            .init("start", .time), .init("end", .time),
            .init(
                "samples",
                .array(
                    .fields(
                        .init("at", .time), .init("processors", .nullable(.number)),
                        .init("memory_bytes", .nullable(.integer())),
                        .init("memory_bytes_max", .nullable(.integer())),
                        .init("database_bytes", .nullable(.integer())))))))
}

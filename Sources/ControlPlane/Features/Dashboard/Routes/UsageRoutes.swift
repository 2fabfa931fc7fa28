import APIKit
import FeatureKit
import HTTPTypes
import Identity
import ProjectModel

/// What a project used over time, drawn.
struct UsageRoutes: Sendable {
    let frame: ProjectPages

    private static let ranges = [
        ("1h", "Hour"), ("1d", "Day"), ("7d", "Week"), ("30d", "Month"), ("1y", "Year"),
    ]
    /// Seconds between two measurements of a database.
    private static let databaseInterval = 300.0

    var routes: [Route] {
        [
            Route(
                .get, "\(ProjectRoutes.path)/usage", access: .permission(.analyticsUsageRead),
                operation: .page("What a project used", query: ["range"]), handler: show)
        ]
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let range = Self.ranges.first { $0.0 == request.query["range"] }?.0 ?? "1h"
        let path = "/platform/projects/\(try request.ref())/usage?range=\(range)"
        let history = try await frame.calls.json(.get, path, for: request)
        return try await frame.page(
            "usage", in: .usage, title: "Usage",
            [
                "charts": .list(Self.charts(history).map(\.fields)),
                "ranges": .list(
                    Self.ranges.map { name, label in
                        .object(["name": .text(name), "label": .text(label), "is_current": .flag(name == range)])
                    }),
            ], for: request)
    }

    /// The charts of a history; a figure that is unknown is no point.
    static func charts(_ history: JSON) -> [UsageChart] {
        let samples = history["samples"]?.elements ?? []
        let start = seconds(history["start"]) ?? 0
        let end = seconds(history["end"]) ?? start
        let step = number(history["resolution_seconds"]) ?? 60
        func points(_ name: String) -> [UsageChart.Point] {
            samples.compactMap { sample in
                guard let at = seconds(sample["at"]), let value = number(sample[name]) else { return nil }
                return UsageChart.Point(at: at, value: value)
            }
        }
        return [
            UsageChart(
                title: "Processors", points: points("processors"), start: start, end: end, gap: step * 2.5,
                label: { "\(PageText.decimal($0 * 100)) %" }),
            UsageChart(
                title: "Memory", points: points("memory_bytes"), start: start, end: end, gap: step * 2.5,
                isBytes: true, label: { PageText.bytes($0) }),
            UsageChart(
                title: "Database", points: points("database_bytes"), start: start, end: end,
                gap: max(step, databaseInterval) * 2.5, isBytes: true, label: { PageText.bytes($0) }),
        ]
    }

    private static func number(_ json: JSON?) -> Double? {
        switch json {
        case .integer(let value)?: Double(value)
        case .number(let value)?: value
        default: nil
        }
    }

    private static func seconds(_ json: JSON?) -> Double? {
        json?.text.flatMap { Timestamp(rfc3339: $0) }.map { Double($0.milliseconds) / 1_000 }
    }
}

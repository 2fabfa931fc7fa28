import APIKit
import HTTPTypes
import Identity

/// Statistics and log queries. SupaManager counts no requests and stores no logs, so every answer is empty and says
/// so in the form that its page expects; a 404 would show an error on every page of Studio.
extension EmptyAnswer {
    static let analytics: [EmptyAnswer] = statistics + logs + charts

    private static let studio = "/platform/projects/{ref}/analytics/endpoints"
    private static let v1 = "/v1/projects/{ref}/analytics/endpoints"
    /// Studio of early 2024 asked without the prefix.
    private static let older = "/projects/{ref}/analytics/endpoints"
    private static let rows = Schema.named(
        "AnalyticsResult", .fields(.init("result", .array(.anything)), .optional("error", .anything)))

    private static func ignored(_ names: [String], _ description: String = "Accepted") -> [Operation.Parameter] {
        names.map { Operation.Parameter(name: $0, schema: .text, description: description) }
    }

    private static let statistics: [EmptyAnswer] = {
        func answers(_ names: [String]) -> [EmptyAnswer] {
            names.map {
                EmptyAnswer(
                    $0, says: "Statistics: none are kept, so there are no rows",
                    query: ignored(["interval", "function_id"]), body: ["result": []], schema: rows)
            }
        }
        let all = answers([
            "usage.api-counts", "usage.api-requests-count", "project.metrics", "project.metrics.otel", "auth.metrics",
            "functions.combined-stats", "functions.req-stats", "functions.resource-usage", "service-health",
        ])
        return all.under(studio, for: .analyticsUsageRead) + all.under(older, for: .analyticsUsageRead)
            + answers(["usage.api-counts", "usage.api-requests-count", "functions.combined-stats"])
            .under(v1, for: .analyticsUsageRead)
    }()

    private static let logs: [EmptyAnswer] = {
        func answer(_ name: String) -> EmptyAnswer {
            EmptyAnswer(
                name,
                says: "Log queries: no logs are stored; …/services/{service}/logs shows what a service wrote last",
                query: ignored(["sql", "lql", "iso_timestamp_start", "iso_timestamp_end"]), body: ["result": []],
                schema: rows)
        }
        let all = ["logs.all", "logs.all.otel", "logs"].map(answer)
        return (all + all.map { $0.posted(.optionalJSON(.object([]))) }).under(studio, for: .analyticsLogsRead)
            + ["logs.all", "logs"].map(answer).under(v1, for: .analyticsLogsRead)
            + [answer("logs.all")].under(older, for: .analyticsLogsRead)
    }()

    private static let charts: [EmptyAnswer] = {
        let description = "Accepted and ignored; there are no rows"
        return [
            EmptyAnswer(
                "daily-stats", says: "Statistics by day: none are kept",
                query: ignored(["attribute", "startDate", "endDate"], description), body: .object(chart),
                schema: chartSchema)
        ].under("/platform/projects/{ref}", for: .analyticsUsageRead)
    }()

    private static let chart: [String: JSON] = [
        "data": [], "format": "", "total": 0, "yAxisLimit": 0, "hasNoData": true,
    ]
    private static let chartSchema = Schema.named(
        "Chart",
        .fields(
            .init("data", .array(.anything)), .init("format", .text), .init("total", .number),
            .init("yAxisLimit", .number), .init("hasNoData", .boolean),
            .optional(
                "series",
                .map(
                    .fields(
                        .init("yAxisLimit", .number), .init("format", .text), .init("total", .number),
                        .init("totalAverage", .number))))))
}

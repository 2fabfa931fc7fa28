import APIKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Statistics and log queries. SupaManager counts no requests and stores no logs, so every answer is empty and says
/// so in the form that its page expects; a 404 would show an error on every page of Studio.
struct AnalyticsController: Sendable {
    var routes: [Route] {
        (results + logs + charts).map { $0.supported(as: .empty) }
    }

    /// Endpoints that answer rows of numbers.
    private static let statistics = [
        "usage.api-counts", "usage.api-requests-count", "project.metrics", "project.metrics.otel", "auth.metrics",
        "functions.combined-stats", "functions.req-stats", "functions.resource-usage", "service-health",
    ]
    /// Those of them that `/v1` has.
    private static let v1Statistics = [
        "usage.api-counts", "usage.api-requests-count", "functions.combined-stats",
    ]
    private static let logQueries = ["logs.all", "logs.all.otel", "logs"]
    private static let rows = Operation.Answer.json(resultSchema)
    private static let resultSchema = Schema.named(
        "AnalyticsResult", .fields(.init("result", .array(.anything)), .optional("error", .anything)))

    private var results: [Route] {
        let platform = "/platform/projects/{ref}/analytics/endpoints"
        let studio = Self.statistics.map { endpoint($0, at: platform) }
        // Studio of early 2024 asked for them without the prefix.
        let older = Self.statistics.map { endpoint($0, at: "/projects/{ref}/analytics/endpoints") }
        return studio + older + Self.v1Statistics.map { endpoint($0, at: "/v1/projects/{ref}/analytics/endpoints") }
    }

    private func endpoint(_ name: String, at path: String) -> Route {
        Route(
            .get, "\(path)/\(name)", access: .permission(.analyticsUsageRead),
            operation: Operation(
                summary: "Statistics: none are kept, so there are no rows",
                query: [
                    Operation.Parameter(name: "interval", schema: .text, description: "Accepted"),
                    Operation.Parameter(name: "function_id", schema: .text, description: "Accepted"),
                ], answer: Self.rows)
        ) { _ in try APIResponse(json: Self.noRows) }
    }

    private var logs: [Route] {
        let platform = "/platform/projects/{ref}/analytics/endpoints"
        let gets =
            Self.logQueries.map { log(.get, path: "\(platform)/\($0)", status: .ok) }
            + ["logs.all", "logs"].map { log(.get, path: "/v1/projects/{ref}/analytics/endpoints/\($0)", status: .ok) }
            + [log(.get, path: "/projects/{ref}/analytics/endpoints/logs.all", status: .ok)]
        return gets + Self.logQueries.map { log(.post, path: "\(platform)/\($0)", status: .created) }
    }

    private func log(_ method: HTTPRequest.Method, path: String, status: HTTPResponse.Status) -> Route {
        let summary = "Log queries: no logs are stored; …/services/{service}/logs shows what a service wrote last"
        let query = ["sql", "lql", "iso_timestamp_start", "iso_timestamp_end"].map {
            Operation.Parameter(name: $0, schema: .text, description: "Accepted")
        }
        return Route(
            method, path, access: .permission(.analyticsLogsRead),
            operation: Operation(
                summary: summary, query: method == .get ? query : [],
                body: method == .post ? .optionalJSON(.object([])) : .none,
                answer: .json(Self.resultSchema, status))
        ) { _ in try APIResponse(status, json: Self.noRows) }
    }

    private static let noRows: JSON = ["result": []]

    private var charts: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/daily-stats", access: .permission(.analyticsUsageRead),
                operation: Operation(
                    summary: "Statistics by day: none are kept", query: Self.chartParameters(["attribute"]),
                    answer: .of(EmptyChart.self))
            ) { _ in try APIResponse(json: EmptyChart(attributes: [])) },
            Route(
                .get, "/platform/projects/{ref}/infra-monitoring", access: .permission(.analyticsUsageRead),
                operation: Operation(
                    summary: "Use of the machine: not measured by project",
                    query: Self.chartParameters(["attribute", "attributes", "interval", "databaseIdentifier"]),
                    answer: .of(EmptyChart.self))
            ) { request in try APIResponse(json: EmptyChart(attributes: try Self.attributes(request.query))) },
        ]
    }

    private static func chartParameters(_ names: [String]) -> [Operation.Parameter] {
        (names + ["startDate", "endDate"]).map {
            Operation.Parameter(name: $0, schema: .text, description: "Accepted and ignored; there are no rows")
        }
    }

    /// The names of several series; bounded, as they come back in the answer.
    private static func attributes(_ query: QueryParameters) throws(APIError) -> [String] {
        let names = query.texts("attributes") ?? []
        let isFine = names.allSatisfy { name in
            name.utf8.count <= attributeLengthMax
                && name.utf8.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
                }
        }
        guard names.count <= attributesMax, isFine else {
            throw APIError(
                .badRequest, "attributes must be at most \(attributesMax) names of letters a-z, digits and _")
        }
        return names
    }

    private static let attributesMax = 64
    private static let attributeLengthMax = 64
}

/// A chart without rows. With several series each is named, and there is nothing in it.
struct EmptyChart: Encodable, Sendable, Documented {
    let data: [String] = []
    let format = ""
    let total = 0
    let yAxisLimit = 0
    let hasNoData = true
    let series: [String: Series]?

    /// One of several series.
    struct Series: Encodable, Sendable {
        let yAxisLimit = 0
        let format = ""
        let total = 0
        let totalAverage = 0
    }

    init(attributes: [String]) {
        series =
            attributes.isEmpty
            ? nil : Dictionary(attributes.map { ($0, Series()) }) { first, _ in first }
    }

    static let schema = Schema.named(
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

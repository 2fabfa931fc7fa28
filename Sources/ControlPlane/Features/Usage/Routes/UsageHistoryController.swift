import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import UsageModel

/// What a project used over time, from stored samples: in a form of our own, and in that of Studio's charts.
struct UsageHistoryController: Sendable {
    let store: any UsageStore
    let time: any TimeSource

    var routes: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/usage", access: .permission(.analyticsUsageRead),
                operation: Operation(
                    summary: "What a project used over time; what was not measured is null",
                    query: [
                        .init(
                            name: "range", schema: .choice(UsageRange.allCases.map(\.rawValue)),
                            description: "How far back; an hour by default")
                    ], answer: .of(UsageHistoryBody.self)), handler: history),
            Route(
                .get, "/platform/projects/{ref}/infra-monitoring", access: .permission(.analyticsUsageRead),
                operation: Operation(
                    summary: "Use of the machine as Studio's charts ask for it; attributes that are not measured have "
                        + "no data", query: Self.parameters, answer: .json(MonitoringChart.schema)), handler: monitoring
            ),
        ]
    }

    private static let parameters: [Operation.Parameter] = [
        .init(name: "attribute", schema: .text, description: "One series"),
        .init(name: "attributes", schema: .text, description: "Several, separated by commas"),
        .init(name: "interval", schema: .text, description: "Accepted; the stored resolution is given"),
        .init(name: "databaseIdentifier", schema: .text, description: "Accepted; a project has one database"),
        .init(name: "startDate", schema: .text, description: "The beginning; a day ago by default"),
        .init(name: "endDate", schema: .text, description: "The end; now by default"),
    ]

    private func history(_ request: APIRequest) async throws -> APIResponse {
        let range: UsageRange = try request.query.word("range", default: .hour)
        let end = time.now()
        let start = end + .milliseconds(-range.length.wholeMilliseconds)
        let samples = try await samples(of: try request.ref(), range.resolution, since: start)
        return try APIResponse(json: UsageHistoryBody(range, from: start, to: end, samples))
    }

    private func monitoring(_ request: APIRequest) async throws -> APIResponse {
        let names = try MonitoringChart.names(request.query)
        let end = request.query["endDate"].flatMap { Timestamp(rfc3339: $0) } ?? time.now()
        let start = request.query["startDate"].flatMap { Timestamp(rfc3339: $0) } ?? (end + .seconds(-86_400))
        let resolution = Self.resolution(since: start, now: time.now(), length: end.since(start))
        let found = try await samples(of: try request.ref(), resolution, since: start).filter { $0.at <= end }
        return try APIResponse(json: MonitoringChart(samples: found).json(names))
    }

    /// Minutes up to six hours, hours up to two weeks, days above; coarser where finer ones are no longer kept.
    static func resolution(since start: Timestamp, now: Timestamp, length: Duration) -> UsageResolution {
        let age = now.since(start)
        if length <= .seconds(6 * 3_600), age <= UsageResolution.minute.kept { return .minute }
        return length <= .seconds(14 * 86_400) && age <= UsageResolution.hour.kept ? .hour : .day
    }

    private func samples(
        of ref: ProjectRef, _ resolution: UsageResolution, since start: Timestamp
    ) async throws -> [UsageSample] {
        do throws(StoreError) { return try await store.samples(of: ref, by: resolution, since: start) } catch {
            throw APIError(CatalogError.store(error))
        }
    }
}

/// Samples in the shape of Studio's charts.
struct MonitoringChart: Sendable {
    let samples: [UsageSample]

    private static let attributesMax = 64
    private static let attributeLengthMax = 64

    static let schema = Schema.named(
        "MonitoringChart",
        .fields(
            .init("data", .array(.anything)), .init("format", .text), .init("total", .number),
            .init("yAxisLimit", .number), .init("hasNoData", .boolean),
            .optional(
                "series",
                .map(
                    .fields(
                        .init("yAxisLimit", .number), .init("format", .text), .init("total", .number),
                        .init("totalAverage", .number))))))

    /// The names of series in a query; bounded, as they come back in the answer.
    static func names(_ query: QueryParameters) throws(APIError) -> (one: String?, several: [String]) {
        let several = query.texts("attributes") ?? []
        let one = several.isEmpty ? query["attribute"] : nil
        let isFine = (several + (one.map { [$0] } ?? [])).allSatisfy { name in
            name.utf8.count <= attributeLengthMax
                && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        }
        guard several.count <= attributesMax, isFine else {
            throw APIError(
                .badRequest, "attributes must be at most \(attributesMax) names of letters a-z, digits and _")
        }
        return (one, several)
    }

    /// The figure of a sample; nil where it is not measured.
    static func figure(_ name: String, of sample: UsageSample) -> Double? {
        switch name {
        case "cpu_usage", "avg_cpu_usage", "max_cpu_usage": sample.processors.map { $0 * 100 }
        case "ram_usage_used": sample.memoryBytes.map(Double.init)
        case "pg_database_size": sample.databaseBytes.map(Double.init)
        default: nil
        }
    }

    private static func format(_ name: String) -> String {
        switch name {
        case "ram_usage_used", "pg_database_size": "bytes"
        case "cpu_usage", "avg_cpu_usage", "max_cpu_usage": "%"
        default: ""
        }
    }

    private func summary(_ name: String) -> (fields: [String: JSON], count: Int) {
        let values = samples.compactMap { Self.figure(name, of: $0) }
        let total = values.reduce(0, +)
        return (
            [
                "yAxisLimit": .number(values.max() ?? 0), "format": .string(Self.format(name)), "total": .number(total),
                "totalAverage": .number(values.isEmpty ? 0 : total / Double(values.count)),
            ], values.count
        )
    }

    func json(_ names: (one: String?, several: [String])) -> JSON {
        guard !names.several.isEmpty else { return single(names.one ?? "") }
        let summaries = Dictionary(names.several.map { ($0, summary($0)) }) { first, _ in first }
        let data = samples.compactMap { sample -> JSON? in
            let values = names.several.compactMap { name in
                Self.figure(name, of: sample).map { (name, JSON.string("\($0)")) }
            }
            guard !values.isEmpty else { return nil }
            return [
                "period_start": .string(sample.at.rfc3339), "values": .object(Dictionary(values) { first, _ in first }),
            ]
        }
        return [
            "data": .array(data), "format": "", "total": .integer(0), "yAxisLimit": .integer(0),
            "hasNoData": .boolean(summaries.values.allSatisfy { $0.count == 0 }),
            "series": .object(summaries.mapValues { .object($0.fields) }),
        ]
    }

    private func single(_ name: String) -> JSON {
        let summary = summary(name)
        let data = samples.compactMap { sample in
            Self.figure(name, of: sample).map { figure -> JSON in
                .object(["period_start": .string(sample.at.rfc3339), name: .number(figure)])
            }
        }
        var fields = summary.fields
        fields["totalAverage"] = nil
        fields["data"] = .array(data)
        fields["hasNoData"] = .boolean(summary.count == 0)
        return .object(fields)
    }
}

import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Figures for Prometheus")
struct MetricsTests {
    /// A family as a scraper reads it.
    private struct Family {
        var kind = ""
        var hasHelp = false
        var samples: [String: Double] = [:]
    }

    /// Reads a page as strictly as `promtool check metrics` does.
    private func families(_ text: String) throws -> [String: Family] {
        var families: [String: Family] = [:]
        #expect(text.hasSuffix("\n"))
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /# (HELP|TYPE) ([a-z_]+) (.+)/) {
                let name = String(match.2)
                if match.1 == "HELP" { families[name, default: Family()].hasHelp = true }
                if match.1 == "TYPE" { families[name, default: Family()].kind = String(match.3) }
                continue
            }
            let pattern = /([a-z_]+?)(\{([a-z]+="([^"\\\n]|\\.)*",?)+\})? (-?[0-9.e+-]+|\+Inf)/
            let match = try #require(line.wholeMatch(of: pattern), "not a sample: \(line)")
            let series = String(match.1)
            let base =
                ["_bucket", "_sum", "_count"].lazy.filter { series.hasSuffix($0) }
                .map { String(series.dropLast($0.count)) }.first { families[$0] != nil } ?? series
            let family = try #require(families[base], "\(series) has no TYPE before it")
            #expect(family.hasHelp && !family.kind.isEmpty)
            #expect((family.kind == "counter") == series.hasSuffix("_total"), "\(series)")
            let key = series + (match.2.map(String.init) ?? "")
            #expect(families[base]?.samples[key] == nil, "\(key) comes twice")
            families[base]?.samples[key] = Double(match.5)
        }
        return families
    }

    @Test("the manager's page has the documented names, and counts what it has answered")
    func manager() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.starting, of: ref)
            try await host.set(.active, of: ref)
            _ = try await host.send("GET", "/v1/projects/\(ref)")
            _ = try await host.send("GET", "/nowhere/\(ref)")
            let answer = try await host.send("GET", "/metrics")
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            #expect(!answer.text.contains(ref.text), "series are named by the route, never by a path")
            let found = try families(answer.text)
            #expect(found["supamanager_build_info"]?.samples.values.first == 1)
            #expect(found["supamanager_lease_held"]?.samples["supamanager_lease_held"] == 1)
            let projects = found["supamanager_projects"]?.samples ?? [:]
            #expect(projects[#"supamanager_projects{status="ACTIVE_HEALTHY"}"#] == 1)
            #expect(projects[#"supamanager_projects{status="INACTIVE"}"#] == 0)
            let requests = found["supamanager_http_requests_total"]?.samples ?? [:]
            let labels = #"{route="/v1/projects/{ref}",method="GET",code="2xx"}"#
            #expect(requests["supamanager_http_requests_total\(labels)"] == 1)
            #expect(requests[#"supamanager_http_requests_total{route="-",method="-",code="4xx"}"#] == 1)
            let durations = found["supamanager_http_request_duration_seconds"]
            #expect(durations?.kind == "histogram")
            let whole = #"_bucket{route="/v1/projects/{ref}",method="GET",le="+Inf"}"#
            #expect(durations?.samples["supamanager_http_request_duration_seconds\(whole)"] == 1)
        }
    }

    @Test("callers without a right to all projects do not see the manager's metrics")
    func refusals() async throws {
        try await APIHost.run { host in
            let anonymous = try await host.send("GET", "/metrics", token: nil)
            #expect(anonymous.status == 401)
            let stranger = try await host.send("GET", "/metrics", token: Person.stranger.token)
            #expect(stranger.status == 404)
        }
    }

    @Test("a project's page tells its status and its services")
    func project() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.starting, of: ref)
            try await host.set(.active, of: ref)
            for path in [
                "/platform/projects/\(ref)/analytics/metrics", "/v1/projects/\(ref)/analytics/endpoints/metrics",
            ] {
                let found = try families(try await host.send("GET", path).text)
                let status = found["supamanager_project_status"]?.samples ?? [:]
                #expect(status.values.reduce(0, +) == 1)
                #expect(status[#"supamanager_project_status{ref="\#(ref)",status="ACTIVE_HEALTHY"}"#] == 1)
                let services = try await host.store.project(ref)?.services.count
                #expect(found["supamanager_service_ready"]?.samples.count == services)
            }
        }
    }

    @Test("label values with quotes, backslashes and line ends stay in their place")
    func escaping() throws {
        var page = PrometheusText()
        page.add("x_info", .gauge, help: "An example.", samples: [.init(labels: [("a", "q\"b\\c\nd")], value: 1.5)])
        #expect(page.text == "# HELP x_info An example.\n# TYPE x_info gauge\nx_info{a=\"q\\\"b\\\\c\\nd\"} 1.5\n")
    }

    @Test("durations fall into all buckets that hold them")
    func buckets() throws {
        let metrics = RequestMetrics()
        for milliseconds in [1, 200, 60_000] {
            metrics.count("GET /x", status: 200, duration: .milliseconds(milliseconds))
        }
        var page = PrometheusText()
        metrics.write(to: &page)
        let samples = try families(page.text)["supamanager_http_request_duration_seconds"]?.samples ?? [:]
        func bucket(_ bound: String) -> Double? {
            samples["supamanager_http_request_duration_seconds_bucket{route=\"/x\",method=\"GET\",le=\"\(bound)\"}"]
        }
        #expect(bucket("0.005") == 1)
        #expect(bucket("0.5") == 2)
        #expect(bucket("30") == 2)
        #expect(bucket("+Inf") == 3)
        let sum = samples["supamanager_http_request_duration_seconds_sum{route=\"/x\",method=\"GET\"}"] ?? 0
        #expect(abs(sum - 60.201) < 0.001)
    }
}

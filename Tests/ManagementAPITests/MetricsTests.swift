import Foundation
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import Installation
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

    /// A page with every family that a manager with projects has.
    private static func wholePage() throws -> String {
        let ref = try #require(ProjectRef(String(repeating: "a", count: 20)))
        let metrics = ManagerMetrics()
        metrics.operations.count("create", outcome: "succeeded", took: .milliseconds(1_500))
        metrics.engine.count("POST /containers/create", outcome: "ok", took: .milliseconds(20))
        metrics.probes.count("db", outcome: "failed")
        metrics.resyncs.count("resync", outcome: "ok", took: .milliseconds(3))
        let requests = RequestMetrics()
        requests.count("GET /v1/projects", status: 200, duration: .milliseconds(1))
        var page = PrometheusText()
        page.add("supamanager_build_info", .gauge, help: "x", samples: [.init(labels: [("version", "1")], value: 1)])
        page.add("supamanager_lease_held", .gauge, help: "x", value: 1)
        page.add("supamanager_projects", .gauge, help: "x", samples: [.init(labels: [("status", "A")], value: 1)])
        page.add(
            "supamanager_metrics_source_up", .gauge, help: "x", samples: [.init(labels: [("source", "a")], value: 1)])
        page.add(MetricFamilies.status(of: [(ref, .active)]))
        requests.write(to: &page)
        ProcessFigures(cpuSeconds: 1, residentBytes: 2, openDescriptors: 3, startedAt: 4).write(to: &page)
        let container = ContainerFigure(
            ref: ref, service: "db", cpuSeconds: 1.5, memoryBytes: 2, memoryLimitBytes: 3, outOfMemoryKills: 0,
            processes: 4)
        let database = DatabaseFigure(
            databases: [.init(name: "post\"gres", sizeBytes: 7, sessions: 2)], sessionsMax: 100)
        let families =
            MetricFamilies.work(metrics) + MetricFamilies.fileSystem(availableBytes: 1, sizeBytes: 2)
            + MetricFamilies.backups([
                BackupFigure(ref: ref, verifiedAt: Timestamp(milliseconds: 1_500), storedBytes: 9)
            ]) + MetricFamilies.containers([container]) + MetricFamilies.database(database, of: ref)
        for family in families { page.add(family) }
        return page.text
    }

    @Test("the manager's own work, disk, backups, containers and databases have the documented names")
    func names() throws {
        let found = try families(try Self.wholePage())
        let operations = found["supamanager_operations_total"]?.samples ?? [:]
        #expect(operations[#"supamanager_operations_total{kind="create",outcome="succeeded"}"#] == 1)
        // The figures of the sample, not their bits.
        for (name, value) in [
            ("container_cpu_usage_seconds_total", 1.5), ("container_memory_working_set_bytes", 2),
            ("container_spec_memory_limit_bytes", 3), ("container_processes", 4), ("supamanager_backup_size_bytes", 9),
            ("supamanager_backup_last_verified_timestamp_seconds", 1.5), ("pg_database_size_bytes", 7),
            ("supamanager_node_filesystem_size_bytes", 2),
        ] { #expect(found[name]?.samples.values.first == value, "\(name)") }
        let durations = found["supamanager_operation_duration_seconds"]?.samples ?? [:]
        #expect(durations[#"supamanager_operation_duration_seconds_bucket{kind="create",le="1"}"#] == 0)
        #expect(durations[#"supamanager_operation_duration_seconds_bucket{kind="create",le="2"}"#] == 1)
        #expect(durations[#"supamanager_operation_duration_seconds_sum{kind="create"}"#] == 1.5)
        for name in [
            "supamanager_engine_requests_total", "supamanager_engine_request_duration_seconds",
            "supamanager_probe_failures_total", "supamanager_resync_duration_seconds",
            "supamanager_backup_last_verified_timestamp_seconds", "supamanager_backup_size_bytes",
            "supamanager_node_filesystem_avail_bytes", "supamanager_node_filesystem_size_bytes",
            "container_cpu_usage_seconds_total", "container_memory_working_set_bytes",
            "container_spec_memory_limit_bytes", "container_oom_events_total", "container_processes",
            "pg_database_size_bytes", "pg_stat_database_numbackends", "pg_settings_max_connections",
        ] { #expect(found[name]?.samples.isEmpty == false, "\(name)") }
    }

    @Test("containers that have no figures, or come after too many, are counted and not shown")
    func leftOut() throws {
        let ref = try #require(ProjectRef(String(repeating: "a", count: 20)))
        let known = (0..<4).map { ContainerFigure(ref: ref, service: "s\($0)", cpuSeconds: 1) }
        let families = MetricFamilies.containers([ContainerFigure(ref: ref, service: "x")] + known, seriesMax: 15)
        #expect(families.first?.samples.count == 2)
        // Two come after the limit, one has no figures.
        #expect(families.last?.samples.first?.value == 3)
    }

    @Test("a name too many, or one from outside, makes no further series")
    func bounded() {
        let metrics = OutcomeMetrics(buckets: [1])
        for number in 0...(OutcomeMetrics.namesMax + 10) {
            metrics.count("n\(number)", outcome: "ok", took: .seconds(2))
        }
        #expect(metrics.counts.count == OutcomeMetrics.namesMax + 1)
        #expect(metrics.counts.first { $0.name == OutcomeMetrics.otherName }?.count == 11)
        #expect(metrics.durations.first { $0.name == "n0" }?.counts == [0])
    }

    @Test("a source that fails is said to be down, and the rest of the page is there")
    func failingSource() async throws {
        struct Broken: Error {}
        let parts = MetricSources(
            manager: [
                MetricSource("good") { MetricFamilies.fileSystem(availableBytes: 1, sizeBytes: 2) },
                MetricSource("bad") { throw Broken() },
            ],
            project: { _ in [MetricSource("containers") { MetricFamilies.containers([]) }] }, withProjects: true)
        try await APIHost.run(metrics: parts) { host in
            let ref = try await host.create()
            let found = try families(try await host.send("GET", "/metrics").text)
            #expect(found["supamanager_metrics_source_up"]?.samples.values.sorted() == [0, 1])
            #expect(found["supamanager_node_filesystem_size_bytes"]?.samples.values.first == 2)
            let status = found["supamanager_project_status"]?.samples ?? [:]
            #expect(status[#"supamanager_project_status{ref="\#(ref)",status="COMING_UP"}"#] == 1)
            let project = try families(
                try await host.send("GET", "/v1/projects/\(ref)/analytics/endpoints/metrics").text)
            #expect(project["supamanager_metrics_source_up"]?.samples.values.first == 1)
        }
    }

    @Test(
        "Prometheus' own tool finds nothing wrong with the page, the rules and their tests",
        arguments: [["check", "metrics"], ["check", "rules", "rules.yml"], ["test", "rules", "rules.test.yml"]])
    func promtool(words: [String]) throws {
        let root = String(#filePath.split(separator: "/Tests/")[0])
        guard FileManager.default.isExecutableFile(atPath: root + "/.build/tools/promtool") else { return }
        let process = Process()
        (process.executableURL, process.arguments) = (URL(filePath: root + "/.build/tools/promtool"), words)
        process.currentDirectoryURL = URL(filePath: root + "/Packaging/monitoring")
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(try Self.wholePage().utf8))
        try input.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
    }

    @Test("dashboards and alert rules that come with the package ask for names that the pages have")
    func packagedNames() throws {
        let page = try families(try Self.wholePage())
        let folder = URL(filePath: String(#filePath.split(separator: "/Tests/")[0]) + "/Packaging/monitoring")
        var asked = 0
        for file in ["rules.yml", "grafana/dashboards/installation.json", "grafana/dashboards/projects.json"] {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            for match in text.matches(of: /\b(?:supamanager|container|pg|process)_[a-z_]+/) {
                var name = String(match.0)
                for suffix in ["_bucket", "_sum", "_count"] where page[name] == nil && name.hasSuffix(suffix) {
                    name = String(name.dropLast(suffix.count))
                }
                #expect(page[name] != nil, "\(file) asks for \(match.0)")
                asked += 1
            }
        }
        #expect(asked > 20)
    }
}

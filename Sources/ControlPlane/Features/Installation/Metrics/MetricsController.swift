import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Logging
import Orchestrator
import ProjectModel
import Reconciler

/// Figures for Prometheus: of the manager at `/metrics`, of one project at its metrics page.
struct MetricsController: Sendable {
    let catalog: ProjectCatalog
    let requests: RequestMetrics
    /// This manager's role.
    let role: @Sendable () -> ManagerRole
    /// Metrics of this process; nil where the host has none.
    let process: @Sendable () -> ProcessFigures?
    let version: String
    let sources: MetricSources
    let logger: Logger

    var routes: [Route] { [managerRoute] + projectRoutes }

    private var managerRoute: Route {
        let summary =
            "Metrics of the manager for Prometheus; they cover all projects, so they are for members of the "
            + "organization \(Organization.defaultSlug)"
        return Route(
            .get, "/metrics", access: .installation(.analyticsUsageRead),
            operation: Operation(
                summary: summary, answer: .raw("text/plain"),
                refusals: [
                    Operation.Refusal(status: .notFound, meaning: "you are not a member of the first organization")
                ])
        ) { _ in APIResponse(text: try await manager(), contentType: PrometheusText.contentType) }
    }

    private var projectRoutes: [Route] {
        ["/platform/projects/{ref}/analytics/metrics", "/v1/projects/{ref}/analytics/endpoints/metrics"].map { path in
            Route(
                .get, path, access: .permission(.analyticsUsageRead),
                operation: Operation(summary: "Metrics of a project for Prometheus", answer: .raw("text/plain"))
            ) { request in
                let text = try await project(try request.project())
                return APIResponse(text: text, contentType: PrometheusText.contentType)
            }
        }
    }

    private func manager() async throws -> String {
        var page = PrometheusText()
        page.add(
            "supamanager_build_info", .gauge, help: "The version that runs.",
            samples: [PrometheusText.Sample(labels: [("version", version)], value: 1)])
        page.add(
            "supamanager_lease_held", .gauge, help: "Whether this manager is the active one.",
            value: role() == .active ? 1 : 0)
        page.add("supamanager_projects", .gauge, help: "Projects by status.", samples: try await projectsByStatus())
        if sources.withProjects {
            let projects = try await catalog.outlines().map { ($0.key, $0.value.status) }
            page.add(MetricFamilies.status(of: projects.sorted { $0.0.text < $1.0.text }))
        }
        requests.write(to: &page)
        process()?.write(to: &page)
        try await add(sources.manager, to: &page)
        return page.text
    }

    /// Adds what the sources have. One that fails has no series: its last figures would look like those of now.
    private func add(_ sources: [MetricSource], to page: inout PrometheusText) async throws {
        var up: [PrometheusText.Sample] = []
        for source in sources {
            var isUp = true
            do {
                for family in try await source.families() { page.add(family) }
            } catch {
                try Task.checkCancellation()
                isUp = false
                logger.info("metrics are missing", metadata: ["source": "\(source.name)", "reason": "\(error)"])
            }
            up.append(PrometheusText.Sample(labels: [("source", source.name)], value: isUp ? 1 : 0))
        }
        page.add("supamanager_metrics_source_up", .gauge, help: "Whether a source of this page answered.", samples: up)
    }

    private func projectsByStatus() async throws -> [PrometheusText.Sample] {
        var counts: [StudioStatus: Int] = [:]
        for status in ProjectStatus.allCases where status != .deleted {
            var query = ProjectQuery()
            (query.statuses, query.limit) = ([status], 1)
            counts[status.studioStatus, default: 0] += try await catalog.projects(query).count
        }
        return StudioStatus.allCases.map {
            PrometheusText.Sample(labels: [("status", $0.rawValue)], value: Double(counts[$0] ?? 0))
        }
    }

    private func project(_ record: ProjectRecord) async throws -> String {
        var page = PrometheusText()
        let ref = record.ref.text
        page.add(MetricFamilies.status(of: [(record.ref, record.status)]))
        let services = try await catalog.health(of: record.ref)
        page.add(
            "supamanager_service_ready", .gauge, help: "Whether a service answers its probe.",
            samples: services.map {
                PrometheusText.Sample(
                    labels: [("ref", ref), ("service", $0.service.text)], value: $0.state.isReady ? 1 : 0)
            })
        page.add(
            "supamanager_service_probed_timestamp_seconds", .gauge, help: "When a service was last probed.",
            samples: services.compactMap { service in
                service.observedAt.map {
                    PrometheusText.Sample(
                        labels: [("ref", ref), ("service", service.service.text)],
                        value: Double($0.milliseconds) / 1_000)
                }
            })
        try await add(sources.project(record), to: &page)
        return page.text
    }
}

/// Figures of the manager's own process, under the names that every exporter uses.
public struct ProcessFigures: Sendable, Equatable {
    /// Processor time in seconds.
    public var cpuSeconds: Double
    /// Memory in RAM in bytes.
    public var residentBytes: Int64
    public var openDescriptors: Int
    /// When it started, in seconds since 1970.
    public var startedAt: Double

    public init(cpuSeconds: Double, residentBytes: Int64, openDescriptors: Int, startedAt: Double) {
        self.cpuSeconds = cpuSeconds
        self.residentBytes = residentBytes
        self.openDescriptors = openDescriptors
        self.startedAt = startedAt
    }

    func write(to page: inout PrometheusText) {
        page.add(
            "process_cpu_seconds_total", .counter, help: "Processor time in user and system mode.", value: cpuSeconds)
        page.add("process_resident_memory_bytes", .gauge, help: "Memory in RAM.", value: Double(residentBytes))
        page.add("process_open_fds", .gauge, help: "Open descriptors.", value: Double(openDescriptors))
        page.add("process_start_time_seconds", .gauge, help: "Start of the process since 1970.", value: startedAt)
    }
}

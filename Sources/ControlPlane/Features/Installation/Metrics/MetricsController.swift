import APIKit
import FeatureKit
import HTTPTypes
import Identity
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

    var routes: [Route] { [managerRoute] + projectRoutes }

    private var managerRoute: Route {
        let summary =
            "Figures of the manager for Prometheus; they are about all projects, so they are for members of the "
            + "organization \(Organization.defaultSlug)"
        return Route(
            .get, "/metrics", .installation(.analyticsUsageRead),
            Operation(
                summary: summary, answer: .raw("text/plain"),
                refusals: [
                    Operation.Refusal(status: .notFound, meaning: "you are not a member of the first organization")
                ])
        ) { _ in APIResponse(text: try await manager(), contentType: PrometheusText.contentType) }
    }

    private var projectRoutes: [Route] {
        ["/platform/projects/{ref}/analytics/metrics", "/v1/projects/{ref}/analytics/endpoints/metrics"].map { path in
            Route(
                .get, path, .permission(.analyticsUsageRead),
                Operation(summary: "Figures of a project for Prometheus", answer: .raw("text/plain"))
            ) { request in
                let text = try await project(try request.project())
                return APIResponse(text: text, contentType: PrometheusText.contentType)
            }
        }
    }

    private func manager() async throws -> String {
        var page = PrometheusText()
        page.add(
            "supamanager_build_info", .gauge, "The version that runs.",
            [PrometheusText.Sample(labels: [("version", version)], value: 1)])
        page.add(
            "supamanager_lease_held", .gauge, "Whether this manager is the active one.", role() == .active ? 1 : 0)
        page.add("supamanager_projects", .gauge, "Projects by status.", try await projectsByStatus())
        requests.write(to: &page)
        process()?.write(to: &page)
        return page.text
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
        page.add(
            "supamanager_project_status", .gauge, "1 for the status that the project has.",
            StudioStatus.allCases.map { status in
                PrometheusText.Sample(
                    labels: [("ref", ref), ("status", status.rawValue)],
                    value: status == record.status.studioStatus ? 1 : 0)
            })
        let services = try await catalog.health(of: record.ref)
        page.add(
            "supamanager_service_ready", .gauge, "Whether a service answers its probe.",
            services.map {
                PrometheusText.Sample(
                    labels: [("ref", ref), ("service", $0.service.text)], value: $0.state.isReady ? 1 : 0)
            })
        page.add(
            "supamanager_service_probed_timestamp_seconds", .gauge, "When a service was last probed.",
            services.compactMap { service in
                service.observedAt.map {
                    PrometheusText.Sample(
                        labels: [("ref", ref), ("service", service.service.text)],
                        value: Double($0.milliseconds) / 1_000)
                }
            })
        return page.text
    }
}

/// Figures of the manager's own process, under the names that every exporter uses.
public struct ProcessFigures: Sendable, Equatable {
    /// Processor time in seconds.
    public var cpuSeconds: Double
    /// Memory in RAM in bytes.
    public var residentBytes: Int64
    /// Open descriptors.
    public var openDescriptors: Int
    /// When it started, in seconds since 1970.
    public var startedAt: Double

    /// Figures.
    public init(cpuSeconds: Double, residentBytes: Int64, openDescriptors: Int, startedAt: Double) {
        self.cpuSeconds = cpuSeconds
        self.residentBytes = residentBytes
        self.openDescriptors = openDescriptors
        self.startedAt = startedAt
    }

    func write(to page: inout PrometheusText) {
        page.add("process_cpu_seconds_total", .counter, "Processor time in user and system mode.", cpuSeconds)
        page.add("process_resident_memory_bytes", .gauge, "Memory in RAM.", Double(residentBytes))
        page.add("process_open_fds", .gauge, "Open descriptors.", Double(openDescriptors))
        page.add("process_start_time_seconds", .gauge, "Start of the process since 1970.", startedAt)
    }
}

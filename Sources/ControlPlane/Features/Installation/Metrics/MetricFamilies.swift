package import APIKit
package import Orchestrator
package import ProjectModel

/// Families of the metrics pages, under the names that dashboards and alert rules use. Pure.
package enum MetricFamilies {
    package typealias Family = PrometheusText.Family
    private typealias Sample = PrometheusText.Sample

    /// The name of this machine in labels: there is one.
    package static let node = "local"
    /// Series of containers on one page; more are left out, which the page says.
    package static let containerSeriesMax = 50_000

    /// What the manager counts of its own work.
    package static func work(_ metrics: ManagerMetrics) -> [Family] {
        counted(
            "supamanager_operations_total", metrics.operations, name: "kind",
            help: "Operations of projects that ended since the manager started, by kind and outcome.")
            + timed(
                "supamanager_operation_duration_seconds", metrics.operations, name: "kind",
                help: "Time from the request of an operation to its end.")
            + counted(
                "supamanager_engine_requests_total", metrics.engine, name: "call",
                help: "Calls to the Docker Engine, by what is called and what came of it.", with: [("node", node)])
            + timed(
                "supamanager_engine_request_duration_seconds", metrics.engine, name: "call",
                help: "Time from a call to the Docker Engine to its answer.", with: [("node", node)])
            + [
                Family(
                    "supamanager_probe_failures_total", .counter, help: "Probes that a service did not pass.",
                    samples: metrics.probes.counts.map {
                        Sample(labels: [("service", $0.name)], value: Double($0.count))
                    })
            ]
            + timed(
                "supamanager_resync_duration_seconds", metrics.resyncs, name: nil,
                help: "Time of a full list of records and of the engine's objects.", with: [("node", node)])
    }

    /// Newest backups of projects that have some.
    package static func backups(_ figures: [BackupFigure]) -> [Family] {
        [
            Family(
                "supamanager_backup_last_verified_timestamp_seconds", .gauge,
                help: "When the newest backup was taken that was restored for a trial.",
                samples: samples(figures) {
                    $0.verifiedAt.map { Double($0.milliseconds) / 1_000 }
                } labels: {
                    [("ref", $0.ref.text)]
                }),
            Family(
                "supamanager_backup_size_bytes", .gauge, help: "Bytes that the newest backup takes in the store.",
                samples: samples(figures) {
                    $0.storedBytes.map { Double($0) }
                } labels: {
                    [("ref", $0.ref.text)]
                }),
        ]
    }

    /// The file system of the data folder.
    package static func fileSystem(availableBytes: UInt64, sizeBytes: UInt64) -> [Family] {
        [
            Family(
                "supamanager_node_filesystem_avail_bytes", .gauge, help: "Bytes free below the data folder.",
                samples: [Sample(labels: [("node", node)], value: Double(availableBytes))]),
            Family(
                "supamanager_node_filesystem_size_bytes", .gauge, help: "Size of the data folder's file system.",
                samples: [Sample(labels: [("node", node)], value: Double(sizeBytes))]),
        ]
    }

    /// What containers use, under cAdvisor's names.
    package static func containers(_ figures: [ContainerFigure], seriesMax: Int = containerSeriesMax) -> [Family] {
        let shown = figures.prefix(seriesMax / containerFamilies.count)
        var families = containerFamilies.map { family in
            Family(
                family.name, family.kind, help: family.help,
                samples: samples(Array(shown), value: family.value) {
                    [("ref", $0.ref.text), ("service", $0.service), ("node", node)]
                })
        }
        families.append(
            Family(
                "supamanager_metrics_containers_left_out", .gauge,
                help: "Running containers without series: too many, or their figures are not to be had here.",
                samples: [
                    Sample(value: Double(figures.count - shown.count + shown.count { $0.cpuSeconds == nil }))
                ]))
        return families
    }

    private static let containerFamilies:
        [(name: String, kind: PrometheusText.Kind, help: String, value: @Sendable (ContainerFigure) -> Double?)] = [
            (
                "container_cpu_usage_seconds_total", .counter, "Processor time of a container since its start.",
                { $0.cpuSeconds }
            ),
            (
                "container_memory_working_set_bytes", .gauge, "Memory without cache that can be dropped at once.",
                { $0.memoryBytes.map { Double($0) } }
            ),
            (
                "container_spec_memory_limit_bytes", .gauge, "The memory that a container may have; none, no limit.",
                { $0.memoryLimitBytes.map { Double($0) } }
            ),
            (
                "container_oom_events_total", .counter, "Processes that were killed for want of memory.",
                { $0.outOfMemoryKills.map { Double($0) } }
            ),
            (
                "container_processes", .gauge, "Processes and threads in a container.",
                { $0.processes.map { Double($0) } }
            ),
        ]

    /// A database server, under the names of postgres_exporter.
    package static func database(_ figure: DatabaseFigure, of ref: ProjectRef) -> [Family] {
        func family(_ name: String, help: String, value: (DatabaseFigure.Database) -> Int64) -> Family {
            Family(
                name, .gauge, help: help,
                samples: figure.databases.map {
                    Sample(labels: [("ref", ref.text), ("datname", $0.name)], value: Double(value($0)))
                })
        }
        return [
            family("pg_database_size_bytes", help: "Size of a database.") { $0.sizeBytes },
            family("pg_stat_database_numbackends", help: "Sessions in a database.") { $0.sessions },
            Family(
                "pg_settings_max_connections", .gauge, help: "Sessions that the server admits.",
                samples: [Sample(labels: [("ref", ref.text)], value: Double(figure.sessionsMax))]),
        ]
    }

    /// The state set of a project.
    static func status(of projects: [(ref: ProjectRef, status: ProjectStatus)]) -> Family {
        Family(
            "supamanager_project_status", .gauge, help: "1 for the status that the project has.",
            samples: projects.flatMap { project in
                StudioStatus.allCases.map { status in
                    Sample(
                        labels: [("ref", project.ref.text), ("status", status.rawValue)],
                        value: status == project.status.studioStatus ? 1 : 0)
                }
            })
    }

    private static func samples<Figure>(
        _ figures: [Figure], value: (Figure) -> Double?, labels: (Figure) -> [(name: String, value: String)]
    ) -> [Sample] {
        figures.compactMap { figure in value(figure).map { Sample(labels: labels(figure), value: $0) } }
    }

    private static func counted(
        _ family: String, _ metrics: OutcomeMetrics, name: String, help: String,
        with labels: [(name: String, value: String)] = []
    ) -> [Family] {
        let samples = metrics.counts.map {
            Sample(labels: [(name, $0.name), ("outcome", $0.outcome)] + labels, value: Double($0.count))
        }
        return [Family(family, .counter, help: help, samples: samples)]
    }

    private static func timed(
        _ family: String, _ metrics: OutcomeMetrics, name: String?, help: String,
        with labels: [(name: String, value: String)] = []
    ) -> [Family] {
        let samples = metrics.durations.flatMap { durations in
            let all = (name.map { [($0, durations.name)] } ?? []) + labels
            return PrometheusText.histogram(
                labels: all, bounds: metrics.buckets, counts: durations.counts, count: durations.count,
                sum: durations.seconds)
        }
        return [Family(family, .histogram, help: help, samples: samples)]
    }
}

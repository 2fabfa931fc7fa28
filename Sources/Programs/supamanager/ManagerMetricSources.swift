import BackupOperations
import ConsistencyModel
import FeatureKit
import FoundationEssentials
import HTTPBounds
import Installation
import LinuxHost
import Orchestrator
import PostgresStore
import ProjectModel

/// What the metrics pages show beside the manager's records: its own work, its disk, backups, containers, databases.
struct ManagerMetricSources {
    let metrics: ManagerMetrics
    let disk: DiskReadiness
    let backups: PostgresBackupStore
    let containers: ContainerFigures
    let reach: ProjectReach
    let withProjects: Bool

    /// Longest wait for a project's database: a scraper waits ten seconds for the whole page.
    static let databaseDeadline: Duration = .seconds(2)

    var sources: MetricSources {
        MetricSources(
            manager: [
                MetricSource("work") { [metrics] in MetricFamilies.work(metrics) },
                MetricSource("disk") { [disk] in
                    let space = try disk.host.diskSpace(under: disk.folder)
                    return MetricFamilies.fileSystem(availableBytes: space.freeBytes, sizeBytes: space.totalBytes)
                },
                MetricSource("backups") { [backups] in
                    MetricFamilies.backups(
                        try await backups.newest().map {
                            BackupFigure(ref: $0.ref, verifiedAt: $0.verifiedTakenAt, storedBytes: $0.storedBytes)
                        })
                },
            ] + (withProjects ? [containerSource(of: nil)] : []),
            project: { record in
                let hasDatabase = record.status == .active || record.status == .degraded
                return [containerSource(of: record.ref)] + (hasDatabase ? [databaseSource(of: record)] : [])
            }, withProjects: withProjects)
    }

    private func containerSource(of ref: ProjectRef?) -> MetricSource {
        MetricSource("containers") { [containers] in
            MetricFamilies.containers(try await containers.current(of: ref))
        }
    }

    private func databaseSource(of record: ProjectRecord) -> MetricSource {
        MetricSource("database") { [reach] in
            let answer = try await withDeadline(Self.databaseDeadline) {
                try await reach.runOwn(DatabaseMetricsQuery.text, on: record)
            }
            guard let answer else { throw DatabaseMetricsQuery.Unanswered() }
            return MetricFamilies.database(try DatabaseMetricsQuery.figure(answer.json), of: record.ref)
        }
    }
}

/// What a database server is asked for its project's metrics page.
enum DatabaseMetricsQuery {
    /// No answer in time, or one of another shape.
    struct Unanswered: Error, CustomStringConvertible {
        let description = "the database did not answer the query for its figures in time, or not with whole numbers"
    }

    /// Databases of one server that are shown.
    static let databasesMax = 100
    /// PostgreSQL's own bound of a name.
    private static let nameBytesMax = 63
    /// What a figure can be: its owner may let the database say anything.
    private static let range: ClosedRange<Int64> = 0...(1 << 53)

    static let text = ProjectQueryText(
        sql: """
            select d.datname::pg_catalog.text as name, pg_catalog.pg_database_size(d.oid) as size,
                coalesce(pg_catalog.pg_stat_get_db_numbackends(d.oid), 0) as sessions,
                pg_catalog.current_setting('max_connections')::pg_catalog.int4 as sessions_max
            from pg_catalog.pg_database d where pg_catalog.has_database_privilege(d.oid, 'CONNECT')
            order by d.datname limit \(databasesMax)
            """, isReadOnly: true, applicationName: "supamanager/metrics")

    private struct Row: Decodable {
        let name: String
        let size: Int64
        let sessions: Int64
        let sessions_max: Int64
    }

    static func figure(_ json: [UInt8]) throws(Unanswered) -> DatabaseFigure {
        let rows: [Row]
        do { rows = try JSONDecoder().decode([Row].self, from: Data(json)) } catch { throw Unanswered() }
        guard let first = rows.first, rows.count <= databasesMax,
            rows.allSatisfy({
                range.contains($0.size) && range.contains($0.sessions) && range.contains($0.sessions_max)
                    && $0.name.utf8.count <= nameBytesMax
            }), Set(rows.map { Array($0.name.utf8) }).count == rows.count
        else { throw Unanswered() }
        return DatabaseFigure(
            databases: rows.map { .init(name: $0.name, sizeBytes: $0.size, sessions: $0.sessions) },
            sessionsMax: first.sessions_max)
    }
}

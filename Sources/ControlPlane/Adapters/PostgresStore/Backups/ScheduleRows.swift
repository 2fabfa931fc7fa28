import BackupModel
import BackupOperations
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `backup_schedules`.
enum ScheduleRows {
    static func all(in session: some PostgresSession) async throws -> [ProjectRef: ScheduledBackup] {
        let rows = try await session.query("select ref, second_of_day, updated_at, copies_log from backup_schedules")
        return Dictionary(try rows.map { (try ref($0), try schedule($0)) }) { first, _ in first }
    }

    static func select(of ref: ProjectRef, in session: some PostgresSession) async throws -> ScheduledBackup? {
        try await session.first(
            "select second_of_day, updated_at, copies_log from backup_schedules where ref = $1", [.text(ref.text)]
        ).map(schedule)
    }

    static func save(
        _ schedule: ScheduledBackup, of ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            """
            insert into backup_schedules (ref, second_of_day, updated_at, copies_log) values ($1, $2, $3, $4)
            on conflict (ref) do update set second_of_day = excluded.second_of_day, updated_at = excluded.updated_at,
                copies_log = excluded.copies_log
            """,
            [
                .text(ref.text), .int(schedule.rule.secondOfDay), .timestamp(schedule.updatedAt.postgres),
                .bool(schedule.copiesLog),
            ])
    }

    static func refsInStore(in session: some PostgresSession) async throws -> Set<ProjectRef> {
        let rows = try await session.query(
            "select distinct ref from backups where state in ('stored', 'verified', 'unsound')")
        return Set(try rows.map(ref))
    }

    private static func ref(_ row: PostgresRow) throws -> ProjectRef {
        guard let ref = ProjectRef(try row.string("ref")) else { throw StoreError.refused("a ref cannot be read") }
        return ref
    }

    private static func schedule(_ row: PostgresRow) throws -> ScheduledBackup {
        guard let rule = BackupSchedule(secondOfDay: try row.int("second_of_day")) else {
            throw StoreError.refused("a schedule cannot be read")
        }
        return ScheduledBackup(
            rule: rule, updatedAt: Timestamp(try row.timestamp("updated_at")), copiesLog: try row.bool("copies_log"))
    }
}

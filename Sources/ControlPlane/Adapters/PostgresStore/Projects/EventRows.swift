import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `project_events`.
enum EventRows {
    static func insert(
        _ event: ProjectEvent, of ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        _ = try await session.execute(
            "insert into project_events (ref, at, status, cause) values ($1, $2, $3, $4)",
            [.text(ref.text), .timestamp(event.at.postgres), .text(event.status.rawValue), .text(event.cause)])
        _ = try await session.execute(
            """
            delete from project_events where ref = $1 and number <=
                (select number from project_events where ref = $1 order by number desc offset $2 limit 1)
            """,
            [.text(ref.text), .int(ProjectEvent.keptMax)])
    }

    static func latest(
        _ ref: ProjectRef, limit: Int, in session: some PostgresSession
    ) async throws -> [ProjectEvent] {
        try await session.query(
            "select at, status, cause from project_events where ref = $1 order by number desc limit $2",
            [.text(ref.text), .int(limit)]
        ).map(event)
    }

    static func after(
        _ number: Int64, of ref: ProjectRef, limit: Int, in session: some PostgresSession
    ) async throws -> [RecordedEvent] {
        try await session.query(
            """
            select number, at, status, cause from project_events where ref = $1 and number > $2
            order by number desc limit $3
            """,
            [.text(ref.text), .int(number), .int(limit)]
        ).reversed().map { row in RecordedEvent(number: Int64(try row.int("number")), event: try event(row)) }
    }

    private static func event(_ row: PostgresRow) throws -> ProjectEvent {
        ProjectEvent(
            at: Timestamp(try row.timestamp("at")), status: try ProjectRows.status(row.string("status")),
            cause: try row.string("cause"))
    }
}

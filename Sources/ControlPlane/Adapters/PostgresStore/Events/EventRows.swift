import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `project_events`.
enum EventRows {
    private static let columns = """
        number, at, status, cause, kind, status_before, operation_id::text as operation_id, facts::text as facts
        """

    static func insert(
        _ event: ProjectEvent, of ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        _ = try await session.execute(
            """
            insert into project_events (ref, at, status, cause, kind, status_before, operation_id, facts)
            values ($1, $2, $3, $4, $5, $6, $7::uuid, $8::jsonb)
            """,
            [
                .text(ref.text), .timestamp(event.at.postgres), .text(event.status.rawValue), .text(event.cause),
                .optional(event.kind == .unknown ? nil : event.kind.rawValue),
                .optional(event.facts.statusBefore?.rawValue), .optional(event.facts.operation),
                .optional(try StoredEventFacts(event.facts)?.text()),
            ])
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
            "select \(columns) from project_events where ref = $1 order by number desc limit $2",
            [.text(ref.text), .int(limit)]
        ).map(event)
    }

    static func after(
        _ number: Int64, of ref: ProjectRef, limit: Int, in session: some PostgresSession
    ) async throws -> [RecordedEvent] {
        try await session.query(
            """
            select \(columns) from project_events where ref = $1 and number > $2
            order by number desc limit $3
            """,
            [.text(ref.text), .int(number), .int(limit)]
        ).reversed().map { row in RecordedEvent(number: Int64(try row.int("number")), event: try event(row)) }
    }

    private static func event(_ row: PostgresRow) throws -> ProjectEvent {
        let status = try ProjectRows.status(row.string("status"))
        let kind = try kind(row)
        var facts = try row.optionalString("facts").map { try StoredEventFacts(text: $0).facts } ?? EventFacts()
        facts.statusBefore = try row.optionalString("status_before").map { try ProjectRows.status($0) }
        facts.statusAfter = kind == .created || kind.isOfTransition ? status : nil
        facts.operation = try row.optionalString("operation_id")
        return ProjectEvent(
            at: Timestamp(try row.timestamp("at")), status: status, cause: try row.string("cause"), kind: kind,
            facts: facts)
    }

    /// Events from before kinds were recorded have none.
    private static func kind(_ row: PostgresRow) throws -> ProjectEventKind {
        guard let text = try row.optionalString("kind") else { return .unknown }
        guard let kind = ProjectEventKind(rawValue: text) else {
            throw StoreError.refused("an event is of the unknown kind \(text)")
        }
        return kind
    }
}

import Orchestrator
import PostgresKit
import ProjectModel
import Reconciler

/// SQL of the table `operations`.
enum OperationRows {
    private static let columns = """
        id::text as id, ref, kind, state, requested_by, requested_at, deadline, attempts, waiting_for, service,
        last_call, last_error, next_retry_at, finished_at, result
        """

    static func insert(
        _ new: NewOperation, of ref: ProjectRef, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        let operation = new.begun(of: ref, at: time)
        try await session.execute(
            """
            insert into operations (id, ref, kind, state, requested_by, requested_at, deadline)
            values ($1::uuid, $2, $3, $4, $5, $6, $7)
            """,
            [
                .text(operation.id), .text(ref.text), .text(operation.kind.rawValue),
                .text(operation.state.rawValue), .text(operation.requestedBy),
                .timestamp(operation.requestedAt.postgres), .timestamp(operation.progress.deadline.postgres),
            ])
    }

    /// Ends the operation in progress, when the transition does, and begins the one that it opens.
    static func apply(
        _ transition: StatusTransition, to present: ProjectOperation?, of ref: ProjectRef,
        in session: some PostgresSession
    ) async throws {
        if let present, let end = transition.end(of: present.kind) {
            try await session.execute(
                """
                update operations set state = $2, finished_at = $3, result = $4, waiting_for = null,
                    next_retry_at = null
                where id = $1::uuid
                """,
                [.text(present.id), .text(end.state.rawValue), .timestamp(transition.at.postgres), .text(end.result)])
        }
        if let opens = transition.opens { try await insert(opens, of: ref, at: transition.at, in: session) }
    }

    static func note(_ progress: OperationProgress, of id: String, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            update operations set state = 'running', attempts = $2, deadline = $3, waiting_for = $4, service = $5,
                last_call = $6, last_error = $7, next_retry_at = $8
            where id = $1::uuid and finished_at is null
            """,
            [
                .text(id), .int(progress.attempts), .timestamp(progress.deadline.postgres),
                .optional(progress.waitingFor), .optional(progress.service?.text), .optional(progress.lastCall),
                .optional(progress.lastError), progress.nextRetryAt.map { .timestamp($0.postgres) } ?? .null,
            ])
    }

    static func open(_ ref: ProjectRef, in session: some PostgresSession) async throws -> ProjectOperation? {
        try await session.first(
            "select \(columns) from operations where ref = $1 and finished_at is null", [.text(ref.text)]
        ).map(operation)
    }

    static func select(
        _ id: String, of ref: ProjectRef, in session: some PostgresSession
    ) async throws -> ProjectOperation? {
        try await session.first(
            "select \(columns) from operations where ref = $1 and id = $2::uuid", [.text(ref.text), .text(id)]
        ).map(operation)
    }

    static func latest(
        _ ref: ProjectRef, limit: Int, in session: some PostgresSession
    ) async throws -> [ProjectOperation] {
        try await session.query(
            "select \(columns) from operations where ref = $1 order by number desc limit $2",
            [.text(ref.text), .int(limit)]
        ).map(operation)
    }

    private static func operation(_ row: PostgresRow) throws -> ProjectOperation {
        guard let ref = ProjectRef(try row.string("ref")),
            let kind = ProjectOperationKind(rawValue: try row.string("kind")),
            let state = ProjectOperationState(rawValue: try row.string("state"))
        else { throw StoreError.refused("an operation is of a kind or in a state that this program does not know") }
        let progress = OperationProgress(
            attempts: try row.int("attempts"), deadline: Timestamp(try row.timestamp("deadline")),
            waitingFor: try row.optionalString("waiting_for"),
            service: try row.optionalString("service").flatMap { ServiceName($0) },
            lastCall: try row.optionalString("last_call"), lastError: try row.optionalString("last_error"),
            nextRetryAt: try row.optionalTimestamp("next_retry_at").map { Timestamp($0) })
        return ProjectOperation(
            id: try row.string("id"), ref: ref, kind: kind, state: state,
            requestedBy: try row.string("requested_by"),
            requestedAt: Timestamp(try row.timestamp("requested_at")), progress: progress,
            finishedAt: try row.optionalTimestamp("finished_at").map { Timestamp($0) },
            result: try row.optionalString("result"))
    }
}

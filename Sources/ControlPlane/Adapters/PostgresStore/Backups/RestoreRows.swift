import BackupModel
import BackupOperations
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `restores`.
enum RestoreRows {
    private static let columns = """
        id, ref, source_kind, source, state, volume, requested_by, inserted_at, ended_at, failure
        """

    static func insert(
        _ source: RestoreSource, into ref: ProjectRef, by requester: String?, at time: Timestamp,
        in session: some PostgresSession
    ) async throws -> ProjectRestore {
        let (kind, text) = stored(source)
        return try restore(
            try await session.single(
                """
                insert into restores (ref, source_kind, source, state, requested_by, inserted_at)
                values ($1, $2, $3, 'preparing', $4, $5) returning \(columns)
                """,
                [.text(ref.text), .text(kind), .text(text), .optional(requester), .timestamp(time.postgres)]))
    }

    static func update(_ restore: ProjectRestore, in session: some PostgresSession) async throws {
        try await session.execute(
            "update restores set state = $2, volume = $3, ended_at = $4, failure = $5 where id = $1",
            [
                .int(Int(restore.id)), .text(restore.state.rawValue), .optional(restore.volume),
                .optional(restore.endedAt?.postgres), .optional(restore.failure),
            ])
    }

    static func select(_ id: Int64, in session: some PostgresSession) async throws -> ProjectRestore? {
        try await session.first("select \(columns) from restores where id = $1", [.int(Int(id))]).map(restore)
    }

    static func latest(
        of ref: ProjectRef, limit: Int, in session: some PostgresSession
    ) async throws -> [ProjectRestore] {
        try await session.query(
            "select \(columns) from restores where ref = $1 order by id desc limit $2", [.text(ref.text), .int(limit)]
        ).map(restore)
    }

    private static func stored(_ source: RestoreSource) -> (kind: String, text: String) {
        switch source {
        case .backup(let id): ("backup", id.value)
        case .volume(let name): ("volume", name)
        case .time(let time): ("time", "\(time.milliseconds)")
        }
    }

    private static func source(_ row: PostgresRow) throws -> RestoreSource? {
        let text = try row.string("source")
        switch try row.string("source_kind") {
        case "backup": return BackupID(text).map { .backup($0) }
        case "volume": return .volume(text)
        case "time": return Int64(text).map { .time(Timestamp(milliseconds: $0)) }
        default: return nil
        }
    }

    private static func restore(_ row: PostgresRow) throws -> ProjectRestore {
        guard let ref = ProjectRef(try row.string("ref")), let source = try source(row),
            let state = RestoreState(rawValue: try row.string("state"))
        else { throw StoreError.refused("a restore's row cannot be read") }
        return ProjectRestore(
            id: Int64(try row.int("id")), ref: ref, source: source, state: state,
            volume: try row.optionalString("volume"), requestedBy: try row.optionalString("requested_by"),
            insertedAt: Timestamp(try row.timestamp("inserted_at")),
            endedAt: try row.optionalTimestamp("ended_at").map { Timestamp($0) },
            failure: try row.optionalString("failure"))
    }
}

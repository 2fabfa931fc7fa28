import BackupModel
import BackupOperations
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `backup_archives` and `backups`.
enum BackupRows {
    private static let columns = """
        id, ref, reason, state, archived, image, stored_bytes, requested_by, inserted_at, taken_at, verified_at, failure,
        marked_at
        """

    static func archive(
        of ref: ProjectRef, drafting name: String, in session: some PostgresSession
    ) async throws -> String {
        try await session.execute(
            "insert into backup_archives (ref, name) values ($1, $2) on conflict (ref) do nothing",
            [.text(ref.text), .text(name)])
        return try await session.single(
            "select name from backup_archives where ref = $1", [.text(ref.text)]
        ).string("name")
    }

    static func archive(of ref: ProjectRef, in session: some PostgresSession) async throws -> String? {
        try await session.first("select name from backup_archives where ref = $1", [.text(ref.text)])
            .map { try $0.string("name") }
    }

    static func insert(
        _ reason: BackupReason, of ref: ProjectRef, by requester: String?, at time: Timestamp,
        in session: some PostgresSession
    ) async throws -> ProjectBackup {
        try backup(
            try await session.single(
                """
                insert into backups (ref, reason, state, requested_by, inserted_at)
                values ($1, $2, 'pending', $3, $4) returning \(columns)
                """, [.text(ref.text), .text(reason.rawValue), .optional(requester), .timestamp(time.postgres)]))
    }

    static func update(_ backup: ProjectBackup, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            update backups set state = $2, archived = $3, image = $4, stored_bytes = $5, taken_at = $6,
                verified_at = $7, failure = $8, marked_at = $9
            where id = $1
            """,
            [
                .int(Int(backup.id)), .text(backup.state.rawValue), .optional(backup.archived?.value),
                .optional(backup.image), .optional(backup.storedBytes.map { Int($0) }),
                .optional(backup.takenAt?.postgres), .optional(backup.verifiedAt?.postgres),
                .optional(backup.failure), .optional(backup.markedAt?.postgres),
            ])
    }

    static func select(
        _ id: Int64, of ref: ProjectRef, in session: some PostgresSession
    ) async throws -> ProjectBackup? {
        try await session.first(
            "select \(columns) from backups where id = $1 and ref = $2", [.int(Int(id)), .text(ref.text)]
        ).map(backup)
    }

    static func latest(
        of ref: ProjectRef, limit: Int, in session: some PostgresSession
    ) async throws -> [ProjectBackup] {
        try await session.query(
            "select \(columns) from backups where ref = $1 order by id desc limit $2", [.text(ref.text), .int(limit)]
        ).map(backup)
    }

    static func inStore(of ref: ProjectRef, in session: some PostgresSession) async throws -> [ProjectBackup] {
        try await session.query(
            """
            select \(columns) from backups where ref = $1 and state in ('stored', 'verified', 'unsound')
            order by id desc limit $2
            """, [.text(ref.text), .int(BackupLimits.inStore)]
        ).map(backup)
    }

    static func newest(in session: some PostgresSession) async throws -> [NewestBackups] {
        try await session.query(
            """
            select ref, max(taken_at) filter (where backups.state = 'verified') as verified_taken_at,
                (array_agg(stored_bytes order by backups.id desc))[1] as stored_bytes
            from backups join projects using (ref)
            where backups.state in ('stored', 'verified', 'unsound') and projects.status <> 'DELETED'
            group by ref order by ref limit $1
            """, [.int(BackupLimits.projects)]
        ).map { row in
            guard let ref = ProjectRef(try row.string("ref")) else {
                throw StoreError.refused("a ref of a backup cannot be read")
            }
            return NewestBackups(
                ref: ref, verifiedTakenAt: try row.optionalTimestamp("verified_taken_at").map { Timestamp($0) },
                storedBytes: try row.optionalInt64("stored_bytes"))
        }
    }

    private static func backup(_ row: PostgresRow) throws -> ProjectBackup {
        guard let ref = ProjectRef(try row.string("ref")),
            let reason = BackupReason(rawValue: try row.string("reason")),
            let state = BackupState(rawValue: try row.string("state"))
        else { throw StoreError.refused("a backup's row cannot be read") }
        var backup = ProjectBackup(
            id: Int64(try row.int("id")), ref: ref, reason: reason, state: state,
            archived: try row.optionalString("archived").flatMap { BackupID($0) },
            image: try row.optionalString("image"), storedBytes: try row.optionalInt("stored_bytes").map { Int64($0) },
            requestedBy: try row.optionalString("requested_by"),
            insertedAt: Timestamp(try row.timestamp("inserted_at")),
            takenAt: try row.optionalTimestamp("taken_at").map { Timestamp($0) },
            verifiedAt: try row.optionalTimestamp("verified_at").map { Timestamp($0) },
            failure: try row.optionalString("failure"))
        backup.markedAt = try row.optionalTimestamp("marked_at").map { Timestamp($0) }
        return backup
    }
}

import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `deletion_receipts` and `deletion_items`.
enum ReceiptRows {
    static func select(_ ref: ProjectRef, in session: some PostgresSession) async throws -> DeletionReceipt? {
        guard
            let row = try await session.first(
                "select destroys_volumes, requested_at, ended_at from deletion_receipts where ref = $1",
                [.text(ref.text)])
        else { return nil }
        let items = try await session.query(
            "select kind, id, name, state, reason, at from deletion_items where ref = $1 order by kind, id",
            [.text(ref.text)])
        return DeletionReceipt(
            ref: ref, destroysVolumes: try row.bool("destroys_volumes"),
            requestedAt: Timestamp(try row.timestamp("requested_at")),
            endedAt: try row.optionalTimestamp("ended_at").map { Timestamp($0) }, items: try items.map(item))
    }

    /// Locks the project, so that of two requests at once the first one decides.
    static func open(
        _ receipt: DeletionReceipt, in session: some PostgresSession
    ) async throws -> DeletionReceipt {
        let project = try await session.first(
            "select status from projects where ref = $1 for update", [.text(receipt.ref.text)])
        guard let project else { throw StoreError.notFound(receipt.ref) }
        let status = try ProjectRows.status(project.string("status"))
        if [.deleting, .deleted].contains(status), let present = try await select(receipt.ref, in: session) {
            return present
        }
        try await save(receipt, in: session)
        return receipt
    }

    static func save(_ receipt: DeletionReceipt, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            insert into deletion_receipts (ref, destroys_volumes, requested_at, ended_at) values ($1, $2, $3, $4)
            on conflict (ref) do update set destroys_volumes = excluded.destroys_volumes,
                requested_at = excluded.requested_at, ended_at = excluded.ended_at
            """,
            [
                .text(receipt.ref.text), .bool(receipt.destroysVolumes), .timestamp(receipt.requestedAt.postgres),
                .optional(receipt.endedAt?.postgres),
            ])
        try await session.execute("delete from deletion_items where ref = $1", [.text(receipt.ref.text)])
        for item in receipt.items {
            try await session.execute(
                """
                insert into deletion_items (ref, kind, id, name, state, reason, at)
                values ($1, $2, $3, $4, $5, $6, $7)
                """,
                [
                    .text(receipt.ref.text), .text(item.key.kind.rawValue), .text(item.key.id), .text(item.name),
                    .text(item.state.rawValue), .optional(item.reason), .timestamp(item.at.postgres),
                ])
        }
    }

    /// Looks first: nothing is written where there is nothing to remove.
    static func remove(endedBefore time: Timestamp, limit: Int, in session: some PostgresSession) async throws -> Int {
        let old = try await session.query(
            """
            select r.ref from deletion_receipts r join projects p on p.ref = r.ref
            where p.status = 'DELETED' and r.ended_at < $1
                and not exists (select from deletion_items i where i.ref = r.ref and i.state <> 'destroyed')
                and not exists (select from volumes v where v.ref = r.ref or v.owner = r.ref)
            order by r.ref limit $2 for update of r skip locked
            """, [.timestamp(time.postgres), .int(limit)]
        ).map { try $0.string("ref") }
        guard !old.isEmpty else { return 0 }
        try await session.execute("delete from deletion_items where ref = any($1)", [.textArray(old)])
        return try await session.execute("delete from deletion_receipts where ref = any($1)", [.textArray(old)])
    }

    private static func item(_ row: PostgresRow) throws -> DeletionReceipt.Item {
        guard let kind = EngineObjectKind(rawValue: try row.string("kind")),
            let state = DeletionReceipt.State(rawValue: try row.string("state"))
        else { throw StoreError.refused("a deletion receipt has an unknown kind or state") }
        return DeletionReceipt.Item(
            key: EngineObjectKey(kind, try row.string("id")), name: try row.string("name"), state: state,
            reason: try row.optionalString("reason"), at: Timestamp(try row.timestamp("at")))
    }
}

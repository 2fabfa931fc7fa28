import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `project_api_keys`. Only sealed bytes and digests pass here.
enum APIKeyRows {
    static func select(_ ref: ProjectRef, in session: some PostgresSession) async throws -> [StoredAPIKey] {
        try await session.query(
            """
            select id::text as id, name, kind, prefix, digest, sealed, description, role, inserted_at, updated_at
            from project_api_keys where ref = $1 order by name collate "C", kind
            """,
            [.text(ref.text)]
        ).map(key)
    }

    static func save(
        _ keys: [StoredAPIKey], of ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        for key in keys {
            _ = try await session.execute(
                """
                insert into project_api_keys (id, ref, name, kind, prefix, digest, sealed, description, role,
                    inserted_at, updated_at)
                values ($1::uuid, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                on conflict (id) do update
                    set name = excluded.name, description = excluded.description, updated_at = excluded.updated_at
                """,
                [
                    .text(key.id), .text(ref.text), .text(key.name), .text(key.kind.rawValue), .text(key.prefix),
                    .text(key.digest), .bytes(key.sealed), .optional(key.description), .text(key.role),
                    .timestamp(key.insertedAt.postgres), .timestamp(key.updatedAt.postgres),
                ])
        }
    }

    static func delete(_ ids: [String], of ref: ProjectRef, in session: some PostgresSession) async throws {
        guard !ids.isEmpty else { return }
        _ = try await session.execute(
            "delete from project_api_keys where ref = $1 and id::text = any($2)", [.text(ref.text), .textArray(ids)])
    }

    static func delete(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        _ = try await session.execute("delete from project_api_keys where ref = $1", [.text(ref.text)])
    }

    private static func key(_ row: PostgresRow) throws -> StoredAPIKey {
        let kind = try row.string("kind")
        guard let known = APIKeyKind(rawValue: kind) else {
            throw StoreError.refused("an API key has the unknown kind \(kind)")
        }
        return StoredAPIKey(
            id: try row.string("id"), name: try row.string("name"), kind: known, prefix: try row.string("prefix"),
            digest: try row.string("digest"), sealed: try row.bytes("sealed"),
            description: try row.optionalString("description"), role: try row.string("role"),
            insertedAt: Timestamp(try row.timestamp("inserted_at")),
            updatedAt: Timestamp(try row.timestamp("updated_at")))
    }
}

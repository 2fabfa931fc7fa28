import Orchestrator
import PostgresKit
import ProjectModel
import SnippetModel

/// SQL of the table `content_folders`.
enum ContentFolderRows {
    static func select(
        of ref: ProjectRef, owner: String, in session: some PostgresSession
    ) async throws -> [ContentFolder] {
        try await session.query(
            """
            select id, ref, owner_id, owner_number, owner_name, parent_id, name from content_folders
            where ref = $1 and owner_id = $2
            """, [.text(ref.text), .text(owner)]
        ).map(folder).sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
    }

    static func select(_ id: String, in session: some PostgresSession) async throws -> ContentFolder? {
        try await session.first(
            """
            select id, ref, owner_id, owner_number, owner_name, parent_id, name from content_folders where id = $1
            """, [.text(id)]
        ).map(folder)
    }

    /// Keeps two changes to one person's folders apart, so that together they cannot make a circle.
    static func lock(_ ref: ProjectRef, owner: String, in session: some PostgresSession) async throws {
        try await session.query(
            "select pg_advisory_xact_lock(hashtextextended($1, 0))", [.text("content folders \(ref) \(owner)")])
    }

    static func upsert(_ folder: ContentFolder, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            insert into content_folders (id, ref, owner_id, owner_number, owner_name, parent_id, name)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (id) do update set parent_id = $6, name = $7
            where content_folders.ref = $2 and content_folders.owner_id = $3
            """,
            [
                .text(folder.id), .text(folder.ref.text), .text(folder.owner.id), .int(folder.owner.number),
                .text(folder.owner.username), .optional(folder.parentID), .text(folder.name),
            ])
    }

    static func delete(
        _ ids: [String], of ref: ProjectRef, owner: String, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            "delete from content_folders where id = any($1) and ref = $2 and owner_id = $3",
            [.textArray(ids), .text(ref.text), .text(owner)])
    }

    private static func folder(_ row: PostgresRow) throws -> ContentFolder {
        guard let ref = ProjectRef(try row.string("ref")) else {
            throw StoreError.refused("a folder belongs to a project that cannot be one")
        }
        return ContentFolder(
            id: try row.string("id"), ref: ref,
            owner: ContentAuthor(
                id: try row.string("owner_id"), number: try row.int64("owner_number"),
                username: try row.string("owner_name")),
            parentID: try row.optionalString("parent_id"), name: try row.string("name"))
    }
}

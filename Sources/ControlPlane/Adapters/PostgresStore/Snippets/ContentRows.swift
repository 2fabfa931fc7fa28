import Orchestrator
import PostgresKit
import ProjectModel
import SnippetModel

/// SQL of the tables `content_items` and `content_favorites`.
enum ContentRows {
    /// Columns of an item as the account in $1 sees it.
    private static let columns = """
        i.id, i.ref, i.kind, i.visibility, i.name, i.sort_name, i.summary, i.body, i.folder_id, i.owner_id,
        i.owner_number, i.owner_name, i.updater_id, i.updater_number, i.updater_name, i.inserted_at, i.updated_at,
        exists (select 1 from content_favorites f where f.item_id = i.id and f.account = $1) as is_favorite
        """
    /// What a query wants of what the account in $1 sees; $2 to $8 are its parts.
    private static let wanted = """
        i.ref = any($2) and (i.owner_id = $1 or i.visibility <> 'user')
        and ($3::text[] is null or i.kind = any($3)) and ($4::text[] is null or i.visibility = any($4))
        and ($5::boolean is null
            or $5 = exists (select 1 from content_favorites f where f.item_id = i.id and f.account = $1))
        and ($6::text is null or i.name ilike $6)
        and (not $7::boolean or i.folder_id is null) and ($8::text is null or i.folder_id = $8 and i.owner_id = $1)
        """

    private static func parameters(_ query: ContentQuery) -> [PostgresParameter] {
        var folder: String?
        if case .folder(let id) = query.place { folder = id }
        return [
            .text(query.viewer), .textArray(query.refs.map(\.text)),
            query.kinds.map { .textArray($0.map(\.rawValue)) } ?? .null,
            query.visibilities.map { .textArray($0.map(\.rawValue)) } ?? .null, .optional(query.isFavorite),
            .optional(query.name.map { "%\(escaped($0))%" }), .bool(query.place == .top), .optional(folder),
        ]
    }

    /// One item more than the page holds, if there is one; fewer when they are large.
    static func select(_ query: ContentQuery, in session: some PostgresSession) async throws -> [ContentItem] {
        let direction = query.isDescending ? "desc" : "asc"
        let column = query.sort == .name ? "sort_name" : "inserted_at"
        let type = query.sort == .name ? "text" : "timestamptz"
        let order = "\(column) \(direction), id \(direction)"
        let rows = try await session.query(
            """
            with candidates as (
                select \(columns) from content_items i
                where \(wanted) and ($10::text is null
                    or (i.\(column), i.id) \(query.isDescending ? "<" : ">") ($9::\(type), $10))
                order by \(order) limit $11
            ), measured as (
                select *, octet_length(body) as size,
                    sum(octet_length(body)) over (order by \(order) rows unbounded preceding) as total
                from candidates
            )
            select * from measured where total - size <= $12 order by \(order)
            """,
            parameters(query) + [
                key(query), .optional(query.cursor?.id), .int(query.limit + 1), .int(ContentLimits.pageBytesMax),
            ])
        return try rows.map { try item($0, seenBy: query.viewer) }
    }

    private static func key(_ query: ContentQuery) -> PostgresParameter {
        guard let cursor = query.cursor else { return .null }
        guard query.sort == .insertedAt else { return .text(cursor.key) }
        return .optional(Int64(cursor.key).map { Timestamp(milliseconds: $0).postgres })
    }

    static func count(_ query: ContentQuery, in session: some PostgresSession) async throws -> ContentCount {
        let plain = ContentQuery(viewer: query.viewer, refs: query.refs, kinds: query.kinds, name: query.name)
        let row = try await session.single(
            """
            select count(*) filter (where i.visibility = 'user') as owned,
                count(*) filter (where i.visibility <> 'user') as shared,
                count(*) filter (where exists (
                    select 1 from content_favorites f where f.item_id = i.id and f.account = $1)) as favorites
            from content_items i where \(wanted)
            """, parameters(plain))
        return ContentCount(
            favorites: try row.int("favorites"), owned: try row.int("owned"), shared: try row.int("shared"))
    }

    /// One item, without a visibility check; locked for the rest of the transaction when it is to be changed.
    static func select(
        _ id: String, for account: String, locked: Bool = false, in session: some PostgresSession
    ) async throws -> ContentItem? {
        try await session.first(
            "select \(columns) from content_items i where i.id = $2 \(locked ? "for update of i" : "")",
            [.text(account), .text(id)]
        ).map { try item($0, seenBy: nil) }
    }

    /// Keeps two changes to one project's items apart, so that together they do not take more room than there is.
    static func lock(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        try await session.query(
            "select pg_advisory_xact_lock(hashtextextended($1, 0))", [.text("content items \(ref)")])
    }

    /// What a project keeps besides one item.
    static func room(
        of ref: ProjectRef, besides id: String, in session: some PostgresSession
    ) async throws -> ContentRoom {
        let row = try await session.single(
            """
            select count(*) as items, coalesce(sum(
                octet_length(name) + coalesce(octet_length(summary), 0) + octet_length(body)), 0)::bigint as bytes
            from content_items where ref = $1 and id <> $2
            """, [.text(ref.text), .text(id)])
        return ContentRoom(items: try row.int("items"), bytes: try row.int("bytes"))
    }

    static func upsert(_ item: ContentItem, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            insert into content_items (id, ref, kind, visibility, name, sort_name, summary, body, folder_id, owner_id,
                owner_number, owner_name, updater_id, updater_number, updater_name, inserted_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
            on conflict (id) do update set kind = $3, visibility = $4, name = $5, sort_name = $6, summary = $7,
                body = $8, folder_id = $9, updater_id = $13, updater_number = $14, updater_name = $15, updated_at = $17
            where content_items.ref = $2 and content_items.owner_id = $10
            """,
            [
                .text(item.id), .text(item.ref.text), .text(item.kind.rawValue), .text(item.visibility.rawValue),
                .text(item.name), .text(item.sortKey(.name)), .optional(item.summary), .text(item.body),
                .optional(item.folderID), .text(item.owner.id), .int(item.owner.number), .text(item.owner.username),
                .text(item.updatedBy.id), .int(item.updatedBy.number), .text(item.updatedBy.username),
                .timestamp(item.insertedAt.postgres), .timestamp(item.updatedAt.postgres),
            ])
    }

    static func setFavorite(
        _ isFavorite: Bool, _ id: String, of account: String, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            isFavorite
                ? "insert into content_favorites (item_id, account) values ($1, $2) on conflict do nothing"
                : "delete from content_favorites where item_id = $1 and account = $2",
            [.text(id), .text(account)])
    }

    static func delete(
        _ ids: [String], of ref: ProjectRef, by account: String, in session: some PostgresSession
    ) async throws -> [String] {
        try await session.query(
            """
            delete from content_items where id = any($1) and ref = $2 and (owner_id = $3 or visibility <> 'user')
            returning id
            """, [.textArray(ids), .text(ref.text), .text(account)]
        ).map { try $0.string("id") }.sorted()
    }

    /// Deletes everything that was kept with a project.
    static func forget(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        try await session.execute("delete from content_items where ref = $1", [.text(ref.text)])
        try await session.execute("delete from content_folders where ref = $1", [.text(ref.text)])
    }

    // MARK: Reading

    private static func item(_ row: PostgresRow, seenBy viewer: String?) throws -> ContentItem {
        guard let ref = ProjectRef(try row.string("ref")), let kind = ContentKind(rawValue: try row.string("kind")),
            let visibility = ContentVisibility(rawValue: try row.string("visibility"))
        else { throw StoreError.refused("a snippet has an unknown kind or visibility") }
        let item = ContentItem(
            id: try row.string("id"), ref: ref, kind: kind, visibility: visibility, name: try row.string("name"),
            summary: try row.optionalString("summary"), body: try row.string("body"),
            isFavorite: try row.bool("is_favorite"), folderID: try row.optionalString("folder_id"),
            owner: try author("owner", row), updatedBy: try author("updater", row),
            insertedAt: Timestamp(try row.timestamp("inserted_at")),
            updatedAt: Timestamp(try row.timestamp("updated_at")))
        return viewer.map { item.seen(by: $0, isFavorite: item.isFavorite) } ?? item
    }

    private static func author(_ role: String, _ row: PostgresRow) throws -> ContentAuthor {
        ContentAuthor(
            id: try row.string("\(role)_id"), number: try row.int64("\(role)_number"),
            username: try row.string("\(role)_name"))
    }

    /// The text with the wildcards of `like` taken literally.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            if character == "%" || character == "_" || character == "\\" { result.append("\\") }
            result.append(character)
        }
    }
}

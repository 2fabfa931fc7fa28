import DataPlaneCore
import PostgresKit

/// What a list is made of: a folder's entries with names of their own (v1).
struct FolderList: Sendable, Equatable {
    /// Empty, or ends in a slash.
    var prefix = ""
    var search = ""
    var limit = 100
    var offset = 0
    var column = Column.name
    var isDescending = false

    enum Column: String, Sendable, CaseIterable {
        case name
        case updated = "updated_at"
        case created = "created_at"
        case accessed = "last_accessed_at"
    }

    init(_ json: JSONText) throws(StorageError) {
        guard case .object = json else { throw .badRequest("body must be object") }
        let text = (json["prefix"]?.stringValue ?? "").drop { $0 == "/" }
        prefix = text.isEmpty || text.hasSuffix("/") ? String(text) : text + "/"
        search = json["search"]?.stringValue ?? ""
        limit = try BodyFields.count(json, "limit", within: 1...StorageConfiguration.entriesMax, default: 100)
        offset = try BodyFields.count(json, "offset", within: 0...Int(Int32.max), default: 0)
        (column, isDescending) = try BodyFields.order(json["sortBy"], default: .name)
    }
}

/// A list with whole names, page by page (v2).
struct PrefixList: Sendable, Equatable {
    var prefix = ""
    var limit = 1_000
    var hasDelimiter = false
    var column = FolderList.Column.name
    var isDescending = false
    var cursor: Cursor?

    /// The last entry of the page before.
    struct Cursor: Sendable, Equatable {
        var key: String
        /// The entry's value in the column that is sorted by; empty for the name.
        var value: String

        init(key: String, value: String) {
            self.key = key
            self.value = value
        }

        /// Reads what ``text`` made.
        init?(_ text: String) {
            guard let bytes = Base64Text.decode(text), let json = try? JSONText(bytes),
                let key = json["k"]?.stringValue, let value = json["v"]?.stringValue
            else { return nil }
            self.init(key: key, value: value)
        }

        /// Opaque to clients.
        var text: String {
            Base64Text.encode(JSONText.object([.init("k", .string(key)), .init("v", .string(value))]).text)
        }
    }

    init() {}

    init(_ json: JSONText) throws(StorageError) {
        guard case .object = json else { throw .badRequest("body must be object") }
        prefix = json["prefix"]?.stringValue ?? ""
        limit = try BodyFields.count(json, "limit", within: 1...StorageConfiguration.entriesMax, default: 1_000)
        if case .bool(let value)? = json["with_delimiter"] { hasDelimiter = value }
        (column, isDescending) = try BodyFields.order(json["sortBy"], default: .name)
        guard column != .accessed else { throw .badParameter("sortBy") }
        if let text = json["cursor"]?.stringValue, !text.isEmpty {
            guard let cursor = Cursor(text) else { throw .badParameter("cursor") }
            self.cursor = cursor
        }
    }
}

/// Members of JSON bodies.
enum BodyFields {
    static func count(
        _ json: JSONText, _ name: String, within range: ClosedRange<Int>, default value: Int
    ) throws(StorageError) -> Int {
        switch json[name] {
        case nil, .null?: return value
        case .number(let digits)?:
            guard let number = Int(digits), range.contains(number) else { throw .badParameter(name) }
            return number
        default: throw .badParameter(name)
        }
    }

    static func order(
        _ json: JSONText?, default column: FolderList.Column
    ) throws(StorageError) -> (FolderList.Column, Bool) {
        guard let json, json != .null else { return (column, false) }
        var found = column
        if let name = json["column"]?.stringValue, !name.isEmpty {
            guard let known = FolderList.Column(rawValue: name) else { throw .badParameter("sortBy.column") }
            found = known
        }
        switch json["order"]?.stringValue?.lowercased() {
        case nil, "", "asc": return (found, false)
        case "desc": return (found, true)
        default: throw .badParameter("sortBy.order")
        }
    }

    static func text(_ json: JSONText, _ name: String) throws(StorageError) -> String {
        guard let value = json[name]?.stringValue else {
            throw .badRequest("body must have required property '\(name)'")
        }
        return value
    }
}

/// The names that begin with a text, as bounds of an index.
enum PrefixBound {
    /// The first text after all that begin with `prefix`, by bytes; nil where there is none.
    static func end(of prefix: String) -> String? {
        var scalars = Array(prefix.unicodeScalars)
        while let last = scalars.popLast() {
            // The scalars before the surrogates are followed by those after them.
            let next = last.value == 0xd7ff ? 0xe000 : last.value + 1
            guard let scalar = Unicode.Scalar(next) else { continue }
            scalars.append(scalar)
            return String(String.UnicodeScalarView(scalars))
        }
        return nil
    }
}

extension StorageStore {
    /// The entries of a folder as JSON: folders first, then objects.
    func documents(_ list: FolderList, in bucket: String) async throws(PostgresError) -> String {
        let direction = list.isDescending ? "DESC" : "ASC"
        let sort = list.column == .name ? "entry" : list.column.rawValue
        return try await session.single(
            """
            WITH found AS (
              SELECT o.*, substr(o.name, char_length($2) + 1) AS rest FROM storage.objects o
              WHERE o.bucket_id = $1 AND o.name COLLATE "C" >= $2
                AND ($3::text IS NULL OR o.name COLLATE "C" < $3)),
            entries AS (
              SELECT split_part(rest, '/', 1) AS entry, true AS is_folder, NULL::uuid AS id,
                NULL::timestamptz AS updated_at, NULL::timestamptz AS created_at,
                NULL::timestamptz AS last_accessed_at, NULL::jsonb AS metadata
              FROM found WHERE position('/' IN rest) > 0 GROUP BY split_part(rest, '/', 1)
              UNION ALL
              SELECT rest, false, id, updated_at, created_at, last_accessed_at, metadata
              FROM found WHERE position('/' IN rest) = 0),
            page AS (
              SELECT * FROM entries WHERE entry <> '' AND position(lower($4) IN lower(entry)) > 0
              ORDER BY is_folder DESC, \(sort) \(direction), entry \(direction) LIMIT $5 OFFSET $6)
            SELECT coalesce(json_agg(json_build_object('name', entry, 'id', id,
              'updated_at', \(SQLTime.text("updated_at")), 'created_at', \(SQLTime.text("created_at")),
              'last_accessed_at', \(SQLTime.text("last_accessed_at")), 'metadata', metadata)
              ORDER BY is_folder DESC, \(sort) \(direction), entry \(direction)), '[]')::text AS documents FROM page
            """,
            [
                .text(bucket), .text(list.prefix), .optional(PrefixBound.end(of: list.prefix)), .text(list.search),
                .int(list.limit), .int(list.offset),
            ]
        ).string("documents")
    }

    /// An entry of a page.
    struct PageEntry: Sendable {
        var key: String
        var value: String
        /// Nil for a folder.
        var document: String?
    }

    /// Up to one entry more than the page has.
    func page(_ list: PrefixList, in bucket: String, skipping start: String? = nil) async throws -> [PageEntry] {
        let direction = list.isDescending ? "DESC" : "ASC"
        let comparison = list.isDescending ? "<" : ">"
        let value = list.column == .name ? "''::text" : SQLTime.sortable("o." + list.column.rawValue)
        // Names up to the cursor's need not be read where they are sorted by.
        let bound = list.column == .name && !list.isDescending ? list.cursor?.key ?? start : start
        let rows = try await session.query(
            """
            WITH found AS (
              SELECT o.name, \(value) AS value, \(Self.document)::text AS document,
                CASE WHEN $4 AND position('/' IN substr(o.name, char_length($2) + 1)) > 0 THEN
                  $2 || split_part(substr(o.name, char_length($2) + 1), '/', 1) || '/' END AS folder
              FROM storage.objects o
              WHERE o.bucket_id = $1 AND o.name COLLATE "C" >= $2
                AND ($3::text IS NULL OR o.name COLLATE "C" < $3)
                AND ($8::text IS NULL OR o.name COLLATE "C" > $8)),
            entries AS (
              SELECT name AS key, value, document FROM found WHERE folder IS NULL
              UNION ALL SELECT folder, max(value), NULL FROM found WHERE folder IS NOT NULL GROUP BY folder)
            SELECT key, value, document FROM entries
            WHERE $5::text IS NULL
              OR (value COLLATE "C", key COLLATE "C") \(comparison) ($6::text COLLATE "C", $5::text COLLATE "C")
            ORDER BY value COLLATE "C" \(direction), key COLLATE "C" \(direction) LIMIT $7
            """,
            [
                .text(bucket), .text(list.prefix), .optional(PrefixBound.end(of: list.prefix)),
                .bool(list.hasDelimiter), .optional(list.cursor?.key), .optional(list.cursor?.value),
                .int(list.limit + 1), .optional(bound),
            ])
        return try rows.map { row throws(PostgresError) in
            PageEntry(
                key: try row.string("key"), value: try row.string("value"),
                document: try row.optionalString("document"))
        }
    }
}

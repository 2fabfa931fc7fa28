import DataPlaneCore
import PostgresKit

/// A row of `storage.objects`.
struct ObjectRecord: Sendable {
    var id: String
    var path: ObjectPath
    var version: ObjectVersion?
    var ownerID: String?
    var metadata: JSONText
    var userMetadata: JSONText?
    /// ISO 8601.
    var createdAt: String
    /// Seconds since the epoch.
    var changedSeconds: Double

    static let columns = """
        id::text AS id, bucket_id, name, version, owner_id, coalesce(metadata, '{}')::text AS metadata, \
        user_metadata::text AS user_metadata, coalesce(\(SQLTime.text("created_at")), '') AS created, \
        coalesce(extract(epoch FROM updated_at), 0)::double precision AS changed
        """

    init(_ row: PostgresRow) throws {
        id = try row.string("id")
        // Rows that an SQL statement made may have any name; such objects have no file of ours.
        path = try ObjectPath(bucket: try row.string("bucket_id"), key: try row.string("name"))
        version = try row.optionalString("version").flatMap { ObjectVersion($0) }
        ownerID = try row.optionalString("owner_id")
        metadata = try JSONText(Array(try row.string("metadata").utf8))
        userMetadata = try row.optionalString("user_metadata").map { try JSONText(Array($0.utf8)) }
        createdAt = try row.string("created")
        changedSeconds = try row.double("changed")
    }

    var size: Int { metadata["size"]?.doubleValue.flatMap { Int(exactly: $0) } ?? 0 }
    var type: String { metadata["mimetype"]?.stringValue ?? MIMETypes.unknown }
    var cacheControl: String { metadata["cacheControl"]?.stringValue ?? "no-cache" }
    var eTag: String { metadata["eTag"]?.stringValue ?? "\"\(version?.text ?? id)\"" }
    /// Seconds since the epoch.
    var modified: Double { changedSeconds }
    /// Names this row with these bytes.
    var state: String { id + " " + (version?.text ?? "") }
}

/// What is written of an object.
struct ObjectDraft: Sendable {
    var path: ObjectPath
    var subject: String?
    var version: ObjectVersion?
    var metadata: JSONText
    var userMetadata: JSONText?

    /// The same for a role of clients, none of which says which file a row has.
    var unnamed: ObjectDraft {
        var draft = self
        draft.version = nil
        return draft
    }

    /// The metadata of a file that is there.
    static func metadata(
        eTag: String, size: Int, type: String, cacheControl: String, modified: Double
    ) -> JSONText {
        .object([
            .init("eTag", .string(eTag)), .init("size", .number(String(size))), .init("mimetype", .string(type)),
            .init("cacheControl", .string(cacheControl)), .init("lastModified", .string(HTTPDate.iso(modified))),
            .init("contentLength", .number(String(size))), .init("httpStatusCode", .number("200")),
        ])
    }

    /// What is known before the first byte; policies test it.
    static func announced(type: String, length: Int?) -> JSONText {
        var members: [JSONText.Member] = [.init("mimetype", .string(type))]
        if let length {
            members.append(.init("contentLength", .number(String(length))))
            members.append(.init("size", .number(String(length))))
        }
        return .object(members)
    }
}

extension StorageStore {
    func object(_ path: ObjectPath, isLocked: Bool = false) async throws -> ObjectRecord? {
        let row = try await session.first(
            "SELECT \(ObjectRecord.columns) FROM storage.objects WHERE bucket_id = $1 AND name = $2"
                + (isLocked ? " FOR UPDATE" : ""), [.text(path.bucket), .text(path.key)])
        return try row.map { try ObjectRecord($0) }
    }

    /// The keys among these that the session sees.
    func visible(_ keys: [String], in bucket: String) async throws(PostgresError) -> [String] {
        try await session.query(
            "SELECT name FROM storage.objects WHERE bucket_id = $1 AND name = ANY($2)",
            [.text(bucket), .textArray(keys)]
        ).map { row throws(PostgresError) in try row.string("name") }
    }

    private static let values = "($1, $2, $3, $4, $5, $6, $7)"

    private func parameters(_ draft: ObjectDraft) -> [PostgresParameter] {
        [
            .text(draft.path.bucket), .text(draft.path.key), .optional(Caller.uuid(draft.subject)),
            .optional(draft.subject), .optional(draft.version?.text), .text(draft.metadata.text),
            .optional(draft.userMetadata?.text),
        ]
    }

    /// Makes a row; where `replaces`, changes the one that is there. Without RETURNING: a user who may make an
    /// object need not see it.
    func write(_ draft: ObjectDraft, replaces: Bool) async throws(PostgresError) {
        let change = """
             ON CONFLICT (bucket_id, name) DO UPDATE SET owner = excluded.owner, owner_id = excluded.owner_id,
              version = excluded.version, metadata = excluded.metadata, user_metadata = excluded.user_metadata
            """
        try await session.execute(
            """
            INSERT INTO storage.objects (bucket_id, name, owner, owner_id, version, metadata, user_metadata)
            VALUES \(Self.values)
            """ + (replaces ? change : ""), parameters(draft))
    }

    /// A row of another bucket or key with a new name. The number of rows that were changed.
    func rename(_ path: ObjectPath, to target: ObjectPath) async throws(PostgresError) -> Int {
        try await session.execute(
            "UPDATE storage.objects SET bucket_id = $3, name = $4 WHERE bucket_id = $1 AND name = $2",
            [.text(path.bucket), .text(path.key), .text(target.bucket), .text(target.key)])
    }

    /// Deletes rows, and gives them as answers have them, with the versions of their files.
    func delete(
        _ keys: [String], in bucket: String
    ) async throws(PostgresError) -> [(document: String, key: String, version: ObjectVersion?)] {
        try await session.query(
            """
            DELETE FROM storage.objects o WHERE o.bucket_id = $1 AND o.name = ANY($2)
            RETURNING o.name AS key, o.version AS version, \(Self.document)::text AS document
            """, [.text(bucket), .textArray(keys)]
        ).map { row throws(PostgresError) in
            (
                try row.string("document"), try row.string("key"),
                try row.optionalString("version").flatMap { ObjectVersion($0) }
            )
        }
    }

    /// Deletes up to a number of the objects of a bucket. The versions of their files, one for each row.
    func deleteAny(in bucket: String, limit: Int) async throws(PostgresError) -> [ObjectVersion?] {
        try await session.query(
            """
            DELETE FROM storage.objects WHERE id IN (
              SELECT id FROM storage.objects WHERE bucket_id = $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING version
            """, [.text(bucket), .int(limit)]
        ).map { row throws(PostgresError) in try row.optionalString("version").flatMap { ObjectVersion($0) } }
    }

    /// A row as JSON.
    static let document = """
        json_build_object('name', o.name, 'bucket_id', o.bucket_id, 'owner', coalesce(o.owner::text, ''),
          'owner_id', coalesce(o.owner_id, ''), 'version', o.version, 'id', o.id,
          'created_at', \(SQLTime.text("o.created_at")), 'updated_at', \(SQLTime.text("o.updated_at")),
          'last_accessed_at', \(SQLTime.text("o.last_accessed_at")), 'metadata', o.metadata,
          'user_metadata', o.user_metadata)
        """

    func document(_ path: ObjectPath) async throws(PostgresError) -> String? {
        try await session.first(
            "SELECT \(Self.document)::text AS document FROM storage.objects o WHERE o.bucket_id = $1 AND o.name = $2",
            [.text(path.bucket), .text(path.key)]
        )?.string("document")
    }

    /// Which of these versions nothing refers to.
    func unreferenced(_ versions: [ObjectVersion]) async throws(PostgresError) -> [ObjectVersion] {
        try await session.query(
            """
            SELECT v.version FROM unnest($1::text[]) AS v (version)
            WHERE NOT EXISTS (SELECT 1 FROM storage.objects o WHERE o.version = v.version)
              AND NOT EXISTS (SELECT 1 FROM storage.s3_multipart_uploads_parts p WHERE p.version = v.version)
              AND NOT EXISTS (SELECT 1 FROM storage.projectd_uploads u WHERE u.version = v.version::uuid)
            """, [.textArray(versions.map(\.text))]
        ).map { row throws(PostgresError) in try row.string("version") }.compactMap { ObjectVersion($0) }
    }
}

import DataPlaneCore
import PostgresKit

/// An upload of S3 in parts that is under way.
struct MultipartRecord: Sendable {
    var id: String
    var path: ObjectPath
    var ownerID: String?
    var details: UploadDetails
    var created: String
}

/// A part of it; its bytes are a published file that only its row names.
struct PartRecord: Sendable {
    var number: Int
    var size: Int
    var eTag: String
    var version: ObjectVersion
    var created: String
}

extension StorageStore {
    func insert(_ upload: MultipartRecord) async throws(PostgresError) {
        let metadata = JSONText.object([
            .init("mimetype", .string(upload.details.type)),
            .init("cacheControl", .string(upload.details.cacheControl)),
        ])
        try await session.execute(
            """
            INSERT INTO storage.s3_multipart_uploads (id, upload_signature, bucket_id, key, version, owner_id,
              user_metadata, metadata) VALUES ($1, '', $2, $3, $1, $4, $5, $6)
            """,
            [
                .text(upload.id), .text(upload.path.bucket), .text(upload.path.key), .optional(upload.ownerID),
                .optional(upload.details.userMetadata?.text), .text(metadata.text),
            ])
    }

    private static let uploadColumns = """
        id, bucket_id, key, owner_id, user_metadata::text AS user_metadata, \
        coalesce(metadata, '{}')::text AS metadata, \(SQLTime.text("created_at")) AS created
        """

    private func multipart(_ row: PostgresRow) throws -> MultipartRecord {
        let metadata = try JSONText(Array(try row.string("metadata").utf8))
        var details = UploadDetails()
        details.type = metadata["mimetype"]?.stringValue ?? MIMETypes.unknown
        details.cacheControl = metadata["cacheControl"]?.stringValue ?? UploadDetails.cacheDefault
        details.userMetadata = try row.optionalString("user_metadata").map { try JSONText(Array($0.utf8)) }
        return MultipartRecord(
            id: try row.string("id"),
            path: try ObjectPath(bucket: try row.string("bucket_id"), key: try row.string("key")),
            ownerID: try row.optionalString("owner_id"), details: details, created: try row.string("created"))
    }

    func multipart(_ id: String, _ path: ObjectPath, isLocked: Bool = false) async throws -> MultipartRecord? {
        let row = try await session.first(
            """
            SELECT \(Self.uploadColumns) FROM storage.s3_multipart_uploads
            WHERE id = $1 AND bucket_id = $2 AND key = $3
            """ + (isLocked ? " FOR UPDATE" : ""), [.text(id), .text(path.bucket), .text(path.key)])
        return try row.map { try multipart($0) }
    }

    func multiparts(
        in bucket: String, prefix: String, after key: String?, limit: Int
    ) async throws -> [MultipartRecord] {
        let rows = try await session.query(
            """
            SELECT \(Self.uploadColumns) FROM storage.s3_multipart_uploads
            WHERE bucket_id = $1 AND starts_with(key, $2) AND ($3::text IS NULL OR key > $3)
            ORDER BY key, created_at LIMIT $4
            """, [.text(bucket), .text(prefix), .optional(key), .int(limit)])
        return try rows.map { try multipart($0) }
    }

    func deleteMultipart(_ id: String) async throws(PostgresError) {
        try await session.execute("DELETE FROM storage.s3_multipart_uploads WHERE id = $1", [.text(id)])
    }

    func parts(_ id: String) async throws(PostgresError) -> [PartRecord] {
        let rows = try await session.query(
            """
            SELECT part_number, size, etag, version, \(SQLTime.text("created_at")) AS created
            FROM storage.s3_multipart_uploads_parts WHERE upload_id = $1 ORDER BY part_number, created_at DESC
            """, [.text(id)])
        var parts: [PartRecord] = []
        for row in rows {
            guard let version = ObjectVersion(try row.string("version")) else { continue }
            parts.append(
                PartRecord(
                    number: try row.int("part_number"), size: try row.int("size"), eTag: try row.string("etag"),
                    version: version, created: try row.string("created")))
        }
        return parts
    }

    /// Takes a part in; one of its number goes. The versions of those that went.
    func insert(_ part: PartRecord, of upload: MultipartRecord) async throws(PostgresError) -> [ObjectVersion] {
        let old = try await session.query(
            """
            DELETE FROM storage.s3_multipart_uploads_parts WHERE upload_id = $1 AND part_number = $2 RETURNING version
            """, [.text(upload.id), .int(part.number)])
        try await session.execute(
            """
            INSERT INTO storage.s3_multipart_uploads_parts (upload_id, size, part_number, bucket_id, key, etag, owner_id,
              version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                .text(upload.id), .int(part.size), .int(part.number), .text(upload.path.bucket),
                .text(upload.path.key), .text(part.eTag), .optional(upload.ownerID), .text(part.version.text),
            ])
        return try old.map { row throws(PostgresError) in try row.string("version") }.compactMap { ObjectVersion($0) }
    }
}

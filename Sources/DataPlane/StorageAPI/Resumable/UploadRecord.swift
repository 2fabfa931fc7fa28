import DataPlaneCore
import PostgresKit

/// A resumable upload that is under way: a row here, its bytes in a file that is not published.
struct UploadRecord: Sendable {
    var version: ObjectVersion
    var path: ObjectPath
    var ownerID: String?
    var replaces: Bool
    /// Bytes of the object; nil until the client says.
    var length: Int?
    var header: String
    var details: UploadDetails
    /// Seconds since the epoch.
    var expires: Double
}

extension StorageStore {
    func insert(_ upload: UploadRecord) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO storage.projectd_uploads (version, bucket_id, name, owner_id, upsert, length, header, mimetype,
              cache_control, user_metadata, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, to_timestamp($11))
            """,
            [
                .text(upload.version.text), .text(upload.path.bucket), .text(upload.path.key),
                .optional(upload.ownerID), .bool(upload.replaces), .optional(upload.length), .text(upload.header),
                .text(upload.details.type), .text(upload.details.cacheControl),
                .optional(upload.details.userMetadata?.text), .double(upload.expires),
            ])
    }

    func upload(_ id: UploadID) async throws -> UploadRecord? {
        let found = try await session.first(
            """
            SELECT owner_id, upsert, length, header, mimetype, cache_control, user_metadata::text AS user_metadata,
              extract(epoch FROM expires_at)::double precision AS expires
            FROM storage.projectd_uploads WHERE version = $1 AND bucket_id = $2 AND name = $3
            """, [.text(id.version.text), .text(id.path.bucket), .text(id.path.key)])
        guard let row = found else { return nil }
        var details = UploadDetails()
        details.type = try row.string("mimetype")
        details.cacheControl = try row.string("cache_control")
        details.userMetadata = try row.optionalString("user_metadata").map { try JSONText(Array($0.utf8)) }
        return UploadRecord(
            version: id.version, path: id.path, ownerID: try row.optionalString("owner_id"),
            replaces: try row.bool("upsert"), length: try row.optionalInt("length"), header: try row.string("header"),
            details: details, expires: try row.double("expires"))
    }

    func setLength(_ length: Int, of version: ObjectVersion) async throws(PostgresError) {
        try await session.execute(
            "UPDATE storage.projectd_uploads SET length = $2 WHERE version = $1", [.text(version.text), .int(length)])
    }

    func deleteUpload(_ version: ObjectVersion) async throws(PostgresError) {
        try await session.execute("DELETE FROM storage.projectd_uploads WHERE version = $1", [.text(version.text)])
    }

    /// Ends uploads that were not finished in time.
    func deleteExpiredUploads(at time: Double, limit: Int) async throws(PostgresError) -> [ObjectVersion] {
        try await session.query(
            """
            DELETE FROM storage.projectd_uploads WHERE version IN (
              SELECT version FROM storage.projectd_uploads WHERE expires_at < to_timestamp($1) LIMIT $2)
            RETURNING version::text AS version
            """, [.double(time), .int(limit)]
        ).map { row throws(PostgresError) in try row.string("version") }.compactMap { ObjectVersion($0) }
    }
}

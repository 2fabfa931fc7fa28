import DataPlaneCore
import PostgresKit

/// A bucket.
struct BucketRecord: Sendable {
    var id: String
    var isPublic: Bool
    var fileBytesMax: Int?
    var allowedTypes: [String]?
    /// Whether AVIF is made of its images for clients that take it.
    var choosesAVIF: Bool

    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.string("id")
        isPublic = try row.optionalBool("public") ?? false
        fileBytesMax = try row.optionalInt("file_size_limit")
        let hasTypes = try row.bool("has_types")
        allowedTypes = hasTypes ? try row.textArray("allowed_mime_types") : nil
        choosesAVIF = try row.bool("chooses_avif")
    }

    /// Bytes that an object may have here; refuses what the bucket does not take.
    ///
    /// - Parameters:
    ///   - size: bytes of the object, where they are known.
    ///   - largest: what the project allows.
    func limit(_ path: ObjectPath, type: String, size: Int?, largest: Int) throws(StorageError) -> Int {
        let limit = min(largest, fileBytesMax ?? .max)
        if let size, size > limit { throw .tooLarge }
        guard path.key.hasSuffix(StorageNames.placeholder) || MIMETypes.isAllowed(type, by: allowedTypes) else {
            throw .mimeType(type)
        }
        return limit
    }

    static let columns = """
        id, public, file_size_limit, coalesce(allowed_mime_types, '{}') AS allowed_mime_types, \
        allowed_mime_types IS NOT NULL AS has_types, coalesce(avif_autodetection, false) AS chooses_avif
        """

    /// The row of an answer, as JSON.
    static let document = """
        json_build_object('id', b.id, 'name', b.name, 'owner', coalesce(b.owner_id, b.owner::text, ''),
          'public', coalesce(b.public, false), 'type', b.type, 'file_size_limit', b.file_size_limit,
          'allowed_mime_types', b.allowed_mime_types,
          'created_at', \(SQLTime.text("b.created_at")), 'updated_at', \(SQLTime.text("b.updated_at")))::text
        """
}

/// Times as answers have them.
enum SQLTime {
    /// ISO 8601 with milliseconds.
    static func text(_ column: String) -> String {
        "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    }

    /// With all digits that PostgreSQL keeps, so that texts sort as the times do.
    static func sortable(_ column: String) -> String {
        "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    }
}

/// What a bucket is made of or changed to.
struct BucketSettings: Sendable, Equatable {
    /// A setting that is left as it is, or set.
    enum Change<Value: Sendable & Equatable>: Sendable, Equatable {
        case keep
        case set(Value?)
    }

    var isPublic: Bool?
    var fileBytesMax = Change<Int64>.keep
    var allowedTypes = Change<[String]>.keep

    var isEmpty: Bool { self == BucketSettings() }

    init() {}

    /// Reads the body of a request.
    ///
    /// - Parameter fileBytesMax: the largest limit there can be.
    init(_ json: JSONText, fileBytesMax limit: Int) throws(StorageError) {
        switch json["public"] {
        case nil, .null?: break
        case .bool(let value)?: isPublic = value
        default: throw .badParameter("public")
        }
        if let size = json["file_size_limit"] {
            if size == .null {
                fileBytesMax = .set(nil)
            } else {
                guard let bytes = ByteSize.bytes(size) else { throw .badParameter("file_size_limit") }
                guard bytes <= Int64(limit) else { throw .tooLarge }
                fileBytesMax = .set(bytes)
            }
        }
        if let types = json["allowed_mime_types"] {
            if types == .null {
                allowedTypes = .set(nil)
            } else {
                let texts = types.arrayValue?.compactMap(\.stringValue)
                guard let texts, texts.count == types.arrayValue?.count, texts.count <= StorageConfiguration.keysMax
                else { throw .badParameter("allowed_mime_types") }
                for type in texts where !MIMETypes.isPattern(type) { throw .mimeType(type) }
                allowedTypes = .set(texts)
            }
        }
    }
}

extension StorageStore {
    func bucket(_ id: String) async throws -> BucketRecord? {
        let row = try await session.first(
            "SELECT \(BucketRecord.columns) FROM storage.buckets WHERE id = $1", [.text(id)])
        return try row.map { try BucketRecord($0) }
    }

    /// A bucket that no one deletes while the transaction lasts.
    func lockedBucket(_ id: String, forDeletion: Bool = false) async throws -> BucketRecord? {
        let row = try await session.first(
            "SELECT \(BucketRecord.columns) FROM storage.buckets WHERE id = $1 "
                + (forDeletion ? "FOR UPDATE" : "FOR KEY SHARE"), [.text(id)])
        return try row.map { try BucketRecord($0) }
    }

    func bucketDocument(_ id: String) async throws(PostgresError) -> String? {
        try await session.first(
            "SELECT \(BucketRecord.document) AS document FROM storage.buckets b WHERE b.id = $1", [.text(id)]
        )?.string("document")
    }

    /// How buckets are listed.
    struct BucketList: Sendable {
        var limit: Int?
        var offset = 0
        var column = "id"
        var isDescending = false
        var search: String?
    }

    func bucketDocuments(_ list: BucketList) async throws(PostgresError) -> String {
        try await session.single(
            """
            SELECT coalesce(json_agg(document), '[]')::text AS documents FROM (
              SELECT \(BucketRecord.document)::json AS document FROM storage.buckets b
              WHERE ($1::text IS NULL OR position(lower($1) IN lower(b.name)) > 0)
              ORDER BY b.\(list.column) \(list.isDescending ? "DESC" : "ASC"), b.id
              LIMIT $2 OFFSET $3) AS found
            """, [.optional(list.search), .optional(list.limit), .int(list.offset)]
        ).string("documents")
    }

    /// Without RETURNING: a user who may make a bucket need not see it.
    func insertBucket(
        id: String, name: String, subject: String?, _ settings: BucketSettings
    ) async throws(PostgresError) {
        var size: Int64?
        if case .set(let bytes) = settings.fileBytesMax { size = bytes }
        var types: PostgresParameter = .null
        if case .set(let list?) = settings.allowedTypes { types = .textArray(list) }
        try await session.execute(
            """
            INSERT INTO storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .text(id), .text(name), .optional(Caller.uuid(subject)), .optional(subject),
                .bool(settings.isPublic ?? false), .optional(size), types,
            ])
    }

    /// The number of buckets that were changed.
    func updateBucket(_ id: String, _ settings: BucketSettings) async throws(PostgresError) -> Int {
        var parameters: [PostgresParameter] = [.text(id)]
        var changes: [String] = ["updated_at = now()"]
        func set(_ column: String, _ value: PostgresParameter) {
            parameters.append(value)
            changes.append("\(column) = $\(parameters.count)")
        }
        if let isPublic = settings.isPublic { set("public", .bool(isPublic)) }
        if case .set(let bytes) = settings.fileBytesMax { set("file_size_limit", .optional(bytes)) }
        if case .set(let types) = settings.allowedTypes {
            set("allowed_mime_types", types.map { .textArray($0) } ?? .null)
        }
        return try await session.execute(
            "UPDATE storage.buckets SET \(changes.joined(separator: ", ")) WHERE id = $1", parameters)
    }

    func deleteBucket(_ id: String) async throws(PostgresError) -> Int {
        try await session.execute("DELETE FROM storage.buckets WHERE id = $1", [.text(id)])
    }

    /// Whether anything lies in a bucket, or is on its way into it.
    func hasObjects(bucket id: String) async throws(PostgresError) -> Bool {
        try await session.single(
            "SELECT EXISTS (SELECT 1 FROM storage.objects WHERE bucket_id = $1) AS found", [.text(id)]
        ).bool("found")
    }

    /// Ends what is on its way into a bucket. Its files are removed by the sweeper.
    func endUploads(bucket id: String) async throws(PostgresError) {
        for table in ["s3_multipart_uploads_parts", "s3_multipart_uploads", "projectd_uploads"] {
            try await session.execute("DELETE FROM storage.\(table) WHERE bucket_id = $1", [.text(id)])
        }
    }
}

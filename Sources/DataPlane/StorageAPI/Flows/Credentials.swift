import DataPlaneCore
import PostgresKit
import TokenKit

/// Further keys of the S3 endpoint. The manager of the project makes them, as the service role.
///
/// A secret is never kept: it is worked out from the public half and the secret of the project's first key, which only
/// the server and the manager know. So neither a backup nor the database opens anything, and who can write the table
/// makes no key. A key counts while its row is there.
enum S3Credential {
    /// Keys of a project.
    static let countMax = 100
    /// Letters of a description.
    static let descriptionScalarsMax = 200
    private static let keyBytes = 16
    private static let purpose = "supamanager s3 credential "

    /// A new public half: 32 hexadecimal digits.
    static func newID() -> String { Hex.encode((0..<keyBytes).map { _ in UInt8.random(in: 0...255) }) }

    /// The secret of a public half: 64 hexadecimal digits.
    static func secret(of id: String, root: KeyBytes) throws(StorageError) -> String {
        do throws(TokenError) {
            return Hex.encode(try Digest.hmacSHA256(Array((purpose + id).utf8), key: root))
        } catch { throw .unexpected("\(error)") }
    }
}

extension StorageCall {
    private func requireServiceRole() throws(StorageError) -> KeyBytes {
        guard isServiceRole else { throw .wrongRole }
        guard let root = configuration.s3Keys.first?.secret else { throw .noS3Root }
        return root
    }

    func listCredentials() async throws -> ServiceResponse {
        _ = try requireServiceRole()
        return Self.response(document: try await database.asOwner { try await $0.credentialDocuments() })
    }

    func createCredential() async throws -> ServiceResponse {
        let root = try requireServiceRole()
        let description = try json()["description"]?.stringValue ?? ""
        guard (1...S3Credential.descriptionScalarsMax).contains(description.unicodeScalars.count),
            !description.unicodeScalars.contains("\0")
        else {
            throw StorageError.badRequest(
                "body/description must have 1 to \(S3Credential.descriptionScalarsMax) letters")
        }
        let key = S3Credential.newID()
        let id = try await database.asOwner { store in
            try await store.insertCredential(key, description: description, countMax: S3Credential.countMax)
        }
        guard let id else { throw StorageError.tooManyCredentials }
        return ServiceResponse(
            status: 201,
            json: .object([
                .init("id", .string(id)), .init("description", .string(description)),
                .init("access_key", .string(key)),
                .init("secret_key", .string(try S3Credential.secret(of: key, root: root))),
            ]))
    }

    func deleteCredential(_ id: String) async throws -> ServiceResponse {
        _ = try requireServiceRole()
        guard let id = Caller.uuid(id), try await database.asOwner({ try await $0.deleteCredential(id) }) else {
            throw StorageError.noSuchCredential
        }
        return ServiceResponse(status: 204)
    }
}

extension StorageService {
    /// The secret of a key, while it counts.
    func secret(ofKey id: String) async throws -> KeyBytes? {
        if let key = configuration.s3Keys.first(where: { $0.id == id }) { return key.secret }
        guard let root = configuration.s3Keys.first?.secret, id.utf8.count <= StorageNames.keyBytesMax,
            !id.utf8.contains(0), try await database.asOwner({ try await $0.hasCredential(id) })
        else { return nil }
        return KeyBytes(Array(try S3Credential.secret(of: id, root: root).utf8))
    }
}

extension StorageStore {
    fileprivate func credentialDocuments() async throws(PostgresError) -> String {
        try await session.single(
            """
            SELECT json_build_object('data', coalesce(json_agg(json_build_object('id', c.id,
              'description', c.description, 'access_key', c.access_key,
              'created_at', \(SQLTime.text("c.created_at"))) ORDER BY c.created_at, c.id), '[]'))::text AS document
            FROM storage.projectd_s3_credentials c
            """
        ).string("document")
    }

    /// The row's id; nil where there are as many as may be. One at a time, so that the count is true.
    fileprivate func insertCredential(
        _ key: String, description: String, countMax: Int
    ) async throws(PostgresError) -> String? {
        try await session.execute("LOCK TABLE storage.projectd_s3_credentials IN SHARE ROW EXCLUSIVE MODE")
        return try await session.first(
            """
            INSERT INTO storage.projectd_s3_credentials (access_key, description)
            SELECT $1, $2 WHERE (SELECT count(*) FROM storage.projectd_s3_credentials) < $3 RETURNING id::text AS id
            """, [.text(key), .text(description), .int(countMax)]
        )?.string("id")
    }

    fileprivate func deleteCredential(_ id: String) async throws(PostgresError) -> Bool {
        try await session.execute("DELETE FROM storage.projectd_s3_credentials WHERE id = $1::uuid", [.text(id)]) > 0
    }

    fileprivate func hasCredential(_ key: String) async throws(PostgresError) -> Bool {
        try await session.first(
            "SELECT 1 AS one FROM storage.projectd_s3_credentials WHERE access_key = $1", [.text(key)]) != nil
    }
}

extension StorageError {
    static let noS3Root = StorageError(
        400, code: "FeatureNotEnabled", message: "Further S3 keys need S3_PROTOCOL_ACCESS_KEY_SECRET to be set")
    static let tooManyCredentials = StorageError(
        400, code: "InvalidRequest", message: "The project has \(S3Credential.countMax) S3 keys: delete one first")
    static let noSuchCredential = StorageError(
        404, code: "NoSuchCredential", message: "The project has no S3 key of this id", httpStatus: 404)
}

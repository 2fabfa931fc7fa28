import DataPlaneCore
import FileKit

/// Moving and copying. A move changes a row alone: files do not lie under keys.
extension StorageCall {
    /// Source and target of a body.
    private func paths(_ json: JSONText) throws(StorageError) -> (source: ObjectPath, target: ObjectPath) {
        let bucket = try BodyFields.text(json, "bucketId")
        let target = json["destinationBucket"]?.stringValue ?? bucket
        return (
            try ObjectPath(bucket: bucket, key: try BodyFields.text(json, "sourceKey")),
            try ObjectPath(bucket: target, key: try BodyFields.text(json, "destinationKey"))
        )
    }

    func move() async throws -> ServiceResponse {
        let (source, target) = try paths(try json())
        let bucket = try await database.asOwner { try await $0.bucket(target.bucket) }
        let largest = configuration.fileBytesMax
        let record = try await database.asCaller(scope("storage.object.move")) { store in
            // Nothing replaces the object between the look at it and its move.
            try await store.lock(source)
            guard let record = try await store.object(source) else { throw StorageError.noSuchKey }
            guard let bucket else { throw StorageError.noSuchBucket }
            // What a bucket keeps it keeps under another name, but a folder's mark was not looked at.
            if source.bucket != target.bucket || source.key.hasSuffix(StorageNames.placeholder) {
                _ = try bucket.limit(target, type: record.type, size: record.size, largest: largest)
            }
            guard try await store.rename(source, to: target) > 0 else { throw StorageError.noSuchKey }
            return record
        }
        return Self.response(
            .init("message", .string("Successfully moved")), .init("Id", .string(record.id)),
            .init("Key", .string(target.text)))
    }

    func copy() async throws -> ServiceResponse {
        let json = try json()
        let (source, target) = try paths(json)
        let request = CopyRequest(
            source: source, target: target, replaces: http.header("x-upsert")?.lowercased() == "true",
            keepsMetadata: json["copyMetadata"] != .bool(false),
            userMetadata: try http.header("x-metadata").map { text throws(StorageError) in
                try UploadDetails.metadata(base64: text)
            },
            type: json["metadata"]?["mimetype"]?.stringValue,
            cacheControl: json["metadata"]?["cacheControl"]?.stringValue)
        _ = try await copy(request, scope: scope("storage.object.copy"))
        let document = try await database.asOwner { try await $0.document(target) } ?? "{}"
        guard case .object(let row) = try JSONText(Array(document.utf8)) else { throw StorageError.noSuchKey }
        let id = row.first { $0.name == "id" }?.value ?? .null
        return ServiceResponse(
            status: 200, json: .object([.init("Id", id), .init("Key", .string(target.text))] + row))
    }
}

/// What is copied, and what of it changes.
struct CopyRequest: Sendable {
    var source: ObjectPath
    var target: ObjectPath
    var replaces: Bool
    /// Whether the copy has the source's metadata.
    var keepsMetadata: Bool
    var userMetadata: JSONText?
    var type: String?
    var cacheControl: String?
}

extension StorageCall {
    /// Copies an object. What is known of the source and its copy's version.
    func copy(_ request: CopyRequest, scope: RequestScope) async throws -> (record: ObjectRecord, eTag: String) {
        try await service.copy(request, scope: scope, subject: caller.subject)
    }
}

extension StorageService {
    /// How often a copy begins again because its source was replaced.
    private static let copyAttemptsMax = 5

    func copy(
        _ request: CopyRequest, scope: RequestScope, subject: String?
    ) async throws -> (record: ObjectRecord, eTag: String) {
        for attempt in 1...Self.copyAttemptsMax {
            let found = try await database.asCaller(scope) { try await $0.object(request.source) }
            guard let record = found, let version = record.version else { throw StorageError.noSuchKey }
            var details = UploadDetails()
            details.type = request.type ?? record.type
            details.cacheControl =
                request.cacheControl ?? (request.keepsMetadata ? record.cacheControl : UploadDetails.cacheDefault)
            details.userMetadata =
                request.userMetadata ?? (request.keepsMetadata ? record.userMetadata : nil)
            let permit = UploadPermit(
                path: request.target, replaces: request.replaces, subject: subject, scope: scope)
            _ = try await admit(permit, details, declared: record.size, exact: record.size)
            let copy: ObjectVersion
            do throws(FileError) {
                copy = try await files.duplicate(version)
            } catch {
                guard error.isMissing, attempt < Self.copyAttemptsMax else { throw error }
                continue
            }
            let metadata = ObjectDraft.metadata(
                eTag: record.eTag, size: record.size, type: details.type, cacheControl: details.cacheControl,
                modified: clock())
            _ = try await commit(copy, permit: permit, metadata: metadata, details: details)
            return (record, record.eTag)
        }
        throw StorageError.noSuchKey
    }
}

import DataPlaneCore
import PostgresKit

/// Buckets.
extension StorageCall {
    private static let sortColumns: Set<String> = ["id", "name", "created_at", "updated_at"]
    /// Batches of one request to empty a bucket.
    private static let batchesMax = 2_000

    func listBuckets() async throws -> ServiceResponse {
        var list = StorageStore.BucketList()
        if let text = query("limit") {
            guard let limit = Int(text), limit >= 0 else { throw StorageError.badParameter("limit") }
            list.limit = limit
        }
        if let text = query("offset") {
            guard let offset = Int(text), offset >= 0 else { throw StorageError.badParameter("offset") }
            list.offset = offset
        }
        if let column = query("sortColumn"), !column.isEmpty {
            guard Self.sortColumns.contains(column) else { throw StorageError.badParameter("sortColumn") }
            list.column = column
        }
        list.isDescending = query("sortOrder")?.lowercased() == "desc"
        list.search = query("search").flatMap { $0.isEmpty ? nil : $0 }
        let wanted = list
        return Self.response(
            document: try await database.asCaller(scope("storage.bucket.list")) {
                try await $0.bucketDocuments(wanted)
            })
    }

    func bucket(_ id: String) async throws -> ServiceResponse {
        let document = try await database.asCaller(scope("storage.bucket.get")) { try await $0.bucketDocument(id) }
        guard let document else { throw StorageError.noSuchBucket }
        return Self.response(document: document)
    }

    func createBucket() async throws -> ServiceResponse {
        let json = try json()
        let name = try StorageNames.bucket(try BodyFields.text(json, "name"))
        let id = try json["id"]?.stringValue.map { id throws(StorageError) in try StorageNames.bucket(id) } ?? name
        guard [nil, "STANDARD"].contains(json["type"]?.stringValue) else {
            throw StorageError(
                400, code: "FeatureNotEnabled", message: "Only buckets of the type STANDARD are kept by this server")
        }
        let settings = try BucketSettings(json, fileBytesMax: configuration.fileBytesMax)
        let subject = caller.subject
        try await database.asCaller(scope("storage.bucket.create")) {
            try await $0.insertBucket(id: id, name: name, subject: subject, settings)
        }
        return Self.response(.init("name", .string(name)))
    }

    func updateBucket(_ id: String) async throws -> ServiceResponse {
        let settings = try BucketSettings(try json(), fileBytesMax: configuration.fileBytesMax)
        guard !settings.isEmpty else {
            throw StorageError.badRequest("body must have one of public, file_size_limit, allowed_mime_types")
        }
        let count = try await database.asCaller(scope("storage.bucket.update")) {
            try await $0.updateBucket(id, settings)
        }
        guard count > 0 else { throw StorageError.noSuchBucket }
        return Self.message("Successfully updated")
    }

    func emptyBucket(_ id: String) async throws -> ServiceResponse {
        guard isServiceRole else { throw StorageError.wrongRole }
        guard try await database.asOwner({ try await $0.bucket(id) }) != nil else { throw StorageError.noSuchBucket }
        for _ in 0..<Self.batchesMax {
            let versions = try await database.asOwner {
                try await $0.deleteAny(in: id, limit: StorageConfiguration.batchMax)
            }
            await service.remove(versions.compactMap { $0 })
            if versions.count < StorageConfiguration.batchMax { break }
        }
        return Self.message("Empty bucket has been queued. Completion may take up to an hour.")
    }

    /// The caller deletes; whether the bucket is empty, and what is on its way into it, the owner says.
    func deleteBucket(_ id: String, operation: String = "storage.bucket.delete") async throws -> ServiceResponse {
        let scope = scope(operation)
        let isVisible = try await database.asCaller(scope) { try await $0.bucket(id) != nil }
        guard isVisible else { throw StorageError.noSuchBucket }
        try await database.probing(scope) { store in
            // An empty bucket at least: the foreign keys of others are the owner's to look at.
            guard try await store.mayDeleteBucket(id) else { throw StorageError.noSuchBucket }
        }
        try await database.asOwner { store in
            guard try await store.lockedBucket(id, forDeletion: true) != nil else { throw StorageError.noSuchBucket }
            guard try await !store.hasObjects(bucket: id) else { throw StorageError.notEmpty }
            try await store.endUploads(bucket: id)
            _ = try await store.deleteBucket(id)
        }
        return Self.message("Successfully deleted")
    }
}

extension StorageStore {
    /// Whether the session may delete a bucket. Objects in it are no answer to that.
    fileprivate func mayDeleteBucket(_ id: String) async throws(PostgresError) -> Bool {
        do throws(PostgresError) {
            return try await deleteBucket(id) > 0
        } catch {
            guard error.isForeignKeyViolation else { throw error }
            return true
        }
    }
}

extension StorageService {
    /// Removes files that nothing refers to any longer. What fails is left to the sweeper.
    func remove(_ versions: [ObjectVersion]) async {
        for version in versions {
            do { try await files.remove(version) } catch { note(leftover: error) }
            await images?.forget(version)
        }
    }
}

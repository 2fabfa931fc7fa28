import DataPlaneCore

/// Deleting objects: the row first, its file once that is committed.
extension StorageCall {
    func delete(_ path: ObjectPath) async throws -> ServiceResponse {
        guard try await database.asOwner({ try await $0.object(path) }) != nil else { throw StorageError.noSuchKey }
        let deleted = try await database.asCaller(scope("storage.object.delete")) {
            try await $0.delete([path.key], in: path.bucket)
        }
        guard !deleted.isEmpty else { throw StorageError.accessDenied }
        await service.remove(deleted.compactMap(\.version))
        return Self.message("Successfully deleted")
    }

    func deleteMany(in bucket: String) async throws -> ServiceResponse {
        let json = try json()
        let keys = json["prefixes"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard !keys.isEmpty, keys.count == json["prefixes"]?.arrayValue?.count,
            keys.count <= StorageConfiguration.keysMax
        else { throw StorageError.badRequest("body/prefixes must have 1 to \(StorageConfiguration.keysMax) keys") }
        var documents: [String] = []
        var rest = keys[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(StorageConfiguration.batchMax))
            rest = rest.dropFirst(batch.count)
            let deleted = try await database.asCaller(scope("storage.object.delete_many")) {
                try await $0.delete(batch, in: bucket)
            }
            await service.remove(deleted.compactMap(\.version))
            documents += deleted.map(\.document)
        }
        return Self.response(document: "[" + documents.joined(separator: ",") + "]")
    }
}

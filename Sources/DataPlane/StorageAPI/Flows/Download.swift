import DataPlaneCore

/// Reading objects.
extension StorageCall {
    func download(_ path: ObjectPath, _ access: StorageRoute.Access) async throws -> ServiceResponse {
        var expires: Int?
        let record: ObjectRecord
        switch access {
        case .publicly: record = try await publicObject(path)
        case .authenticated: record = try await visibleObject(path, "storage.object.get_authenticated")
        case .either:
            let isPublic = try await database.asOwner { try await $0.bucket(path.bucket)?.isPublic ?? false }
            record =
                isPublic
                ? try await publicObject(path) : try await visibleObject(path, "storage.object.get_authenticated")
        case .signed:
            guard let token = query("token") else { throw StorageError.missingParameter("token") }
            let grant = try service.signer.grant(token, for: path, as: .download, at: service.clock())
            // Who may see an image as it was transformed may not see it as it is.
            guard grant.transformation == nil else { throw StorageError.badSignature }
            expires = grant.expires
            record = try await anyObject(path)
        }
        var response = try await ObjectAnswer(service: service, http: http).response(record)
        if let expires { response.set("Expires", HTTPDate.text(Double(expires))) }
        response.set("X-Robots-Tag", "none")
        if let name = disposition(path) { response.set("Content-Disposition", name) }
        return response
    }

    func info(_ path: ObjectPath, _ access: StorageRoute.Access) async throws -> ServiceResponse {
        let record =
            access == .publicly
            ? try await publicObject(path) : try await visibleObject(path, "object.get_authenticated_info")
        return ServiceResponse(
            status: 200,
            json: .object([
                .init("id", .string(record.id)), .init("name", .string(record.path.key)),
                .init("version", .string(record.version?.text ?? "")), .init("bucket_id", .string(record.path.bucket)),
                .init("size", .number(String(record.size))), .init("content_type", .string(record.type)),
                .init("cache_control", .string(record.cacheControl)), .init("etag", .string(record.eTag)),
                .init("metadata", record.userMetadata ?? .object([])),
                .init("last_modified", .string(HTTPDate.iso(record.changedSeconds))),
                .init("created_at", .string(record.createdAt)),
            ]))
    }

    /// An object that the caller's policies show.
    func visibleObject(_ path: ObjectPath, _ operation: String) async throws -> ObjectRecord {
        let record = try await database.asCaller(scope(operation)) { try await $0.object(path) }
        guard let record else { throw StorageError.noSuchKey }
        return record
    }

    /// An object of a public bucket.
    func publicObject(_ path: ObjectPath) async throws -> ObjectRecord {
        let record = try await database.asOwner { store in
            guard try await store.bucket(path.bucket)?.isPublic == true else { throw StorageError.noSuchBucket }
            return try await store.object(path)
        }
        guard let record else { throw StorageError.noSuchKey }
        return record
    }

    /// An object whose address opens it.
    func anyObject(_ path: ObjectPath) async throws -> ObjectRecord {
        guard let record = try await database.asOwner({ try await $0.object(path) }) else {
            throw StorageError.noSuchKey
        }
        return record
    }

    /// The header that makes a browser save the object.
    func disposition(_ path: ObjectPath) -> String? {
        guard let name = query("download") else { return nil }
        guard !name.isEmpty else { return "attachment" }
        let encoded = PathCoding.encode(name)
        return "attachment; filename=\(encoded); filename*=UTF-8''\(encoded)"
    }
}

/// The bytes of an object as an answer: whole, in part, or not at all where the client has them.
struct ObjectAnswer {
    let service: StorageService
    let http: ServiceRequest

    func response(_ record: ObjectRecord) async throws -> ServiceResponse {
        guard let version = record.version else { throw StorageError.noSuchKey }
        let file = try await service.files.open(version)
        switch Conditions(http).verdict(eTag: record.eTag, modified: record.changedSeconds) {
        case .notModified: return headed(ServiceResponse(status: 304), record)
        case .failed: throw StorageError.conditionFailed
        case .proceed: break
        }
        // A part of another state of the object is no part of this one.
        let isSame = http.header("if-range").map { $0.trimmed == record.eTag } ?? true
        let range = isSame ? try ByteRange.read(http.header("range"), size: file.size) : nil
        var response = headed(ServiceResponse(status: range == nil ? 200 : 206), record)
        response.set("Content-Type", record.type)
        if let range { response.set("Content-Range", range.header(size: file.size)) }
        let start = range?.offset ?? 0
        response.content = ServiceContent(length: range?.length ?? file.size) { offset, count in
            try await file.read(at: start + offset, upTo: count)
        }
        return response
    }

    private func headed(_ response: ServiceResponse, _ record: ObjectRecord) -> ServiceResponse {
        var response = response
        response.set("Accept-Ranges", "bytes")
        response.set("ETag", record.eTag)
        response.set("Last-Modified", HTTPDate.text(record.changedSeconds))
        response.set("Cache-Control", record.cacheControl)
        return response
    }
}

extension StorageError {
    static let conditionFailed = StorageError(
        412, code: "PreconditionFailed", message: "A condition of the request is not met", httpStatus: 412)
}

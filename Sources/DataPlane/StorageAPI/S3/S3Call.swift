import DataPlaneCore

/// One request of the S3 endpoint. What belongs to an operation is in an extension of its own.
struct S3Call {
    let service: StorageService
    let http: ServiceRequest
    let query: [(name: String, value: String)]
    let caller: Caller
    let body: S3Body

    /// Answers a request; `path` stands after `/s3`.
    static func respond(
        _ service: StorageService, _ http: ServiceRequest, path: String, body: ServiceBody
    ) async -> ServiceResponse {
        do {
            guard service.isReady else { throw StorageError.notReady }
            let authorization = try await S3Authorization(service, http)
            let call = S3Call(
                service: service, http: http, query: PathCoding.query(http.query), caller: authorization.caller,
                body: try S3Body(body, of: http, signed: authorization))
            var response = try await call.answer(path)
            StorageCORS.mark(&response, for: http)
            return response
        } catch { return service.failure(StorageError(error), http) }
    }

    private func answer(_ path: String) async throws -> ServiceResponse {
        let parts = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, !first.isEmpty else {
            guard http.method == "GET" else { throw StorageError.s3NotImplemented }
            return try await listBuckets()
        }
        guard let bucket = PathCoding.decode(first) else { throw StorageError.badBucketName }
        guard parts.count > 1, !parts[1].isEmpty else { return try await answer(bucket: StorageNames.bucket(bucket)) }
        guard let key = PathCoding.decode(parts[1]) else { throw StorageError.badKey("not UTF-8") }
        return try await answer(object: ObjectPath(bucket: bucket, key: key))
    }

    private func answer(bucket: String) async throws -> ServiceResponse {
        switch http.method {
        case "GET" where has("location"): return try await location(bucket)
        case "GET" where has("versioning"): return try await versioning(bucket)
        case "GET" where has("uploads"): return try await listUploads(bucket)
        case "GET" where value("list-type") == "2": return try await listObjects(bucket, isSecond: true)
        case "GET" where !hasUnknownPart: return try await listObjects(bucket, isSecond: false)
        case "HEAD": return try await headBucket(bucket)
        case "PUT" where query.isEmpty: return try await createBucket(bucket)
        case "DELETE" where query.isEmpty: return try await deleteBucket(bucket)
        case "POST" where has("delete"): return try await deleteObjects(bucket)
        default: throw StorageError.s3NotImplemented
        }
    }

    private func answer(object path: ObjectPath) async throws -> ServiceResponse {
        let upload = value("uploadId")
        let copies = http.header("x-amz-copy-source") != nil
        switch (http.method, upload) {
        case ("GET", let id?): return try await listParts(path, id)
        case ("GET", nil) where has("tagging"): return try await tagging(path)
        case ("GET", nil) where !hasUnknownPart, ("HEAD", _): return try await getObject(path)
        case ("PUT", let id?): return copies ? try await copyPart(path, id) : try await uploadPart(path, id)
        case ("PUT", nil) where !hasUnknownPart: return copies ? try await copyObject(path) : try await putObject(path)
        case ("POST", nil) where has("uploads"): return try await createUpload(path)
        case ("POST", let id?): return try await completeUpload(path, id)
        case ("DELETE", let id?): return try await abortUpload(path, id)
        case ("DELETE", nil) where !hasUnknownPart: return try await deleteObject(path)
        default: throw StorageError.s3NotImplemented
        }
    }

    /// Parts of buckets and objects that are not kept here.
    private static let unknownParts = [
        "acl", "cors", "encryption", "lifecycle", "legal-hold", "object-lock", "policy", "replication", "retention",
        "select", "tagging", "torrent", "versions", "website", "notification", "logging", "attributes",
    ]

    private var hasUnknownPart: Bool { query.contains { Self.unknownParts.contains($0.name) } }

    func has(_ name: String) -> Bool { query.contains { $0.name == name } }

    func value(_ name: String) -> String? { query.first { $0.name == name }?.value }

    func number(_ name: String, _ range: ClosedRange<Int>, default value: Int) throws(StorageError) -> Int {
        guard let text = self.value(name) else { return value }
        guard let number = Int(text), number >= range.lowerBound else { throw .badParameter(name) }
        return min(number, range.upperBound)
    }

    func scope(_ operation: String) -> RequestScope {
        RequestScope(caller: caller, operation: "storage.s3." + operation, http: http)
    }

    /// The same request for a part of the REST endpoints.
    var rest: StorageCall {
        StorageCall(service: service, http: http, caller: caller, body: ServiceBody(pieces: []))
    }

    /// A name as the answer has it where the client asked for its encoding.
    func encoded(_ name: String) -> String {
        value("encoding-type") == "url" ? PathCoding.encode(name, keeping: "/") : name
    }
}

extension StorageError {
    static let s3NotImplemented = StorageError(
        501, code: "NotImplemented", message: "This operation is not part of this server.")
}

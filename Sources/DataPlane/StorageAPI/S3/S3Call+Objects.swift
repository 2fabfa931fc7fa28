import DataPlaneCore

/// Objects, as S3 has them.
extension S3Call {
    private static let overrides = [
        "response-content-type": "Content-Type", "response-content-disposition": "Content-Disposition",
        "response-cache-control": "Cache-Control", "response-content-encoding": "Content-Encoding",
        "response-content-language": "Content-Language", "response-expires": "Expires",
    ]

    /// User metadata of a request's headers; nil where there is none.
    var userMetadata: JSONText? {
        let members = http.headers.filter { $0.name.hasPrefix("x-amz-meta-") }
            .map { JSONText.Member(String($0.name.dropFirst("x-amz-meta-".count)), .string($0.value)) }
        return members.isEmpty ? nil : .object(members)
    }

    /// What headers say about an object.
    func details() throws(StorageError) -> UploadDetails {
        var details = try UploadDetails.raw(http)
        details.userMetadata = userMetadata
        return details
    }

    func getObject(_ path: ObjectPath) async throws -> ServiceResponse {
        let operation = http.method == "HEAD" ? "storage.s3.object.info" : "storage.s3.object.get"
        let record = try await rest.visibleObject(path, operation)
        var response = try await ObjectAnswer(service: service, http: http).response(record)
        if case .object(let members)? = record.userMetadata {
            for member in members {
                guard let value = member.value.stringValue, member.name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
                    value.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
                else { continue }
                response.set("x-amz-meta-" + member.name, value)
            }
        }
        for (name, header) in Self.overrides {
            guard let value = value(name), value.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else { continue }
            response.set(header, value)
        }
        return response
    }

    func putObject(_ path: ObjectPath) async throws -> ServiceResponse {
        let permit = UploadPermit(
            path: path, replaces: http.header("if-none-match") != "*", subject: caller.subject, scope: scope("upload"),
            asksByState: true)
        guard let length = body.length else {
            throw StorageError(
                411, code: "MissingContentLength", message: "You must provide the Content-Length header.")
        }
        let upload = ObjectUpload(service: service, permit: permit)
        _ = try await upload.run(try details(), declared: length, size: length) { try await body.next() }
        var response = ServiceResponse(status: 200)
        response.set("ETag", upload.eTag)
        return response
    }

    func deleteObject(_ path: ObjectPath) async throws -> ServiceResponse {
        let (_, refused) = try await delete([path.key], in: path.bucket, "object.delete")
        guard refused.isEmpty else { throw StorageError.accessDenied }
        return ServiceResponse(status: 204)
    }

    /// Keys that are gone now, and those that are still there.
    private func delete(
        _ keys: [String], in bucket: String, _ operation: String
    ) async throws -> (gone: [String], refused: [String]) {
        let deleted = try await service.database.asCaller(scope(operation)) { try await $0.delete(keys, in: bucket) }
        await service.remove(deleted.compactMap(\.version))
        let left = try await service.database.asOwner { try await $0.visible(keys, in: bucket) }
        let refused = Set(left.map { Array($0.utf8) })
        return (keys.filter { !refused.contains(Array($0.utf8)) }, left)
    }

    func deleteObjects(_ bucket: String) async throws -> ServiceResponse {
        let root = try S3XMLReader.root(try await body.whole())
        let keys = root.children.filter { $0.name == "Object" }.compactMap { $0["Key"] }
        guard root.name == "Delete", (1...StorageConfiguration.keysMax).contains(keys.count) else {
            throw S3XMLReader.malformed
        }
        let isQuiet = root["Quiet"]?.trimmed == "true"
        var nodes: [S3XML.Node] = []
        for start in stride(from: 0, to: keys.count, by: StorageConfiguration.batchMax) {
            let batch = Array(keys[start..<min(keys.count, start + StorageConfiguration.batchMax)])
            let (gone, refused) = try await delete(batch, in: bucket, "object.delete_many")
            if !isQuiet { nodes += gone.map { .element("Deleted", [.text("Key", $0)]) } }
            nodes += refused.map { key in
                .element(
                    "Error", [.text("Key", key), .text("Code", "AccessDenied"), .text("Message", "Access denied")])
            }
        }
        return S3Answer.xml("DeleteResult", nodes)
    }

    func copyObject(_ path: ObjectPath) async throws -> ServiceResponse {
        let replacesMetadata = http.header("x-amz-metadata-directive")?.uppercased() == "REPLACE"
        let details = try details()
        let request = CopyRequest(
            source: try copySource(), target: path, replaces: true, keepsMetadata: !replacesMetadata,
            userMetadata: replacesMetadata ? details.userMetadata : nil,
            type: replacesMetadata ? details.type : nil,
            cacheControl: replacesMetadata ? details.cacheControl : nil)
        let (_, eTag) = try await service.copy(request, scope: scope("object.copy"), subject: caller.subject)
        return S3Answer.xml(
            "CopyObjectResult", [.text("ETag", eTag), .text("LastModified", HTTPDate.iso(service.clock()))])
    }

    /// Bucket and key of `x-amz-copy-source`.
    func copySource() throws(StorageError) -> ObjectPath {
        let text = (http.header("x-amz-copy-source") ?? "").split(separator: "?").first ?? ""
        guard let decoded = PathCoding.decode(text) else { throw .badParameter("x-amz-copy-source") }
        let parts = decoded.drop { $0 == "/" }.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .badParameter("x-amz-copy-source") }
        return try ObjectPath(bucket: String(parts[0]), key: String(parts[1]))
    }

    /// Tags are not kept.
    func tagging(_ path: ObjectPath) async throws -> ServiceResponse {
        _ = try await rest.visibleObject(path, "storage.s3.object.get_tagging")
        return S3Answer.xml("Tagging", [.element("TagSet", [])])
    }
}

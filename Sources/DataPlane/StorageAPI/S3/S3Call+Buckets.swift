import DataPlaneCore

/// Buckets, as S3 has them.
extension S3Call {
    func listBuckets() async throws -> ServiceResponse {
        let documents = try await service.database.asCaller(scope("bucket.list")) {
            try await $0.bucketDocuments(StorageStore.BucketList())
        }
        let buckets = (try JSONText(Array(documents.utf8))).arrayValue ?? []
        let nodes = buckets.map { bucket -> S3XML.Node in
            .element(
                "Bucket",
                [
                    .text("Name", bucket["id"]?.stringValue ?? ""),
                    .text("CreationDate", bucket["created_at"]?.stringValue ?? ""),
                ])
        }
        let owner = S3XML.Node.element(
            "Owner", [.text("ID", caller.subject ?? caller.role), .text("DisplayName", caller.subject ?? caller.role)])
        return S3Answer.xml("ListAllMyBucketsResult", [owner, .element("Buckets", nodes)])
    }

    func createBucket(_ name: String) async throws -> ServiceResponse {
        var settings = BucketSettings()
        settings.isPublic = http.header("x-amz-acl") == "public-read"
        let wanted = settings
        let subject = caller.subject
        try await service.database.asCaller(scope("bucket.create")) {
            try await $0.insertBucket(id: name, name: name, subject: subject, wanted)
        }
        var response = ServiceResponse(status: 200)
        response.set("Location", "/" + name)
        return response
    }

    func headBucket(_ name: String) async throws -> ServiceResponse {
        try await check(name, "bucket.get")
        var response = ServiceResponse(status: 200)
        response.set("x-amz-bucket-region", service.configuration.region)
        response.content = ServiceContent(length: 0) { _, _ in [] }
        return response
    }

    func deleteBucket(_ name: String) async throws -> ServiceResponse {
        do {
            _ = try await rest.deleteBucket(name, operation: "storage.s3.bucket.delete")
        } catch let error as StorageError where error == .notEmpty {
            throw StorageError(409, code: "BucketNotEmpty", message: error.message)
        }
        return ServiceResponse(status: 204)
    }

    func location(_ name: String) async throws -> ServiceResponse {
        try await check(name, "bucket.get_location")
        var response = ServiceResponse(status: 200)
        response.set("Content-Type", "application/xml")
        let region = S3XML.escaped(service.configuration.region)
        response.body = Array("<LocationConstraint xmlns=\"\(S3XML.namespace)\">\(region)</LocationConstraint>".utf8)
        return response
    }

    func versioning(_ name: String) async throws -> ServiceResponse {
        try await check(name, "bucket.get_versioning")
        return S3Answer.xml("VersioningConfiguration", [])
    }

    /// Whether the caller sees a bucket.
    func check(_ name: String, _ operation: String) async throws {
        let isVisible = try await service.database.asCaller(scope(operation)) { try await $0.bucket(name) != nil }
        guard isVisible else { throw StorageError.noSuchBucket }
    }
}

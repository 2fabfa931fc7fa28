import DataPlaneCore

/// Signed addresses.
extension StorageCall {
    /// Seconds of a body; clients send a number or its text.
    private func seconds(_ json: JSONText) throws(StorageError) -> Int {
        let value: Int? =
            switch json["expiresIn"] {
            case .number(let digits)?: Int(digits)
            case .string(let text)?: Int(text)
            default: nil
            }
        guard let value, (1...StorageConfiguration.signedSecondsMax).contains(value) else {
            throw .badRequest("body/expiresIn must be >= 1")
        }
        return value
    }

    private var now: Int { Int(service.clock()) }

    private func address(
        _ path: ObjectPath, seconds: Int, _ transformation: ImageTransformation? = nil
    ) throws(StorageError) -> String {
        let grant = URLSigner.Grant(
            url: path.text, scope: .download, transformation: transformation, expires: now + seconds)
        let face = transformation == nil ? "object" : "render/image"
        return "/\(face)/sign/\(path.text)?token=\(try service.signer.token(grant, issued: now))"
    }

    func sign(_ path: ObjectPath) async throws -> ServiceResponse {
        let json = try json()
        let seconds = try seconds(json)
        // An empty transformation asks for the object as it is.
        var transformation: ImageTransformation?
        if let asked = json["transform"], asked != .null, asked != .object([]) {
            guard service.images != nil else { throw StorageError.imagesOff }
            transformation = try ImageTransformation(asked)
        }
        _ = try await visibleObject(path, "storage.object.sign")
        return Self.response(.init("signedURL", .string(try address(path, seconds: seconds, transformation))))
    }

    func signMany(in bucket: String) async throws -> ServiceResponse {
        let json = try json()
        let seconds = try seconds(json)
        let keys = json["paths"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard !keys.isEmpty, keys.count == json["paths"]?.arrayValue?.count, keys.count <= StorageConfiguration.keysMax
        else { throw StorageError.badRequest("body/paths must have 1 to \(StorageConfiguration.keysMax) keys") }
        let found = try await database.asCaller(scope("storage.object.sign_many")) {
            try await $0.visible(keys, in: bucket)
        }
        // By bytes: keys of other compositions are others.
        let visible = Set(found.map { Array($0.utf8) })
        let entries = try keys.map { key -> JSONText in
            let isVisible = visible.contains(Array(key.utf8))
            let url = isVisible ? try address(ObjectPath(bucket: bucket, key: key), seconds: seconds) : nil
            return .object([
                .init(
                    "error",
                    isVisible ? .null : .string("Either the object does not exist or you do not have access to it")),
                .init("path", .string(key)), .init("signedURL", url.map { .string($0) } ?? .null),
            ])
        }
        return ServiceResponse(status: 200, json: .array(entries))
    }

    func signUpload(_ path: ObjectPath) async throws -> ServiceResponse {
        let replaces = http.header("x-upsert")?.lowercased() == "true"
        let metadata = try http.header("x-metadata").map { text throws(StorageError) in
            try UploadDetails.metadata(base64: text)
        }
        let permit = UploadPermit(
            path: path, replaces: replaces, subject: caller.subject, scope: scope("storage.object.sign_upload_url"))
        var details = UploadDetails()
        details.userMetadata = metadata
        let seen = try await service.probe(permit, details)
        let grant = URLSigner.Grant(
            url: path.text, scope: .upload, owner: caller.subject, upsert: replaces, seen: isServiceRole ? nil : seen,
            userMetadata: metadata, expires: now + configuration.uploadURLSeconds)
        let token = try service.signer.token(grant, issued: now)
        return Self.response(
            .init("url", .string("/object/upload/sign/\(path.text)?token=\(token)")), .init("token", .string(token)))
    }
}

extension StorageService {
    /// Asks the policies about an upload of which no type is known yet. What is at its path, for a permit to name.
    func probe(_ permit: UploadPermit, _ details: UploadDetails) async throws -> String {
        let path = permit.path
        let seen = try await database.asOwner { store in
            guard try await store.bucket(path.bucket) != nil else { throw StorageError.noSuchBucket }
            return try await store.object(path)?.state ?? ""
        }
        guard let scope = permit.scope else { return seen }
        let draft = ObjectDraft(
            path: permit.path, subject: permit.subject, version: nil, metadata: .object([]),
            userMetadata: details.userMetadata)
        let replaces = permit.replaces
        try await database.probing(scope) { try await $0.write(draft, replaces: replaces) }
        return seen
    }
}

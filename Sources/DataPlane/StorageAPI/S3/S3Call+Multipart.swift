import DataPlaneCore
import TokenKit

/// Uploads in parts, as S3 has them.
extension S3Call {
    /// Smallest part but the last one, in bytes.
    private static let partBytesMin = 5 << 20
    private static let partNumbers = 1...10_000

    func createUpload(_ path: ObjectPath) async throws -> ServiceResponse {
        let details = try details()
        let permit = permit(path, "upload.create_multipart")
        _ = try await service.admit(permit, details, declared: nil)
        let upload = MultipartRecord(
            id: ObjectVersion.random().text, path: path, ownerID: caller.subject, details: details, created: "")
        try await service.database.asOwner { try await $0.insert(upload) }
        return S3Answer.xml(
            "InitiateMultipartUploadResult",
            [.text("Bucket", path.bucket), .text("Key", path.key), .text("UploadId", upload.id)])
    }

    func uploadPart(_ path: ObjectPath, _ id: String) async throws -> ServiceResponse {
        let upload = try await upload(path, id)
        let number = try partNumber()
        let limit = try await service.admit(permit(path, "upload.part"), upload.details, declared: body.length)
        try service.checkRoom(for: body.length)
        let file = try await service.files.create()
        let part: PartRecord
        do {
            let digest = try RunningDigest(.md5)
            var offset = 0
            while let piece = try await body.next() {
                guard offset + piece.count <= limit else { throw StorageError.tooLarge }
                try digest.update(piece)
                try await file.write(piece, at: offset)
                offset += piece.count
            }
            part = PartRecord(
                number: number, size: offset, eTag: "\"\(Hex.encode(try digest.finish()))\"", version: file.version,
                created: "")
            try await file.publish()
        } catch {
            await service.discard(file)
            throw error
        }
        try await keep(part, of: upload)
        var response = ServiceResponse(status: 200)
        response.set("ETag", part.eTag)
        return response
    }

    /// A part of an object that is there.
    func copyPart(_ path: ObjectPath, _ id: String) async throws -> ServiceResponse {
        let upload = try await upload(path, id)
        let number = try partNumber()
        let source = try await rest.visibleObject(try copySource(), "storage.s3.upload.part_copy")
        let limit = try await service.admit(permit(path, "upload.part_copy"), upload.details, declared: nil)
        guard let version = source.version else { throw StorageError.noSuchKey }
        let original = try await service.files.open(version)
        let range = try ByteRange.read(http.header("x-amz-copy-source-range"), size: original.size)
        let (start, length) = (range?.offset ?? 0, range?.length ?? original.size)
        guard length <= limit else { throw StorageError.tooLarge }
        let file = try await service.files.create()
        do {
            let digest = try RunningDigest(.md5)
            var offset = 0
            while offset < length {
                let piece = try await original.read(at: start + offset, upTo: min(1 << 18, length - offset))
                guard !piece.isEmpty else { throw StorageError.noSuchKey }
                try digest.update(piece)
                try await file.write(piece, at: offset)
                offset += piece.count
            }
            let part = PartRecord(
                number: number, size: length, eTag: "\"\(Hex.encode(try digest.finish()))\"", version: file.version,
                created: "")
            try await file.publish()
            try await keep(part, of: upload)
            return S3Answer.xml(
                "CopyPartResult", [.text("ETag", part.eTag), .text("LastModified", HTTPDate.iso(service.clock()))])
        } catch {
            await service.discard(file)
            throw error
        }
    }

    private func keep(_ part: PartRecord, of upload: MultipartRecord) async throws {
        do {
            let old = try await service.database.asOwner { store in
                // An upload that has ended meanwhile takes no part.
                guard try await store.multipart(upload.id, upload.path, isLocked: true) != nil else {
                    throw StorageError.s3NoUpload
                }
                return try await store.insert(part, of: upload)
            }
            await service.remove(old)
        } catch {
            if !StorageService.mayBeCommitted(error) { await service.remove([part.version]) }
            throw error
        }
    }

    func completeUpload(_ path: ObjectPath, _ id: String) async throws -> ServiceResponse {
        let upload = try await upload(path, id)
        let root = try S3XMLReader.root(try await body.whole())
        let known = try await service.database.asOwner { try await $0.parts(id) }
        let parts = try Self.parts(root, known: known)
        let size = parts.reduce(0) { $0 + $1.size }
        let permit = permit(path, "upload.complete_multipart")
        _ = try await service.admit(permit, upload.details, declared: size, exact: size)
        let eTag = try Self.eTag(parts)
        let file = try await service.files.create()
        do {
            var offset = 0
            for part in parts { offset += try await file.append(part.version, at: offset) }
            let metadata = ObjectDraft.metadata(
                eTag: eTag, size: offset, type: upload.details.type, cacheControl: upload.details.cacheControl,
                modified: service.clock())
            try await file.publish()
            _ = try await service.commit(file.version, permit: permit, metadata: metadata, details: upload.details) {
                guard try await $0.multipart(id, path, isLocked: true) != nil else { throw StorageError.s3NoUpload }
                try await $0.deleteMultipart(id)
            }
        } catch {
            await service.discard(file)
            throw error
        }
        await service.remove(known.map(\.version))
        return S3Answer.xml(
            "CompleteMultipartUploadResult",
            [
                .text("Location", service.configuration.publicPath + "/s3/" + path.text), .text("Bucket", path.bucket),
                .text("Key", path.key), .text("ETag", eTag),
            ])
    }

    /// The parts that the client names, in its order, as they are known.
    private static func parts(
        _ root: S3XMLReader.Element, known: [PartRecord]
    ) throws(StorageError) -> [PartRecord] {
        guard root.name == "CompleteMultipartUpload" else { throw S3XMLReader.malformed }
        var parts: [PartRecord] = []
        for element in root.children where element.name == "Part" {
            guard let number = element["PartNumber"].flatMap({ Int($0.trimmed) }), let eTag = element["ETag"]?.trimmed
            else { throw S3XMLReader.malformed }
            guard let part = known.first(where: { $0.number == number }),
                part.eTag.filter({ $0 != "\"" }) == eTag.filter({ $0 != "\"" })
            else { throw .s3Part }
            guard number > parts.last?.number ?? 0 else {
                throw StorageError(
                    400, code: "InvalidPartOrder", message: "The list of parts was not in ascending order.")
            }
            parts.append(part)
        }
        guard !parts.isEmpty else { throw S3XMLReader.malformed }
        guard parts.dropLast().allSatisfy({ $0.size >= partBytesMin }) else {
            throw StorageError(
                400, code: "EntityTooSmall", message: "Your proposed upload is smaller than the minimum allowed size")
        }
        return parts
    }

    /// The digest of the parts' digests, and their number.
    private static func eTag(_ parts: [PartRecord]) throws -> String {
        let digest = try RunningDigest(.md5)
        for part in parts { try digest.update(Hex.decode(part.eTag.filter { $0 != "\"" }) ?? []) }
        return "\"\(Hex.encode(try digest.finish()))-\(parts.count)\""
    }

    func abortUpload(_ path: ObjectPath, _ id: String) async throws -> ServiceResponse {
        _ = try await upload(path, id)
        let parts = try await service.database.asOwner { store in
            guard try await store.multipart(id, path, isLocked: true) != nil else { throw StorageError.s3NoUpload }
            let parts = try await store.parts(id)
            try await store.deleteMultipart(id)
            return parts
        }
        await service.remove(parts.map(\.version))
        return ServiceResponse(status: 204)
    }

    func listParts(_ path: ObjectPath, _ id: String) async throws -> ServiceResponse {
        _ = try await upload(path, id)
        let limit = try number(
            "max-parts", 1...StorageConfiguration.entriesMax, default: StorageConfiguration.entriesMax)
        let marker = try number("part-number-marker", 0...Self.partNumbers.upperBound, default: 0)
        let rest = try await service.database.asOwner { try await $0.parts(id) }.filter { $0.number > marker }
        let page = rest.prefix(limit)
        var nodes: [S3XML.Node] = [
            .text("Bucket", path.bucket), .text("Key", path.key), .text("UploadId", id),
            .text("PartNumberMarker", String(marker)), .text("MaxParts", String(limit)),
            .text("IsTruncated", rest.count > page.count ? "true" : "false"),
        ]
        if rest.count > page.count, let last = page.last {
            nodes.append(.text("NextPartNumberMarker", String(last.number)))
        }
        nodes += page.map { part in
            .element(
                "Part",
                [
                    .text("PartNumber", String(part.number)), .text("LastModified", part.created),
                    .text("ETag", part.eTag), .text("Size", String(part.size)),
                ])
        }
        return S3Answer.xml("ListPartsResult", nodes)
    }

    func listUploads(_ bucket: String) async throws -> ServiceResponse {
        try await check(bucket, "upload.list_multipart")
        let limit = try number(
            "max-uploads", 1...StorageConfiguration.entriesMax, default: StorageConfiguration.entriesMax)
        let (prefix, marker) = (value("prefix") ?? "", value("key-marker").flatMap { $0.isEmpty ? nil : $0 })
        let found = try await service.database.asOwner {
            try await $0.multiparts(in: bucket, prefix: prefix, after: marker, limit: limit + 1)
        }.filter { caller.role == service.configuration.serviceRole || $0.ownerID == caller.subject }
        let page = found.prefix(limit)
        var nodes: [S3XML.Node] = [
            .text("Bucket", bucket), .text("Prefix", encoded(prefix)), .text("KeyMarker", encoded(marker ?? "")),
            .text("MaxUploads", String(limit)), .text("IsTruncated", found.count > page.count ? "true" : "false"),
        ]
        if found.count > page.count, let last = page.last {
            nodes += [.text("NextKeyMarker", encoded(last.path.key)), .text("NextUploadIdMarker", last.id)]
        }
        nodes += page.map { upload in
            .element(
                "Upload",
                [
                    .text("Key", encoded(upload.path.key)), .text("UploadId", upload.id),
                    .text("Initiated", upload.created),
                ])
        }
        return S3Answer.xml("ListMultipartUploadsResult", nodes)
    }

    // MARK: Parts

    /// An upload of the caller's own, or any for the service role.
    private func upload(_ path: ObjectPath, _ id: String) async throws -> MultipartRecord {
        let upload = try await service.database.asOwner { try await $0.multipart(id, path) }
        guard let upload, caller.role == service.configuration.serviceRole || upload.ownerID == caller.subject else {
            throw StorageError.s3NoUpload
        }
        return upload
    }

    private func permit(_ path: ObjectPath, _ operation: String) -> UploadPermit {
        UploadPermit(
            path: path, replaces: true, subject: caller.subject, scope: scope(operation), asksByState: true)
    }

    private func partNumber() throws(StorageError) -> Int {
        guard let number = value("partNumber").flatMap({ Int($0) }), Self.partNumbers.contains(number) else {
            throw .badParameter("partNumber")
        }
        return number
    }
}

extension StorageError {
    static let s3NoUpload = StorageError(
        404, code: "NoSuchUpload", message: "The specified multipart upload does not exist.")
    static let s3Part = StorageError(
        400, code: "InvalidPart", message: "One or more of the specified parts could not be found.")
}

import DataPlaneCore
import FileKit

/// One request of TUS 1.0.0: an upload in pieces that survives lost connections and restarts of the server. Its state
/// is a row and a file; the offset is the size of the file.
struct ResumableCall {
    /// Bytes that are gathered before they are written.
    private static let pieceBytes = 256 << 10

    let service: StorageService
    let http: ServiceRequest
    let isSigned: Bool
    let caller: Caller
    let body: ServiceBody

    static func respond(
        _ service: StorageService, _ http: ServiceRequest, id: String?, isSigned: Bool, body: ServiceBody
    ) async -> ServiceResponse {
        do {
            guard service.isReady else { throw StorageError.notReady }
            guard http.header("tus-resumable") == ResumableAnswer.version else { throw StorageError.wrongTusVersion }
            let caller = try service.caller(http, isOpen: isSigned)
            let call = ResumableCall(service: service, http: http, isSigned: isSigned, caller: caller, body: body)
            var response = try await call.answer(id)
            StorageCORS.mark(&response, for: http)
            return response
        } catch { return service.failure(StorageError(error), http) }
    }

    private func answer(_ id: String?) async throws -> ServiceResponse {
        guard let id else {
            guard http.method == "POST" else { throw StorageError.noRoute }
            return try await create()
        }
        guard let id = UploadID(id) else { throw StorageError.noUpload }
        switch http.method {
        case "HEAD": return try await head(id)
        case "PATCH": return try await patch(id)
        case "DELETE": return try await terminate(id)
        default: throw StorageError.noRoute
        }
    }

    // MARK: Requests

    private func create() async throws -> ServiceResponse {
        let header = try UploadHeader(http.header("upload-metadata") ?? "")
        let path = try header.path()
        let length = try number("upload-length")
        guard length != nil || http.header("upload-defer-length") == "1" else {
            throw StorageError.missingParameter("Upload-Length")
        }
        let permit = try permit(path, replaces: http.header("x-upsert")?.lowercased() == "true", "create")
        let details = try header.details()
        _ = try await service.admit(permit, details, declared: length, exact: length)
        try service.checkRoom(for: length)
        let file = try await service.files.create()
        let upload = UploadRecord(
            version: file.version, path: path, ownerID: permit.subject, replaces: permit.replaces, length: length,
            header: header.text, details: details,
            expires: service.clock() + Double(service.configuration.resumableSeconds))
        do {
            try await file.sync()
            try await service.database.asOwner { try await $0.insert(upload) }
        } catch {
            await service.discard(file)
            throw error
        }
        var response = ResumableAnswer.made(201)
        response.set("Location", location(UploadID(path: path, version: file.version)))
        response.set("Upload-Expires", HTTPDate.text(upload.expires))
        let hasData = http.header("content-type") == ResumableAnswer.contentType
        if hasData || length == 0 {
            let offset = try await receive(upload, by: permit, into: file, from: 0)
            response.set("Upload-Offset", String(offset))
        }
        return response
    }

    private func head(_ id: UploadID) async throws -> ServiceResponse {
        var response = ResumableAnswer.made(200)
        response.set("Cache-Control", "no-store")
        guard let upload = try await service.database.asOwner({ try await $0.upload(id) }) else {
            // The answer to the last piece may have been lost.
            let size = try await finishedSize(id)
            response.set("Upload-Offset", String(size))
            response.set("Upload-Length", String(size))
            return response
        }
        try check(upload)
        let file = try await service.files.resume(upload.version)
        try await file.sync()
        response.set("Upload-Offset", String(try await file.size()))
        if let length = upload.length { response.set("Upload-Length", String(length)) }
        if upload.length == nil { response.set("Upload-Defer-Length", "1") }
        response.set("Upload-Metadata", upload.header)
        response.set("Upload-Expires", HTTPDate.text(upload.expires))
        return response
    }

    private func patch(_ id: UploadID) async throws -> ServiceResponse {
        guard http.header("content-type") == ResumableAnswer.contentType else { throw StorageError.wrongOffsetType }
        guard let offset = try number("upload-offset") else { throw StorageError.missingParameter("Upload-Offset") }
        let end = try await service.uploads.withLock(id.version) {
            var upload = try await found(id)
            let permit = try permit(upload.path, replaces: upload.replaces, "part")
            let file = try await service.files.resume(upload.version)
            guard try await file.size() == offset else { throw StorageError.wrongOffset }
            if upload.length == nil, let length = try number("upload-length") {
                guard length >= offset else { throw StorageError.badParameter("Upload-Length") }
                _ = try await service.admit(permit, upload.details, declared: length, exact: length)
                try await service.database.asOwner { try await $0.setLength(length, of: id.version) }
                upload.length = length
            } else {
                _ = try await service.admit(permit, upload.details, declared: upload.length, exact: upload.length)
            }
            return try await receive(upload, by: permit, into: file, from: offset)
        }
        var response = ResumableAnswer.made(204)
        response.set("Upload-Offset", String(end))
        return response
    }

    private func terminate(_ id: UploadID) async throws -> ServiceResponse {
        try await service.uploads.withLock(id.version) {
            guard let upload = try await service.database.asOwner({ try await $0.upload(id) }) else {
                _ = try await finishedSize(id)
                throw StorageError.finishedUpload
            }
            try check(upload)
            try await service.database.asOwner { try await $0.deleteUpload(id.version) }
            try await service.files.discard(id.version)
        }
        return ResumableAnswer.made(204)
    }

    // MARK: Parts

    /// Writes what comes; with the last byte the object appears. What came before a connection was lost counts.
    private func receive(
        _ upload: UploadRecord, by permit: UploadPermit, into file: any IncomingFile, from start: Int
    ) async throws -> Int {
        let limit = upload.length ?? service.configuration.fileBytesMax
        var offset = start
        var buffer: [UInt8] = []
        func flush() async throws {
            guard !buffer.isEmpty else { return }
            try await file.write(buffer, at: offset)
            offset += buffer.count
            buffer.removeAll(keepingCapacity: true)
        }
        do {
            while let piece = try await body.next() {
                guard offset + buffer.count + piece.count <= limit else { throw StorageError.tooLarge }
                buffer += piece
                if buffer.count >= Self.pieceBytes { try await flush() }
            }
            try await flush()
        } catch let error as BodyInterruption {
            try await flush()
            try await file.sync()
            throw error
        } catch {
            // Only whole writes count.
            try await file.truncate(to: offset)
            throw error
        }
        try await file.sync()
        if offset == upload.length { try await finish(upload, by: permit, file: file, size: offset) }
        return offset
    }

    /// An upload that is refused at its end, such as one with the key of another that came first, is gone.
    private func finish(
        _ upload: UploadRecord, by permit: UploadPermit, file: any IncomingFile, size: Int
    ) async throws {
        try await file.publish()
        // The bytes are not read again for a digest of their own: the version stands for them.
        let eTag = "\"\(upload.version.text.filter { $0 != "-" })-1\""
        let metadata = ObjectDraft.metadata(
            eTag: eTag, size: size, type: upload.details.type, cacheControl: upload.details.cacheControl,
            modified: service.clock())
        do {
            _ = try await service.commit(upload.version, permit: permit, metadata: metadata, details: upload.details) {
                try await $0.deleteUpload(upload.version)
            }
        } catch {
            if !StorageService.mayBeCommitted(error) {
                try await service.database.asOwner { try await $0.deleteUpload(upload.version) }
            }
            throw error
        }
    }

    private func permit(_ path: ObjectPath, replaces: Bool, _ step: String) throws(StorageError) -> UploadPermit {
        guard isSigned else {
            let scope = RequestScope(caller: caller, operation: "storage.tus.upload.\(step)", http: http)
            return UploadPermit(path: path, replaces: replaces, subject: caller.subject, scope: scope)
        }
        guard let token = http.header("x-signature") else { throw .missingParameter("x-signature") }
        let grant = try service.signer.grant(token, for: path, as: .upload, at: service.clock())
        return UploadPermit(
            path: path, replaces: grant.upsert, subject: grant.owner, scope: nil, seen: grant.seen,
            userMetadata: grant.userMetadata)
    }

    private func found(_ id: UploadID) async throws -> UploadRecord {
        guard let upload = try await service.database.asOwner({ try await $0.upload(id) }) else {
            throw StorageError.noUpload
        }
        try check(upload)
        return upload
    }

    private func check(_ upload: UploadRecord) throws(StorageError) {
        guard service.clock() < upload.expires else { throw .expiredUpload }
        if isSigned {
            _ = try permit(upload.path, replaces: upload.replaces, "get")
        } else if caller.role != service.configuration.serviceRole {
            guard caller.subject == upload.ownerID else { throw .accessDenied }
        }
    }

    /// Bytes of an upload that has become an object.
    private func finishedSize(_ id: UploadID) async throws -> Int {
        let record = try await service.database.asOwner { try await $0.object(id.path) }
        guard let record, record.version == id.version else { throw StorageError.noUpload }
        guard isSigned || caller.role == service.configuration.serviceRole || caller.subject == record.ownerID else {
            throw StorageError.noUpload
        }
        return record.size
    }

    private func number(_ name: String) throws(StorageError) -> Int? {
        guard let text = http.header(name) else { return nil }
        guard let number = Int(text), number >= 0 else { throw .badParameter(name) }
        return number
    }

    /// Where the client finds the upload: behind what proxies say of its address.
    private func location(_ id: UploadID) -> String {
        let first = { (name: String) in http.header(name)?.split(separator: ",").first.map { $0.trimmed } }
        let scheme = first("x-forwarded-proto") ?? "http"
        let host = first("x-forwarded-host") ?? http.header("host") ?? "localhost"
        let prefix = first("x-forwarded-prefix") ?? service.configuration.publicPath
        let safe = (scheme + host + prefix).filter { $0.isNewline || $0 == " " }.isEmpty
        let path = "/upload/resumable" + (isSigned ? "/sign" : "") + "/" + id.text
        return safe ? "\(scheme)://\(host)\(prefix)\(path)" : path
    }
}

import DataPlaneCore
import FileKit
import TokenKit

/// Uploads of one request.
extension StorageCall {
    /// Pieces of a body that are no part of an object: fields of a form.
    private static let fieldsBytesMax = 2 << 20

    func upload(_ path: ObjectPath, replaces: Bool) async throws -> ServiceResponse {
        let upserts = replaces || http.header("x-upsert")?.lowercased() == "true"
        let permit = UploadPermit(
            path: path, replaces: upserts, subject: caller.subject,
            scope: scope(replaces ? "storage.object.upload_update" : "storage.object.upload"))
        let id = try await receive(permit)
        return Self.response(.init("Id", .string(id)), .init("Key", .string(path.text)))
    }

    /// An upload that was allowed when its address was signed.
    func uploadSigned(_ path: ObjectPath) async throws -> ServiceResponse {
        guard let token = query("token") else { throw StorageError.missingParameter("token") }
        let grant = try service.signer.grant(token, for: path, as: .upload, at: service.clock())
        let permit = UploadPermit(
            path: path, replaces: grant.upsert, subject: grant.owner, scope: nil, seen: grant.seen,
            userMetadata: grant.userMetadata)
        _ = try await receive(permit)
        return Self.response(.init("Key", .string(path.text)))
    }

    /// Takes the body in, as a form or as it is. The id of the object.
    private func receive(_ permit: UploadPermit) async throws -> String {
        let upload = ObjectUpload(service: service, permit: permit)
        let type = http.header("content-type") ?? ""
        let declared = http.header("content-length").flatMap { Int($0) }
        guard type.lowercased().hasPrefix("multipart/form-data") else {
            let details = try UploadDetails.raw(http)
            return try await upload.run(details, declared: declared) { try await body.next() }
        }
        guard var form = MultipartForm(contentType: type) else { throw StorageError.bodyType }
        var events: [MultipartForm.Event] = []
        let fields = FormFields()
        func next() async throws -> MultipartForm.Event? {
            while events.isEmpty {
                guard let piece = try await body.next() else { return nil }
                do throws(MultipartForm.Malformed) { events = try form.take(piece) } catch {
                    throw StorageError.badRequest("The form cannot be read")
                }
            }
            return events.removeFirst()
        }
        func file(_ part: MultipartForm.Part) async throws -> String {
            let details = try fields.details(type: part.type)
            return try await upload.run(details, declared: declared) {
                guard let event = try await next() else { throw BodyInterruption.aborted }
                if case .bytes(let bytes) = event { return bytes }
                // What comes after the file may still say more about it.
                try await rest()
                upload.details = try fields.details(type: part.type)
                return nil
            }
        }
        func rest() async throws {
            while let event = try await next() {
                guard case .part(let part) = event else { continue }
                guard part.fileName == nil else { throw StorageError.badRequest("The form has more than one file") }
                try await field(part)
            }
            guard form.isFinished else { throw BodyInterruption.aborted }
        }
        func field(_ part: MultipartForm.Part) async throws {
            var value: [UInt8] = []
            while let event = try await next(), case .bytes(let bytes) = event {
                value += bytes
                guard value.count <= Self.fieldsBytesMax else { throw StorageError.badParameter(part.name) }
            }
            fields.values[part.name] = value
        }
        while let event = try await next() {
            guard case .part(let part) = event else { continue }
            if part.fileName != nil || part.name.isEmpty { return try await file(part) }
            try await field(part)
        }
        throw StorageError.badRequest("The form has no file")
    }
}

/// Fields of a form beside its file.
private final class FormFields {
    var values: [String: [UInt8]] = [:]

    func details(type: String?) throws(StorageError) -> UploadDetails {
        var details = UploadDetails()
        details.type = MIMETypes.stored(text("contentType") ?? type)
        if let seconds = text("cacheControl") { details.cacheControl = UploadDetails.cacheControl(seconds: seconds) }
        if let bytes = values["metadata"] ?? values["userMetadata"], !bytes.isEmpty {
            details.userMetadata = try UploadDetails.metadata(bytes)
        }
        return details
    }

    private func text(_ name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) }
    }
}

/// What an upload is allowed to do.
struct UploadPermit: Sendable {
    var path: ObjectPath
    var replaces: Bool
    var subject: String?
    /// Whose policies are asked; nil where that was done before.
    var scope: RequestScope?
    /// What was at the path when policies were asked before; nil where they would allow any object to be replaced.
    var seen: String?
    var userMetadata: JSONText?
    /// Whether a new object needs no more rights than one that may not replace another.
    var asksByState = false

    /// Whether the statement that policies are asked about replaces what is there.
    func asksToReplace(_ before: ObjectRecord?) -> Bool { replaces && (!asksByState || before != nil) }

    /// Refuses to replace what policies were not asked about, unless it is the caller's own.
    func check(_ before: ObjectRecord?) throws(StorageError) {
        guard let before else { return }
        guard replaces else { throw .keyExists }
        guard scope == nil, let seen, before.state != seen else { return }
        guard subject != nil, before.ownerID == subject else { throw .rowSecurity }
    }
}

/// Takes the bytes of one object in: asks the policies, writes the file, then the row.
///
/// Not `Sendable`: it belongs to the task that answers the request.
final class ObjectUpload {
    /// Bytes that are gathered before they are written.
    private static let pieceBytes = 256 << 10

    private let service: StorageService
    private let permit: UploadPermit
    /// May change until the last byte is there.
    var details = UploadDetails()
    private(set) var eTag = ""

    init(service: StorageService, permit: UploadPermit) {
        self.service = service
        self.permit = permit
    }

    /// The id of the object.
    ///
    /// - Parameters:
    ///   - declared: bytes that the request announces; of a form a few more than the object has.
    ///   - next: gives the next bytes; nil at the end.
    func run(
        _ announced: UploadDetails, declared: Int?, size: Int? = nil, _ next: () async throws -> [UInt8]?
    ) async throws -> String {
        details = announced
        let limit = try await admit(declared: declared, isExact: size != nil, size: size)
        try service.checkRoom(for: size ?? declared.map { $0 - MultipartForm.headBytesMax })
        let file = try await service.files.create()
        do {
            let count = try await receive(file, limit: limit, next)
            if details != announced { _ = try await admit(declared: count, isExact: true, size: count) }
            return try await service.publish(file, permit: permit, metadata: metadata(count), details: details)
        } catch {
            await service.discard(file)
            throw error
        }
    }

    private func metadata(_ size: Int) -> JSONText {
        ObjectDraft.metadata(
            eTag: eTag, size: size, type: details.type, cacheControl: details.cacheControl, modified: service.clock())
    }

    /// Bytes that the object may have.
    private func admit(declared: Int?, isExact: Bool, size: Int?) async throws -> Int {
        try await service.admit(permit, details, declared: declared, exact: isExact ? size : nil)
    }

    private func receive(
        _ file: any IncomingFile, limit: Int, _ next: () async throws -> [UInt8]?
    ) async throws -> Int {
        let digest = try RunningDigest(.md5)
        var offset = 0
        var buffer: [UInt8] = []
        while let piece = try await next() {
            guard offset + buffer.count + piece.count <= limit else { throw StorageError.tooLarge }
            try digest.update(piece)
            buffer += piece
            if buffer.count >= Self.pieceBytes {
                try await file.write(buffer, at: offset)
                offset += buffer.count
                buffer.removeAll(keepingCapacity: true)
            }
        }
        if !buffer.isEmpty { try await file.write(buffer, at: offset) }
        eTag = "\"\(Hex.encode(try digest.finish()))\""
        return offset + buffer.count
    }
}

extension StorageService {
    /// Asks bucket and policies about an upload before its bytes come. The bytes that it may have.
    func admit(
        _ permit: UploadPermit, _ details: UploadDetails, declared: Int?, exact: Int? = nil
    ) async throws -> Int {
        let path = permit.path
        let bucket = try await database.asOwner { try await $0.bucket(path.bucket) }
        guard let bucket else { throw StorageError.noSuchBucket }
        let limit = try bucket.limit(path, type: details.type, size: exact, largest: configuration.fileBytesMax)
        // A form has more bytes than its file, but not many.
        if let declared, declared > limit + MultipartForm.headBytesMax { throw StorageError.tooLarge }
        let draft = ObjectDraft(
            path: path, subject: permit.subject, version: nil,
            metadata: ObjectDraft.announced(type: details.type, length: exact ?? declared),
            userMetadata: details.userMetadata ?? permit.userMetadata)
        guard let scope = permit.scope else {
            try permit.check(try await database.asOwner { try await $0.object(path) })
            return limit
        }
        let before = permit.asksByState ? try await database.asOwner { try await $0.object(path) } : nil
        try await database.probing(scope) { try await $0.write(draft, replaces: permit.asksToReplace(before)) }
        return limit
    }

    /// Refuses bytes for which there is no room before they come.
    func checkRoom(for bytes: Int?) throws(StorageError) {
        if let bytes, bytes > files.room { throw .full }
    }

    /// Makes the file and its row visible together. The id of the object.
    ///
    /// Until the commit the file before counts, afterwards this one; where the outcome is unknown both stay, and the
    /// sweeper removes the one that no row names.
    func publish(
        _ file: any IncomingFile, permit: UploadPermit, metadata: JSONText, details: UploadDetails
    ) async throws -> String {
        try await file.publish()
        return try await commit(file.version, permit: permit, metadata: metadata, details: details)
    }

    /// Writes the row of a file that is published already. Policies are asked again: while the bytes came, another
    /// may have made the object, and only now its size is known.
    func commit(
        _ version: ObjectVersion, permit: UploadPermit, metadata: JSONText, details: UploadDetails,
        also further: @escaping @Sendable (StorageStore) async throws -> Void = { _ in }
    ) async throws -> String {
        let draft = ObjectDraft(
            path: permit.path, subject: permit.subject, version: version, metadata: metadata,
            userMetadata: details.userMetadata ?? permit.userMetadata)
        let (id, old): (String, ObjectVersion?)
        do {
            (id, old) = try await database.asOwner { store in
                try await store.lock(draft.path)
                guard try await store.lockedBucket(draft.path.bucket) != nil else { throw StorageError.noSuchBucket }
                let before = try await store.object(draft.path, isLocked: true)
                try permit.check(before)
                if let scope = permit.scope {
                    try await store.asking(scope) {
                        try await $0.write(draft.unnamed, replaces: permit.asksToReplace(before))
                    }
                }
                // A row that SQL alone makes in between is a conflict, not replaced.
                try await store.write(draft, replaces: before != nil)
                try await further(store)
                guard let written = try await store.object(draft.path) else { throw StorageError.noSuchKey }
                return (written.id, before?.version)
            }
        } catch {
            if !Self.mayBeCommitted(error) { await remove([version]) }
            throw error
        }
        if let old, old != version { await remove([old]) }
        return id
    }

    func discard(_ file: any IncomingFile) async {
        do { try await file.discard() } catch { note(leftover: error) }
    }
}

import DataPlaneCore

/// Images of objects that are images.
extension StorageCall {
    func image(_ path: ObjectPath, _ access: StorageRoute.Access) async throws -> ServiceResponse {
        guard let renderer = service.images else { throw StorageError.imagesOff }
        var expires: Int?
        let asked: ImageTransformation
        let record: ObjectRecord
        switch access {
        case .signed:
            guard let token = query("token") else { throw StorageError.missingParameter("token") }
            let grant = try service.signer.grant(token, for: path, as: .download, at: service.clock())
            // What is in the token counts: the query cannot change it.
            (expires, asked) = (grant.expires, grant.transformation ?? ImageTransformation())
            record = try await anyObject(path)
        case .publicly:
            asked = try ImageTransformation(query: PathCoding.query(http.query))
            record = try await publicObject(path)
        case .authenticated, .either:
            asked = try ImageTransformation(query: PathCoding.query(http.query))
            record = try await visibleObject(path, "storage.render.image_authenticated")
        }
        let takesAVIF = try await takesAVIF(asked, path)
        let answer = ImageAnswer(service: service, renderer: renderer, http: http, asked: asked, takesAVIF: takesAVIF)
        var response = try await answer.response(record)
        if let expires { response.set("Expires", HTTPDate.text(Double(expires))) }
        response.set("X-Robots-Tag", "none")
        if let name = disposition(path) { response.set("Content-Disposition", name) }
        return response
    }

    /// Asked only where it makes a difference.
    private func takesAVIF(_ asked: ImageTransformation, _ path: ObjectPath) async throws -> Bool {
        guard asked.format == nil, ImageFormat.isAccepted(.avif, by: http.header("accept")) else { return false }
        return try await database.asOwner { try await $0.bucket(path.bucket)?.choosesAVIF ?? false }
    }
}

/// A transformed image as an answer.
private struct ImageAnswer {
    let service: StorageService
    let renderer: any ImageRenderer
    let http: ServiceRequest
    let asked: ImageTransformation
    let takesAVIF: Bool

    func response(_ record: ObjectRecord) async throws -> ServiceResponse {
        guard let version = record.version else { throw StorageError.noSuchKey }
        let source = try await service.files.open(version)
        guard
            let format = ImageFormat(head: try await source.read(at: 0, upTo: min(source.size, ImageFormat.headBytes)))
        else { throw StorageError.noImage }
        guard source.size <= renderer.sourceBytesMax else {
            throw StorageError.image("has more than \(renderer.sourceBytesMax >> 20) MiB")
        }
        let order = ImageOrder(
            asked,
            format: ImageFormat(
                asked: asked.format, source: format, accept: http.header("accept"), takesAVIF: takesAVIF))
        let eTag = "\"\(version.text)-\(order.name)\""
        switch Conditions(http).verdict(eTag: eTag, modified: record.changedSeconds) {
        case .notModified: return headed(ServiceResponse(status: 304), record, eTag: eTag)
        case .failed: throw StorageError.conditionFailed
        case .proceed: break
        }
        let image: any PublishedFile
        do throws(ImageFailure) {
            image = try await renderer.render(order, of: version, from: source)
        } catch { throw StorageError(error) }
        var response = headed(ServiceResponse(status: 200), record, eTag: eTag)
        response.set("Content-Type", order.format.mediaType)
        response.content = ServiceContent(length: image.size) { offset, count in
            try await image.read(at: offset, upTo: count)
        }
        return response
    }

    private func headed(_ response: ServiceResponse, _ record: ObjectRecord, eTag: String) -> ServiceResponse {
        var response = response
        response.set("ETag", eTag)
        response.set("Last-Modified", HTTPDate.text(record.changedSeconds))
        response.set("Cache-Control", record.cacheControl)
        response.set("X-Transformations", asked.text)
        if asked.format == nil { response.set("Vary", "Accept") }
        return response
    }
}

import CurlKit

extension DockerClient {
    /// Inspects an image. Maps to `GET /images/{name}/json`.
    ///
    /// - Throws: an error with `isNoSuchImage` when the engine does not have it.
    public func inspectImage(_ reference: String) async throws(DockerError) -> ImageInspection {
        let path = "/images/\(try ObjectName.imagePath(reference))/json"
        return try await wire.document(ImageInspection.self, EngineCall(method: "GET", path: path))
    }

    /// The engine's images whose name and tag match. Maps to `GET /images/json`.
    ///
    /// - Parameter reference: a name, a name with tag, or a pattern such as `supabase/*:*`; nil means all.
    public func listImages(
        reference: String? = nil, labels: [LabelFilter] = []
    ) async throws(DockerError) -> [ImageSummary] {
        var call = EngineCall(method: "GET", path: "/images/json")
        try call.setFilters(["reference": reference.map { [$0] } ?? [], "label": labels.map(\.text)])
        return try await wire.document([ImageSummary].self, call)
    }

    /// Pulls an image from its registry. Maps to `POST /images/create`.
    ///
    /// The image is there when the stream has ended without an error; a failure on the way ends it with `reported`.
    /// Letting go of the stream stops the pull.
    ///
    /// - Parameter credential: what the image's own registry gets to see; no other registry is asked.
    public func pullImage(
        _ reference: ImageReference, credential: RegistryCredential? = nil
    ) async throws(DockerError) -> EngineStream<PullProgress> {
        var call = EngineCall(method: "POST", path: "/images/create")
        // A digest goes into `tag` as well; without a tag the engine would pull every tag of the repository.
        call.query = [("fromImage", reference.repository), ("tag", reference.digest ?? reference.tag ?? "latest")]
        if let credential {
            call.headers = [("X-Registry-Auth", try credential.header(for: RegistryName(of: reference)))]
        }
        call.timeout = DockerLimits.streamHeadTimeout
        let stream = try await wire.stream(call, idleTimeout: DockerLimits.pullIdleTimeout)
        return EngineStream(stream, decoder: Self.progressDecoder(call.label))
    }

    /// Makes an image out of a root file system. Maps to `POST /images/create?fromSrc=-`.
    ///
    /// - Parameters:
    ///   - archive: the root file system as a tar archive.
    ///   - reference: the name for the image.
    ///   - changes: Dockerfile instructions that configure it, for instance `CMD ["/bin/sh"]`.
    /// - Returns: the image's identifier.
    public func importImage(
        _ archive: [UInt8], as reference: ImageReference, changes: [String] = []
    ) async throws(DockerError) -> String {
        var call = EngineCall(method: "POST", path: "/images/create", body: archive)
        call.contentType = "application/x-tar"
        call.query = [("fromSrc", "-"), ("repo", reference.repository), ("tag", reference.tag ?? "latest")]
        call.query += changes.map { ("changes", $0) }
        call.timeout = DockerLimits.importTimeout
        call.isLong = true
        var decoder = Self.progressDecoder(call.label)
        var lines = try decoder.decode(try await wire.send(call).body)
        lines += try decoder.finish()
        guard let id = lines.last?.status, id.hasPrefix("sha256:") else {
            throw .decoding(reason: "no image identifier came", call: call.label)
        }
        return id
    }

    /// Gives an image another name. Maps to `POST /images/{name}/tag`.
    public func tagImage(_ reference: String, as target: ImageReference) async throws(DockerError) {
        var call = EngineCall(method: "POST", path: "/images/\(try ObjectName.imagePath(reference))/tag")
        call.query = [("repo", target.repository), ("tag", target.tag ?? "latest")]
        call.timeout = DockerLimits.changeTimeout
        try await wire.send(call)
    }

    /// Takes a name from an image, and with the last name the image itself. Maps to `DELETE /images/{name}`.
    ///
    /// - Throws: an error with `isInUse` while a container uses it, unless `force` is set.
    @discardableResult
    public func removeImage(_ reference: String, force: Bool = false) async throws(DockerError) -> [ImageRemoval] {
        var call = EngineCall(method: "DELETE", path: "/images/\(try ObjectName.imagePath(reference))")
        call.query = force ? [("force", "true")] : []
        call.timeout = DockerLimits.removeTimeout
        return try await wire.document([ImageRemoval].self, call)
    }

    private static func progressDecoder(_ call: String) -> JSONLinesDecoder<PullProgress> {
        JSONLinesDecoder(call: call) { progress throws(DockerError) in
            if let failure = progress.failure {
                throw .reported(message: EngineWire.bounded(failure), call: call)
            }
        }
    }
}

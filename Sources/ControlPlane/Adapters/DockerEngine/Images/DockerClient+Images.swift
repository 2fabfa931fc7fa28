import CurlKit

extension DockerClient {
    /// Inspects an image. Maps to `GET /images/{name}/json`.
    ///
    /// - Throws: an error with `isNoSuchImage` when the engine does not have it.
    public func inspectImage(_ reference: String) async throws(DockerError) -> ImageInspection {
        let path = "/images/\(try ObjectName.imagePath(reference))/json"
        return try await wire.document(ImageInspection.self, EngineCall(method: "GET", path: path))
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

    static func progressDecoder(_ call: String) -> JSONLinesDecoder<PullProgress> {
        JSONLinesDecoder(call: call) { progress throws(DockerError) in
            if let failure = progress.failure {
                throw .reported(message: EngineWire.bounded(failure), call: call)
            }
        }
    }
}

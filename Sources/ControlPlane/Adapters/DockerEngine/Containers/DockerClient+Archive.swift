public import CurlKit

extension DockerClient {
    /// Unpacks a tar, plain or compressed by gzip, into a folder of a container, which need not run. Maps to
    /// `PUT /containers/{id}/archive`. Owners, modes and PAX attributes are those of the archive.
    public func putArchive(into id: String, at path: String, from body: HTTPUpload) async throws(DockerError) {
        var call = try containerCall("PUT", id: id, rest: "/archive")
        call.query = [("path", path)]
        call.upload = body
        // With any other type the engine takes the body for a form, unpacks nothing and answers 200.
        call.contentType = "application/x-tar"
        call.timeout = DockerLimits.unpackTimeout
        call.isLong = true
        try await wire.send(call)
    }

    /// Whether there is a file or folder of this path in a container. Maps to `HEAD /containers/{id}/archive`.
    public func hasFile(at path: String, in id: String) async throws(DockerError) -> Bool {
        var call = try containerCall("HEAD", id: id, rest: "/archive")
        call.query = [("path", path)]
        do {
            try await wire.send(call)
            return true
        } catch  where error.isNotFound {
            // The container may be what is missing.
            _ = try await inspectContainer(id)
            return false
        }
    }
}

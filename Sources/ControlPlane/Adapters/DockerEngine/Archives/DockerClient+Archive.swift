import CurlKit

extension DockerClient {
    /// Puts files into a container, running or not. Maps to `PUT /containers/{id}/archive`.
    ///
    /// - Parameters:
    ///   - entries: the files; their paths are relative to `directory`.
    ///   - directory: an absolute path that exists in the container.
    public func putArchive(
        _ entries: [TarEntry], into directory: String, of container: String
    ) async throws(DockerError) {
        var call = try containerCall("PUT", id: container, rest: "/archive")
        // A file must not take the place of a directory, nor the other way round.
        call.query = [("path", directory), ("noOverwriteDirNonDir", "true")]
        call.contentType = "application/x-tar"
        call.timeout = DockerLimits.archiveTimeout
        call.isLong = true
        do {
            call.body = try TarArchive.write(entries)
        } catch {
            throw .invalidArgument(error.description)
        }
        try await wire.send(call)
    }

    /// Reads a file, or a directory with all that is in it, from a container. Maps to `GET /containers/{id}/archive`.
    ///
    /// - Returns: the entries; their paths begin with the last component of `path`.
    /// - Throws: an error with `isNotFound` when there is nothing at `path`.
    public func getArchive(
        of path: String, from container: String, limitBytes: Int = DockerLimits.archiveBytes
    ) async throws(DockerError) -> [TarEntry] {
        var call = try containerCall("GET", id: container, rest: "/archive")
        call.query = [("path", path)]
        call.timeout = DockerLimits.archiveTimeout
        call.limitBytes = limitBytes
        call.isLong = true
        let body = try await wire.send(call).body
        do {
            return try TarArchive.read(body, limitEntries: DockerLimits.archiveEntries)
        } catch {
            throw .decoding(reason: error.description, call: call.label)
        }
    }
}

import CurlKit
public import Orchestrator

extension DockerContainerEngine: ContainerFiles {
    /// Sends the archive while it is written.
    public func unpack(
        into folder: String, ofContainer name: String, from source: @escaping ContainerFiles.Source
    ) async throws {
        let upload = HTTPUpload()
        let refusal = await withTaskGroup(of: EngineError?.self) { group -> (any Error)? in
            group.addTask {
                // Also when the request failed before anything was sent.
                defer { upload.close() }
                do throws(EngineError) {
                    try await self.translated { client in
                        try await client.putArchive(into: name, at: folder, from: upload)
                    }
                    return nil
                } catch { return error }
            }
            let failure: (any Error)?
            do {
                try await source { bytes in if await !upload.write(bytes) { throw ArchiveRefused() } }
                upload.finish()
                failure = nil
            } catch {
                upload.abandon()
                failure = error
            }
            let answer = await group.next() ?? nil
            // The engine's reason explains why the source could not be written; any other failure is the source's own.
            return failure.map { $0 is ArchiveRefused ? answer ?? $0 : $0 } ?? answer
        }
        if let refusal { throw refusal }
    }

    /// Asks for the path's attributes.
    public func hasFile(at path: String, inContainer name: String) async throws(EngineError) -> Bool {
        try await translated { client in try await client.hasFile(at: path, in: name) }
    }
}

import CurlKit

@testable import DockerEngine

/// Calls that only tests make: they build their own images and end their own containers.
extension DockerClient {
    /// Sends a signal to a container's first process.
    func killContainer(_ id: String, signal: String) async throws(DockerError) {
        var call = try containerCall("POST", id: id, rest: "/kill")
        call.query = [("signal", signal)]
        try await wire.send(call)
    }

    /// The exit code of a container that ends within `timeout`; nil for one that does not.
    func exitCode(of id: String, within timeout: Duration = .seconds(30)) async throws -> Int? {
        let clock = ContinuousClock()
        let end = clock.now + timeout
        while clock.now < end {
            let state = try await inspectContainer(id).state
            if state.status == .exited { return state.exitCode }
            try await clock.sleep(for: .milliseconds(20))
        }
        return nil
    }

    /// Makes an image of a root file system and gives its identifier; `changes` are Dockerfile instructions.
    func importImage(
        _ archive: [UInt8], as reference: ImageReference, changes: [String] = []
    ) async throws(DockerError) -> String {
        var call = EngineCall(method: "POST", path: "/images/create", body: archive)
        call.contentType = "application/x-tar"
        call.query = [("fromSrc", "-"), ("repo", reference.repository), ("tag", reference.tag ?? "latest")]
        call.query += changes.map { ("changes", $0) }
        call.timeout = .seconds(600)
        call.isLong = true
        var decoder = Self.progressDecoder(call.label)
        var lines = try decoder.decode(try await wire.send(call).body)
        lines += try decoder.finish()
        guard let id = lines.last?.status, id.hasPrefix("sha256:") else {
            throw .decoding(reason: "no image identifier came", call: call.label)
        }
        return id
    }

    /// Gives an image another name.
    func tagImage(_ reference: String, as target: ImageReference) async throws(DockerError) {
        var call = EngineCall(method: "POST", path: "/images/\(try ObjectName.imagePath(reference))/tag")
        call.query = [("repo", target.repository), ("tag", target.tag ?? "latest")]
        try await wire.send(call)
    }

    /// Takes a name from an image, and with the last name the image itself.
    func removeImage(_ reference: String) async throws(DockerError) {
        var call = EngineCall(method: "DELETE", path: "/images/\(try ObjectName.imagePath(reference))")
        call.timeout = DockerLimits.removeTimeout
        try await wire.send(call)
    }
}

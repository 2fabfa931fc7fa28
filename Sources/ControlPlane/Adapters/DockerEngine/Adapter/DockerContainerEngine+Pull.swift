import Orchestrator

extension DockerContainerEngine {
    /// Pulls an image with the credential for its registry, where there is one.
    func pull(_ image: String, _ client: DockerClient) async throws {
        let reference = try ImageReference(image)
        let credential: RegistryCredential?
        do { credential = try await registries.credential(for: reference) } catch {
            throw EngineError.refused(
                status: 401,
                message: "image \(image) was not pulled, as its registry's credentials are unknown: \(error)")
        }
        do throws(DockerError) {
            pulls.begin(image)
            defer { pulls.end(image) }
            var tally = PullTally(image: image)
            // The image is there once the stream has ended without an error.
            for try await line in try await client.pullImage(reference, credential: credential) {
                tally.note(line)
                pulls.note(tally.pull)
            }
        } catch {
            guard error.isRegistryRefusal else { throw error }
            let registry = RegistryName(of: reference)
            let login =
                "run supamanager registries login \(registry), or docker login \(registry) as the manager's user"
            let advice =
                credential == nil
                ? "registry \(registry) was asked without credentials: \(login)"
                : "registry \(registry) refused the credentials that are stored for it: \(login)"
            throw EngineError.refused(status: 401, message: "\(error.engineMessage ?? "\(error)"); \(advice)")
        }
    }
}

extension DockerError {
    /// Whether a registry wants other credentials, or any.
    var isRegistryRefusal: Bool {
        guard let message = engineMessage?.lowercased() else { return false }
        return ["unauthorized", "authentication required", "no basic auth credentials", "access denied", "denied:"]
            .contains { message.contains($0) }
    }
}

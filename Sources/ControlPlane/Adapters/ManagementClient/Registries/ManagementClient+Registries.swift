public import ProjectModel

// Logins at registries of images.
extension ManagementClient {
    /// The registries that the manager has a login for.
    public func registryLogins() async throws(ClientError) -> [RegistryLoginSummary] {
        try await answer(.get("platform", "registries"))
    }

    /// Stores a login, replacing the previous one for the same registry.
    public func storeRegistryLogin(
        username: String, password: Secret<String>, at registry: String
    ) async throws(ClientError) -> RegistryLoginSummary {
        struct Body: Encodable {
            let username, password: String
        }
        // Nothing needs a key: stored twice is stored once.
        return try await answer(
            APICall.put(
                "platform", "registries", registry, json: Body(username: username, password: password.reveal())
            ).unkeyed)
    }

    public func forgetRegistryLogin(at registry: String) async throws(ClientError) -> RegistryLoginSummary {
        try await answer(.delete("platform", "registries", registry))
    }
}

public import ProjectModel

// What deletions leave behind.
extension ManagementClient {
    /// Asks for a project to be removed; the answer comes before it is carried out.
    ///
    /// - Parameter keepingVolumes: whether its data stays, to be attached to a new project.
    public func delete(_ ref: ProjectRef, keepingVolumes: Bool) async throws(ClientError) {
        let query = [("keep_volumes", keepingVolumes ? "true" : "false")]
        try await send(.delete("platform", "projects", ref.text, query: query))
    }

    /// The receipt of a deletion, also once the project is gone.
    public func deletionReceipt(of ref: ProjectRef) async throws(ClientError) -> DeletionReceipt {
        try await answer(.get("platform", "projects", ref.text, "deletion-receipt"))
    }

    /// Volumes that are kept of an organization's deleted projects.
    public func keptVolumes(in organization: String) async throws(ClientError) -> [KeptVolume] {
        try await answer(.get("platform", "organizations", organization, "kept-volumes"))
    }

    /// Asks for a kept volume to be destroyed; the answer comes before it is carried out.
    public func destroyKeptVolume(_ name: String, in organization: String) async throws(ClientError) {
        try await send(.delete("platform", "organizations", organization, "kept-volumes", name))
    }

    /// Accepts that the data of a volume is lost.
    public func acceptLoss(of volume: String, in ref: ProjectRef) async throws(ClientError) {
        try await send(.post("platform", "projects", ref.text, "volumes", volume, "accept-loss"))
    }

    /// Objects of the installation on the engine that belong to no project.
    public func orphans() async throws(ClientError) -> [Orphan] { try await answer(.get("platform", "orphans")) }

    /// Asks for an orphan to be removed; the answer comes before it is carried out.
    public func removeOrphan(_ number: Int64) async throws(ClientError) -> Orphan {
        try await answer(.post("platform", "orphans", "\(number)", "remove"))
    }
}

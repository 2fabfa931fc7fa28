// Jobs of the manager.
extension ManagementClient {
    /// Jobs of the manager, the latest first.
    public func jobs(kind: String?, state: String?, limit: Int) async throws(ClientError) -> [Job] {
        var query = [("limit", "\(limit)")]
        if let kind { query.append(("kind", kind)) }
        if let state { query.append(("state", state)) }
        return try await answer(.get("platform", "jobs", query: query))
    }
}

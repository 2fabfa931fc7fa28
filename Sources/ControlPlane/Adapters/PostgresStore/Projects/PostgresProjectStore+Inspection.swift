public import ConsistencyModel
public import Orchestrator
import PostgresKit
import ProjectModel

extension PostgresProjectStore: StoreInspection {
    /// Asks for `server_version_num`.
    public func databaseVersion() async throws(StoreError) -> Int {
        try await inspecting {
            try await pool.single("select current_setting('server_version_num')::integer as version").int("version")
        }
    }

    /// Joins both tables of leases with the projects.
    public func leaseHolders(limit: Int) async throws(StoreError) -> [LeaseHolder] {
        try await inspecting { try await LeaseRows.holders(limit: limit, in: AmbientTransaction.session(pool)) }
    }

    private func inspecting<Value>(_ body: () async throws -> Value) async throws(StoreError) -> Value {
        do { return try await body() } catch { throw Self.storeError(error) }
    }
}

public import Orchestrator

/// What a check asks of the store beyond what the manager needs to run.
public protocol StoreInspection: Sendable {
    /// The database's version as a number: 170_006 for 17.6.
    func databaseVersion() async throws(StoreError) -> Int
    /// Leases with their owners' status, tombstones included; at most `limit`.
    func leaseHolders(limit: Int) async throws(StoreError) -> [LeaseHolder]
}

/// What a check asks of the engine.
public protocol EngineInspection: Sendable {
    /// All containers and networks, and this installation's volumes, in a few calls.
    func inventory() async throws(EngineError) -> EngineInventory
}

/// What a check asks of the host.
public protocol HostInspection: Sendable {
    /// Free and total bytes of the disk under a path.
    func diskSpace(under path: String) throws(HostError) -> (freeBytes: UInt64, totalBytes: UInt64)
    func kernelValues() throws(HostError) -> KernelValues
    /// Names of the folders in a folder, at most `limit`; none when it is not there.
    func folderNames(in path: String, limit: Int) throws(HostError) -> [String]
}

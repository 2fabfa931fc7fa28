public import Orchestrator
public import PostgresKit
public import ProjectModel

/// Receipts and volumes in PostgreSQL.
public struct PostgresCustodyStore: CustodyStore {
    private let pool: PostgresPool
    private let lease: ManagerLease?

    /// A store on a pool whose database has been migrated.
    ///
    /// - Parameter lease: The lease of all writes, as in ``PostgresProjectStore``; nil for requests of users.
    public init(pool: PostgresPool, under lease: ManagerLease? = nil) {
        self.pool = pool
        self.lease = lease
    }

    /// Selects a receipt with its items.
    public func receipt(of ref: ProjectRef) async throws(StoreError) -> DeletionReceipt? {
        try await transaction { try await ReceiptRows.select(ref, in: $0) }
    }

    /// Inserts a receipt, unless the project is on its way out with one.
    public func open(_ receipt: DeletionReceipt) async throws(StoreError) -> DeletionReceipt {
        try await transaction { try await ReceiptRows.open(receipt, in: $0) }
    }

    /// Replaces a receipt with its items.
    public func save(_ receipt: DeletionReceipt) async throws(StoreError) {
        try await write { try await ReceiptRows.save(receipt, in: $0) }
    }

    /// Deletes old receipts of which nothing is left.
    public func removeReceipts(endedBefore time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await write { try await ReceiptRows.remove(endedBefore: time, limit: limit, in: $0) }
    }

    /// Selects volumes by user and by label.
    public func volumes(of ref: ProjectRef) async throws(StoreError) -> [VolumeRecord] {
        try await transaction { try await VolumeRows.select(of: ref, in: $0) }
    }

    /// Inserts or replaces volumes.
    public func save(_ volumes: [VolumeRecord]) async throws(StoreError) {
        try await write { try await VolumeRows.save(volumes, in: $0) }
    }

    /// Deletes volumes.
    public func forget(volumes names: Set<String>) async throws(StoreError) {
        try await write { try await VolumeRows.forget(names, in: $0) }
    }

    /// Selects the kept volumes of an organization.
    public func keptVolumes(in organization: String) async throws(StoreError) -> [VolumeRecord] {
        try await transaction { try await VolumeRows.kept(in: organization, in: $0) }
    }

    /// Updates a kept volume.
    public func requestDestruction(of name: String, at time: Timestamp) async throws(StoreError) -> Bool {
        try await transaction { try await VolumeRows.requestDestruction(of: name, at: time, in: $0) }
    }

    /// Selects the owners of volumes that await destruction.
    public func destructions() async throws(StoreError) -> Set<ProjectRef> {
        try await transaction { try await VolumeRows.destructions(in: $0) }
    }

    /// Gives all kept volumes of a project to another one.
    public func attach(volumesOf source: ProjectRef, to ref: ProjectRef) async throws(StoreError) -> [VolumeRecord] {
        try await transaction { try await VolumeRows.attach(volumesOf: source, to: ref, in: $0) }
    }

    /// Selects where a project's volumes came from.
    public func attachment(of ref: ProjectRef) async throws(StoreError) -> ProjectRef? {
        try await transaction { try await VolumeRows.attachment(of: ref, in: $0) }
    }

    /// Gives attached volumes back.
    public func giveBack(volumesOf ref: ProjectRef, at time: Timestamp) async throws(StoreError) {
        try await write { try await VolumeRows.giveBack(volumesOf: ref, at: time, in: $0) }
    }

    /// What the loop does too: under the lease, where there is one.
    private func write<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        try await transaction { [lease] transaction in
            if let lease { try await ManagerLeaseRow.hold(lease.token, in: transaction) }
            return try await body(transaction)
        }
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}

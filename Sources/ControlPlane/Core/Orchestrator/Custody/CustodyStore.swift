public import ProjectModel

/// What the manager owes an account of: receipts of deletions, and volumes with who uses them. Every method is one
/// transaction, or part of the present unit of work.
public protocol CustodyStore: Sendable {
    /// The receipt of a deletion, from the request on.
    func receipt(of ref: ProjectRef) async throws(StoreError) -> DeletionReceipt?
    /// Stores the choice for a deletion's volumes, unless one is in progress or done: the first choice counts. Returns
    /// it.
    func open(_ receipt: DeletionReceipt) async throws(StoreError) -> DeletionReceipt
    /// Stores a receipt with all its items.
    func save(_ receipt: DeletionReceipt) async throws(StoreError)
    /// Removes receipts of deletions that ended before a time, up to `limit` of them; gives their number. One that names
    /// anything that is not destroyed stays, and so does that of a project whose volumes are still known.
    func removeReceipts(endedBefore time: Timestamp, limit: Int) async throws(StoreError) -> Int

    /// Volumes that a project uses or used last, and those with its label, by name.
    func volumes(of ref: ProjectRef) async throws(StoreError) -> [VolumeRecord]
    /// Stores volumes; those that are known under their name are replaced.
    func save(_ volumes: [VolumeRecord]) async throws(StoreError)
    /// Forgets volumes that are gone.
    func forget(volumes names: Set<String>) async throws(StoreError)
    /// Volumes that are kept of deleted projects of an organization, by name; ``CustodyLimits/keptVolumesMax`` at most.
    func keptVolumes(in organization: String) async throws(StoreError) -> [VolumeRecord]
    /// Requests the destruction of a kept volume. False when it is not kept, or already to be destroyed.
    func requestDestruction(of name: String, at time: Timestamp) async throws(StoreError) -> Bool
    /// Projects whose label is on volumes that are to be destroyed.
    func destructions() async throws(StoreError) -> Set<ProjectRef>
    /// Attaches all kept volumes of one deleted project to a new one, and records where they came from. No effect and
    /// an empty result when there are none, or one of them is to be destroyed.
    func attach(volumesOf source: ProjectRef, to ref: ProjectRef) async throws(StoreError) -> [VolumeRecord]
    /// The project whose volumes were attached, if any.
    func attachment(of ref: ProjectRef) async throws(StoreError) -> ProjectRef?
    /// Takes attached volumes back from a project whose creation failed: they are kept again.
    func giveBack(volumesOf ref: ProjectRef, at time: Timestamp) async throws(StoreError)
}

/// Bounds of what is kept.
public enum CustodyLimits {
    /// Most kept volumes that one answer lists.
    public static let keptVolumesMax = 1_000
    /// How long the receipt of a deletion is kept that has destroyed everything: a year, and some time to look back on it.
    public static let receiptsKept: Duration = .seconds(400 * 86_400)
    /// Receipts that one transaction removes.
    public static let receiptsRemovedMax = 500
}

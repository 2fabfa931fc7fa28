public import Orchestrator
public import ProjectModel
import Synchronization

/// Receipts and volumes in memory. ``CustodyStoreContract`` holds it to what PostgreSQL does.
public final class InMemoryCustodyStore: CustodyStore, Revertible {
    private struct State {
        var receipts: [ProjectRef: DeletionReceipt] = [:]
        var volumes: [String: VolumeRecord] = [:]
        var attachments: [ProjectRef: ProjectRef] = [:]
    }

    private let projects: any ProjectStore
    private let state = Mutex(State())

    /// An empty store beside the projects that it is about.
    public init(projects: any ProjectStore) { self.projects = projects }

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = state.withLock { $0 }
        return { [self] in state.withLock { $0 = copy } }
    }

    private func transaction<Value: Sendable>(_ body: (inout State) -> Value) async -> Value {
        await Task.yield()
        return state.withLock { body(&$0) }
    }

    /// The receipt of a deletion.
    public func receipt(of ref: ProjectRef) async throws(StoreError) -> DeletionReceipt? {
        await transaction { $0.receipts[ref] }
    }

    /// Stores the choice for a deletion's volumes, unless one is in progress or done.
    public func open(_ receipt: DeletionReceipt) async throws(StoreError) -> DeletionReceipt {
        guard let project = try await projects.project(receipt.ref) else { throw .notFound(receipt.ref) }
        return await transaction { state in
            if let present = state.receipts[receipt.ref], [.deleting, .deleted].contains(project.status) {
                return present
            }
            state.receipts[receipt.ref] = receipt
            return receipt
        }
    }

    /// Stores a receipt.
    public func save(_ receipt: DeletionReceipt) async throws(StoreError) {
        await transaction { $0.receipts[receipt.ref] = receipt }
    }

    /// Removes old receipts of which nothing is left.
    public func removeReceipts(endedBefore time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        var gone: Set<ProjectRef> = []
        for receipt in await transaction({ $0.receipts.values.sorted { $0.ref < $1.ref } }) {
            guard let project = try await projects.project(receipt.ref), project.status == .deleted else { continue }
            gone.insert(receipt.ref)
        }
        return await transaction { state in
            let used = Set(state.volumes.values.flatMap { [$0.ref, $0.owner] })
            let old = state.receipts.values.filter { receipt in
                gone.contains(receipt.ref) && !used.contains(receipt.ref) && receipt.endedAt.map { $0 < time } ?? false
                    && receipt.items.allSatisfy { $0.state == .destroyed }
            }.sorted { $0.ref < $1.ref }.prefix(limit)
            for receipt in old { state.receipts[receipt.ref] = nil }
            return old.count
        }
    }

    /// Volumes that a project uses, used last, or labelled.
    public func volumes(of ref: ProjectRef) async throws(StoreError) -> [VolumeRecord] {
        await transaction { state in
            state.volumes.values.filter { $0.ref == ref || $0.owner == ref }.sorted { $0.name < $1.name }
        }
    }

    /// Stores volumes.
    public func save(_ volumes: [VolumeRecord]) async throws(StoreError) {
        await transaction { state in for volume in volumes { state.volumes[volume.name] = volume } }
    }

    /// Forgets volumes.
    public func forget(volumes names: Set<String>) async throws(StoreError) {
        await transaction { state in for name in names { state.volumes[name] = nil } }
    }

    /// Kept volumes of an organization.
    public func keptVolumes(in organization: String) async throws(StoreError) -> [VolumeRecord] {
        var found: [VolumeRecord] = []
        let all = await transaction { state in state.volumes.values.filter { $0.keptAt != nil } }
        for volume in all where try await projects.project(volume.ref)?.organizationSlug == organization {
            found.append(volume)
        }
        return Array(found.sorted { $0.name < $1.name }.prefix(CustodyLimits.keptVolumesMax))
    }

    /// Requests the destruction of a kept volume.
    public func requestDestruction(of name: String, at time: Timestamp) async throws(StoreError) -> Bool {
        await transaction { state in
            guard let volume = state.volumes[name], volume.keptAt != nil, volume.destructionRequestedAt == nil else {
                return false
            }
            state.volumes[name]?.destructionRequestedAt = time
            return true
        }
    }

    /// The owners of volumes that await destruction.
    public func destructions() async throws(StoreError) -> Set<ProjectRef> {
        await transaction { state in
            Set(state.volumes.values.filter { $0.destructionRequestedAt != nil }.map(\.owner))
        }
    }

    /// Gives kept volumes to a new project.
    public func attach(volumesOf source: ProjectRef, to ref: ProjectRef) async throws(StoreError) -> [VolumeRecord] {
        await transaction { state in
            let kept = state.volumes.values.filter { $0.ref == source && $0.keptAt != nil }
            if !kept.isEmpty, kept.allSatisfy({ $0.destructionRequestedAt == nil }) {
                for volume in kept {
                    state.volumes[volume.name]?.ref = ref
                    state.volumes[volume.name]?.keptAt = nil
                }
                state.attachments[ref] = source
            }
            guard state.attachments[ref] == source else { return [] }
            return state.volumes.values.filter { $0.ref == ref && $0.isAttached }.sorted { $0.name < $1.name }
        }
    }

    /// The project whose volumes were attached, if any.
    public func attachment(of ref: ProjectRef) async throws(StoreError) -> ProjectRef? {
        await transaction { $0.attachments[ref] }
    }

    /// Takes attached volumes back.
    public func giveBack(volumesOf ref: ProjectRef, at time: Timestamp) async throws(StoreError) {
        await transaction { state in
            guard let source = state.attachments[ref] else { return }
            for volume in state.volumes.values where volume.ref == ref && volume.isAttached {
                state.volumes[volume.name]?.ref = source
                state.volumes[volume.name]?.keptAt = time
            }
        }
    }
}

import ProjectModel
import Reconciler

/// Objects that outlive a project, or are accounted for when they do not.
extension ReconcileLoop {
    /// The inventory of a project, from what the engine lists by label.
    func inventory(
        _ record: ProjectRecord, _ seen: ObservedStack, as role: ManagerRole
    ) async throws -> ProjectInventory {
        switch record.status {
        case .deleting where role == .active: try await inventoryOfDeletion(record, seen)
        case .deleted where role == .active: try await inventoryOfTombstone(record, seen)
        default:
            record.status.goal == .running
                ? try await inventoryOfRunning(record, seen) : ProjectInventory(observed: seen)
        }
    }

    private func inventoryOfRunning(_ record: ProjectRecord, _ seen: ObservedStack) async throws -> ProjectInventory {
        let known = try await custody.volumes(of: record.ref)
        var inventory = try await adding(known.attached(to: record.ref), to: ProjectInventory(observed: seen))
        inventory.volumes = known
        return inventory
    }

    private func inventoryOfDeletion(_ record: ProjectRecord, _ seen: ObservedStack) async throws -> ProjectInventory {
        let known = try await custody.volumes(of: record.ref)
        var inventory = try await adding(known.attached(to: record.ref), to: ProjectInventory(observed: seen))
        let stored = try await custody.receipt(of: record.ref)
        // Without a receipt the deletion was asked for before there were any, and everything went then.
        let receipt =
            stored ?? DeletionReceipt(ref: record.ref, destroysVolumes: true, requestedAt: record.statusChangedAt)
        let kept =
            receipt.destroysVolumes
            ? [] : Set(inventory.observed.volumes.map(\.name).filter { !known.isUnfinished($0, of: record.ref) })
        inventory.entries.volumes = inventory.observed.volumes.filter { volume in
            kept.contains(volume.name) && !known.contains { $0.name == volume.name }
        }.map { VolumeRecord($0, of: record.ref) }
        let next = receipt.noting(inventory.observed, keeping: kept.union(receipt.keptVolumes), at: time.now())
        if next != stored { inventory.entries.receipt = next }
        inventory.leaveOut(kept)
        return inventory
    }

    /// Of a deleted project there may be kept volumes, some of them in another project's use or to be destroyed by now.
    /// Other objects are leftovers: they are removed.
    private func inventoryOfTombstone(_ record: ProjectRecord, _ seen: ObservedStack) async throws -> ProjectInventory {
        var inventory = ProjectInventory(observed: seen)
        let known = try await custody.volumes(of: record.ref).filter { $0.owner == record.ref }
        let protected = Set(known.filter { $0.destructionRequestedAt == nil }.map(\.name))
        if let receipt = try await custody.receipt(of: record.ref) {
            let next = receipt.noting(seen, keeping: protected, at: time.now())
            if next != receipt { inventory.entries.receipt = next }
        }
        let present = Set(seen.volumes.map(\.name))
        inventory.entries.gone = known.filter { $0.destructionRequestedAt != nil && !present.contains($0.name) }
        inventory.leaveOut(protected)
        return inventory
    }

    /// Volumes with the label of another project, as the engine has them.
    private func adding(_ attached: [VolumeRecord], to inventory: ProjectInventory) async throws -> ProjectInventory {
        var inventory = inventory
        for (owner, volumes) in Dictionary(grouping: attached, by: \.owner).sorted(by: { $0.key < $1.key }) {
            let names = Set(volumes.map(\.name))
            let present = try await engine.observe(owner).volumes.filter { names.contains($0.name) }
            inventory.observed.volumes += present
            for volume in present { inventory.owners[volume.name] = owner }
        }
        return inventory
    }
}

extension [VolumeRecord] {
    fileprivate func attached(to ref: ProjectRef) -> [VolumeRecord] { filter { $0.ref == ref && $0.isAttached } }

    /// Whether a volume is one that a restore or a trial of a backup has not finished: all that it
    /// holds is in the backup, too.
    fileprivate func isUnfinished(_ name: String, of ref: ProjectRef) -> Bool {
        guard let record = first(where: { $0.name == name }) else { return VolumeNames.isTrial(name, of: ref) }
        return record.setAsideAt != nil && !record.holdsData
    }
}

extension ProjectInventory {
    fileprivate mutating func leaveOut(_ kept: Set<String>) {
        keepsVolumes = observed.volumes.contains { kept.contains($0.name) }
        observed = observed.without(volumes: kept)
    }
}

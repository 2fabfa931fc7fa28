import Logging
import ProjectModel
import Reconciler

/// What a look works with: the inventory by label, with volumes added that were attached, and without those that are
/// kept.
struct Stock: Sendable {
    /// What the look acts on.
    var observed: ObservedStack
    /// Whose label volumes bear that are not the project's own.
    var owners: [String: ProjectRef] = [:]
    /// The project's volumes as they are remembered; looked up for one that should run only.
    var volumes: [VolumeRecord] = []
    /// What must not be done to them.
    var verdict = DataVerdict()
}

/// Objects that outlive a project, or are accounted for when they do not.
extension ReconcileLoop {
    /// Takes stock of what the engine holds of a project. Where the project is to go, the receipt of its deletion is
    /// brought up to date first: nothing is removed that is not on it.
    func takeStock(_ record: ProjectRecord, _ seen: ObservedStack, as role: ManagerRole) async throws -> Stock {
        switch record.status {
        case .deleting where role == .active: try await stockOfDeletion(record, seen)
        case .deleted where role == .active: try await stockOfTombstone(record, seen)
        default: record.status.goal == .running ? try await stockOfRunning(record, seen) : Stock(observed: seen)
        }
    }

    private func stockOfRunning(_ record: ProjectRecord, _ seen: ObservedStack) async throws -> Stock {
        let known = try await custody.volumes(of: record.ref)
        var stock = try await adding(known.filter { $0.ref == record.ref && $0.isAttached }, to: Stock(observed: seen))
        stock.volumes = known
        return stock
    }

    private func stockOfDeletion(_ record: ProjectRecord, _ seen: ObservedStack) async throws -> Stock {
        let known = try await custody.volumes(of: record.ref)
        var stock = try await adding(known.filter { $0.ref == record.ref && $0.isAttached }, to: Stock(observed: seen))
        let stored = try await custody.receipt(of: record.ref)
        // Without a receipt the deletion was asked for before there were any, and everything went then.
        let receipt =
            stored ?? DeletionReceipt(ref: record.ref, destroysVolumes: true, requestedAt: record.statusChangedAt)
        let kept = receipt.destroysVolumes ? [] : Set(stock.observed.volumes.map(\.name))
        let fresh = stock.observed.volumes.filter { volume in
            kept.contains(volume.name) && !known.contains { $0.name == volume.name }
        }
        if !fresh.isEmpty { try await custody.save(fresh.map { VolumeRecord($0, of: record.ref) }) }
        let next = receipt.noting(stock.observed, keeping: kept.union(receipt.keptVolumes), at: time.now())
        if next != stored { try await custody.save(next) }
        stock.observed = stock.observed.without(volumes: kept)
        return stock
    }

    /// Of a deleted project there may be kept volumes, some of them in another project's use or to be destroyed by now.
    /// Anything else is late: it goes.
    private func stockOfTombstone(_ record: ProjectRecord, _ seen: ObservedStack) async throws -> Stock {
        let known = try await custody.volumes(of: record.ref).filter { $0.owner == record.ref }
        let protected = Set(known.filter { $0.destructionRequestedAt == nil }.map(\.name))
        if let receipt = try await custody.receipt(of: record.ref) {
            let next = receipt.noting(seen, keeping: protected, at: time.now())
            if next != receipt { try await custody.save(next) }
        }
        let present = Set(seen.volumes.map(\.name))
        let gone = known.filter { $0.destructionRequestedAt != nil && !present.contains($0.name) }
        if !gone.isEmpty { try await forget(gone) }
        return Stock(observed: seen.without(volumes: protected))
    }

    /// Volumes that bear the label of another project, as the engine has them.
    private func adding(_ attached: [VolumeRecord], to stock: Stock) async throws -> Stock {
        var stock = stock
        for (owner, volumes) in Dictionary(grouping: attached, by: \.owner).sorted(by: { $0.key < $1.key }) {
            let names = Set(volumes.map(\.name))
            let present = try await engine.observe(owner).volumes.filter { names.contains($0.name) }
            stock.observed.volumes += present
            for volume in present { stock.owners[volume.name] = owner }
        }
        return stock
    }

    /// Forgets kept volumes that are destroyed, and the secrets with the last of them.
    private func forget(_ gone: [VolumeRecord]) async throws {
        try await custody.forget(volumes: Set(gone.map(\.name)))
        for source in Set(gone.map(\.ref)).sorted() { try await forgetSecrets(of: source) }
    }

    /// Destroys what opens the volumes of a deleted project, once there are none.
    private func forgetSecrets(of source: ProjectRef) async throws {
        guard try await custody.volumes(of: source).allSatisfy({ $0.ref != source }) else { return }
        let transition = StatusTransition(
            from: .deleted, to: .deleted, cause: "none of its volumes is kept any more",
            leases: .releaseAndForgetSecrets, at: time.now())
        _ = try await store.transition(source, transition)
    }

    /// Ends the account of a project of which nothing is left to remove: kept volumes are offered from now on, and the
    /// receipt is closed. Says what happens to leases and secrets: kept volumes are worth nothing without theirs.
    func closeAccount(_ record: ProjectRecord, becoming status: ProjectStatus) async throws
        -> StatusTransition.LeaseChange
    {
        let now = time.now()
        let volumes = try await custody.volumes(of: record.ref).filter { $0.ref == record.ref }
        guard status == .deleted else {
            try await custody.giveBack(volumesOf: record.ref, at: now)
            try await custody.forget(volumes: Set(volumes.filter { !$0.isAttached }.map(\.name)))
            return .release
        }
        guard var receipt = try await custody.receipt(of: record.ref) else { return .releaseAndForgetSecrets }
        let kept = receipt.keptVolumes
        try await custody.save(
            volumes.filter { kept.contains($0.name) }.map { volume in
                var volume = volume
                volume.keptAt = volume.keptAt ?? now
                volume.holdsData = true
                return volume
            })
        try await custody.forget(volumes: Set(volumes.map(\.name)).subtracting(kept))
        if let source = try await custody.attachment(of: record.ref) { try await forgetSecrets(of: source) }
        receipt.endedAt = receipt.endedAt ?? now
        try await custody.save(receipt)
        return kept.isEmpty ? .releaseAndForgetSecrets : .release
    }

    /// Writes onto the receipt what the engine refused to remove, and why.
    func noteRefusals(_ outcomes: [PlanExecutor.Outcome], _ record: ProjectRecord) async throws {
        guard record.status.goal == .absent else { return }
        var refusals: [EngineObjectKey: String] = [:]
        for outcome in outcomes {
            guard let error = outcome.error, let key = outcome.step.operation.removed else { continue }
            refusals[key] = outcome.step.operation.reason(for: error)
        }
        guard !refusals.isEmpty, let receipt = try await custody.receipt(of: record.ref) else { return }
        let next = receipt.noting(refusals: refusals, at: time.now())
        if next != receipt { try await custody.save(next) }
    }
}

extension Operation {
    /// Why an object remains, for people.
    fileprivate func reason(for error: EngineError) -> String {
        guard case .networkInUse = error, case .removeNetwork(_, let name) = self else { return "\(error)" }
        return "\(error). \(NetworkRefusals.advice(network: name))"
    }
}

import ProjectModel
import Reconciler

/// What is left to write down when objects of a project are gone.
extension ReconcileLoop {
    /// Finishes a deletion, or a rollback, of which nothing is left to remove: kept volumes are offered from now on,
    /// and the receipt is closed. Says what happens to leases and secrets: kept volumes are worth nothing without
    /// theirs.
    func finishDeletion(
        of record: ProjectRecord, becoming status: ProjectStatus
    ) async throws -> StatusTransition.LeaseChange {
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

    /// Forgets kept volumes that are destroyed, and the secrets with the last of them.
    func forget(_ gone: [VolumeRecord]) async throws {
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

extension EngineOperation {
    /// Why an object remains: one sentence.
    fileprivate func reason(for error: EngineError) -> String {
        guard case .networkInUse = error, case .removeNetwork(_, let name) = self else { return "\(error)" }
        return "\(error). \(NetworkRefusals.advice(network: name))"
    }
}

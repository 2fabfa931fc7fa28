import Logging
import ProjectModel
import Reconciler

/// The third step of a pass: carries out what was decided, and decides nothing.
extension ReconcileLoop {
    /// When the next pass is due. Throws where the pass has failed, by what was decided or on the way.
    func apply(_ decision: Decision, to input: PassInput, _ state: inout PassState) async throws -> Requeue {
        switch decision.action {
        case .standBy(let requeue): return requeue
        case .leaveAlone(let isNews):
            if isNews { sayUnrecorded(input) }
            return .whenWoken
        case .fail(let reason, let report):
            if let report, let record = input.record { try await write(report, record) }
            throw PassFailure(description: reason)
        case .forget, .rest:
            try await save(input.inventory.entries, of: input)
            await health.watch(nil, ObservedStack(), of: input.ref)
            return .whenWoken
        case .confirm(let requeue):
            try await save(input.inventory.entries, of: input)
            return requeue
        case .transition(let transition):
            try await save(input.inventory.entries, of: input)
            if decision.marksData { try await markData(input) }
            try await carryOut(transition, input: input, state: state)
            return .now
        case .carryOut(let plan):
            try await save(input.inventory.entries, of: input)
            if decision.marksData { try await markData(input) }
            return try await carryOut(plan, decision: decision, input: input, state: &state)
        }
    }

    /// Stores what must be known before the objects of a project are changed.
    private func save(_ entries: InventoryEntries, of input: PassInput) async throws {
        if let record = input.record, let template = entries.template { try await pin(record, to: template) }
        if !entries.volumes.isEmpty { try await custody.save(entries.volumes) }
        if let receipt = entries.receipt { try await custody.save(receipt) }
        if !entries.gone.isEmpty { try await forget(entries.gone) }
    }

    private func pin(_ record: ProjectRecord, to digest: TemplateDigest) async throws {
        guard try await store.pin(record.ref, to: digest, at: time.now()) else { return }
        logger.notice(
            "a project is pinned to the template version that it was made from",
            metadata: ["project": "\(record.ref)", "stack": "\(record.stack)", "template": "\(digest.short)"])
    }

    /// Remembers which volumes hold the project's data, from the first time that all of it runs.
    private func markData(_ input: PassInput) async throws {
        guard let desired = try input.project().observed.desired else { return }
        let marked = input.inventory.marked(desired, of: input.ref)
        if !marked.isEmpty { try await custody.save(marked) }
    }

    private func sayUnrecorded(_ input: PassInput) {
        guard case .unrecorded(let seen, _) = input.observation else { return }
        let names = seen.containers.map(\.name) + seen.networks.map(\.name) + seen.volumes.map(\.name)
        logger.warning(
            "the engine holds objects of a project without a record; they are left alone",
            metadata: ["project": "\(input.ref)", "objects": "\(names.sorted())"])
    }
}

extension ProjectInventory {
    /// Volumes that are not known yet to hold what the services of a stack have written.
    fileprivate func marked(_ desired: DesiredStack, of ref: ProjectRef) -> [VolumeRecord] {
        let database = desired.services.values.first { $0.isDatabase }
        let ofDatabase = Set(database.map { $0.volumeNames } ?? [])
        let major = database.flatMap { postgresMajor(ofImage: $0.spec.image) }
        let present = Set(observed.volumes.map(\.name))
        let fresh = volumes.filter { entry in
            // What a restore makes is proven by the restore alone.
            entry.ref == ref && entry.setAsideAt == nil && present.contains(entry.name)
                && (!entry.holdsData || entry.postgresMajor == nil && major != nil && ofDatabase.contains(entry.name))
        }
        return fresh.map { entry in
            var entry = entry
            entry.holdsData = true
            entry.postgresMajor = ofDatabase.contains(entry.name) ? major : nil
            return entry
        }
    }
}

extension DesiredService {
    /// Names of the volumes that it mounts.
    fileprivate var volumeNames: [String] {
        spec.mounts.compactMap { if case .volume(let name) = $0.source { name } else { nil } }
    }
}

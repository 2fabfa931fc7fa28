import Logging
import ProjectModel
import Reconciler

/// Volumes of a project that runs: which they are, and whether they are still the same.
extension ReconcileLoop {
    /// The stack with the volumes that the project really uses: attached ones in the place of its own, and the mark that
    /// each is to be created with. The mark is stored before the volume is made, so that it is known for certain.
    func withVolumes(
        _ desired: DesiredStack, _ record: ProjectRecord, _ stock: inout Stock, as role: ManagerRole
    ) async throws -> DesiredStack {
        let attached = stock.volumes.filter { $0.ref == record.ref && $0.isAttached }
        // A project from before volumes were remembered has data, unless it is coming up for the first time.
        let isOld = stock.volumes.isEmpty && ![.provisioning, .starting].contains(record.status)
        var stack = desired.using(Dictionary(attached.map { ($0.composeName, $0.name) }) { first, _ in first })
        var changed: [VolumeRecord] = []
        for volume in stack.volumes.values.sorted(by: { $0.name < $1.name }) {
            let present = stock.observed.volumes.first { $0.name == volume.name }
            let known = stock.volumes.first { $0.name == volume.name }
            var entry =
                known
                ?? VolumeRecord(
                    name: volume.name, owner: record.ref, ref: record.ref, composeName: volume.composeName,
                    identity: isOld ? present?.identity : RandomIdentifier.uuid(), createdAt: present?.createdAt,
                    holdsData: isOld)
            // Until it holds data, a volume is whatever bears its name.
            if !entry.holdsData, let present {
                (entry.identity, entry.createdAt) = (present.identity, present.createdAt)
            }
            if entry != known { changed.append(entry) }
            stack.volumes[volume.name]?.identity = entry.identity
        }
        if !changed.isEmpty {
            if role == .active { try await custody.save(changed) }
            let names = Set(changed.map(\.name))
            stock.volumes = stock.volumes.filter { !names.contains($0.name) } + changed
        }
        let refused = stock.verdict.refusals
        stock.verdict = DataVerdict(stack, stock.observed, stock.volumes, of: record.ref)
        stock.verdict.refusals.merge(refused) { data, _ in data }
        return stack
    }

    /// Remembers which volumes hold the project's data, from the first time that all of it runs.
    func rememberData(
        _ desired: DesiredStack, _ record: ProjectRecord, _ stock: Stock
    ) async throws {
        let database = desired.services.values.first { $0.isDatabase }
        let ofDatabase = Set(database.map { $0.volumeNames } ?? [])
        let major = database.flatMap { postgresMajor(ofImage: $0.spec.image) }
        let present = Set(stock.observed.volumes.map(\.name))
        let fresh = stock.volumes.filter { entry in
            entry.ref == record.ref && present.contains(entry.name)
                && (!entry.holdsData
                    || entry.postgresMajor == nil && major != nil && ofDatabase.contains(entry.name))
        }
        guard !fresh.isEmpty else { return }
        try await custody.save(
            fresh.map { entry in
                var entry = entry
                entry.holdsData = true
                entry.postgresMajor = ofDatabase.contains(entry.name) ? major : nil
                return entry
            })
    }

    /// Writes into the record why a project that should run is not allowed to, whatever its status says so far.
    func reportRefusal(_ record: ProjectRecord, _ assessment: Assessment) async throws {
        guard record.status == .degraded, let failed = assessment.failure, record.failure?.message != failed.message
        else { return }
        let failure = ProjectFailure(service: failed.service, message: failed.message)
        try await transition(record, to: .degraded, "\(failed.service): \(failed.message)", failure)
    }
}

extension DataVerdict {
    /// The verdict on a project's volumes.
    fileprivate init(
        _ desired: DesiredStack, _ observed: ObservedStack, _ known: [VolumeRecord], of ref: ProjectRef
    ) {
        let expected = known.filter { $0.ref == ref && $0.holdsData }.map {
            ExpectedVolume(name: $0.name, identity: $0.identity, postgresMajor: $0.postgresMajor)
        }
        self = guardData(desired, observed, expecting: expected)
    }
}

extension DesiredService {
    /// Names of the volumes that it mounts.
    fileprivate var volumeNames: [String] {
        spec.mounts.compactMap { if case .volume(let name) = $0.source { name } else { nil } }
    }
}

extension DesiredStack {
    /// The same with volumes of other names in the place of its own, by their key in the Compose file.
    func using(_ names: [String: String]) -> DesiredStack {
        guard !names.isEmpty else { return self }
        var stack = self
        var renamed: [String: String] = [:]
        stack.volumes = [:]
        for volume in volumes.values {
            var volume = volume
            if let name = names[volume.composeName] {
                renamed[volume.name] = name
                volume.name = name
            }
            stack.volumes[volume.name] = volume
        }
        for (service, desired) in services {
            stack.services[service]?.spec.mounts = desired.spec.mounts.map { mount in
                guard case .volume(let name) = mount.source, let other = renamed[name] else { return mount }
                return .init(source: .volume(name: other), target: mount.target, isReadOnly: mount.isReadOnly)
            }
        }
        return stack
    }
}

import ProjectModel
import Reconciler

/// Volumes of a project that runs: which they are, and whether they are still the same.
extension ReconcileLoop {
    /// The stack with the volumes that the project really uses: attached ones instead of its own, and the mark that
    /// each is created with. The mark is stored before the volume is created.
    func withVolumes(
        _ desired: DesiredStack, of record: ProjectRecord, inventory: inout ProjectInventory
    ) -> DesiredStack {
        var stack = desired.using(inventory.volumes, of: record.ref)
        var changed: [VolumeRecord] = []
        for volume in stack.volumes.values.sorted(by: { $0.name < $1.name }) {
            let known = inventory.volumes.first { $0.name == volume.name }
            let entry = inventory.entry(of: volume, known, record)
            if entry != known { changed.append(entry) }
            stack.volumes[volume.name]?.identity = entry.identity
        }
        inventory.entries.volumes = changed
        let names = Set(changed.map(\.name))
        inventory.volumes = inventory.volumes.filter { !names.contains($0.name) } + changed
        let refused = inventory.verdict.refusals
        inventory.verdict = DataVerdict(
            desired: stack, observed: inventory.observed, known: inventory.volumes, of: record.ref)
        inventory.verdict.refusals.merge(refused) { data, _ in data }
        inventory.verdict.refusals.merge(inventory.unknownGenerations(of: stack, record.ref)) { data, _ in data }
        return stack
    }
}

extension ProjectInventory {
    /// Services whose volume has a later generation on the engine that the database does not know: a manager that was
    /// restored from an older file would have them write into data of before.
    fileprivate func unknownGenerations(of stack: DesiredStack, _ ref: ProjectRef) -> [ServiceName: String] {
        let known = Dictionary(volumes.map { ($0.name, $0.generation) }) { first, _ in first }
        var refusals: [ServiceName: String] = [:]
        for service in stack.services.values {
            for case .volume(let name) in service.spec.mounts.map(\.source) {
                guard let volume = stack.volumes[name] else { continue }
                let names = observed.volumes.map(\.name).filter { known[$0] == nil }
                let later = names.compactMap { other -> (number: Int, name: String)? in
                    guard let number = VolumeNames.generation(of: other, volume.composeName, in: ref),
                        number > known[name] ?? 0
                    else { return nil }
                    return (number, other)
                }
                // By number: as text, the ninth generation comes after the tenth.
                guard let other = later.max(by: { $0.number < $1.number })?.name else { continue }
                refusals[service.name] = """
                    the engine has the volume \(other), which a restore made and which is later than \(name); the manager's \
                    database does not know it, as when the manager was restored from an older file. Nothing is written \
                    into the older volume: restore the manager from a newer file, or remove \(other) if it is not needed
                    """
            }
        }
        return refusals
    }

    /// What is remembered of a volume from now on.
    fileprivate func entry(of volume: DesiredVolume, _ known: VolumeRecord?, _ record: ProjectRecord) -> VolumeRecord {
        let present = observed.volumes.first { $0.name == volume.name }
        // A project from before volumes were remembered has data, unless it is coming up for the first time.
        let isOld = volumes.isEmpty && ![.provisioning, .starting].contains(record.status)
        var entry =
            known
            ?? VolumeRecord(
                name: volume.name, owner: record.ref, ref: record.ref, composeName: volume.composeName,
                identity: isOld ? present?.identity : RandomIdentifier.uuid(), createdAt: present?.createdAt,
                holdsData: isOld)
        // Until it holds data, any volume with its name is accepted.
        if !entry.holdsData, let present { (entry.identity, entry.createdAt) = (present.identity, present.createdAt) }
        return entry
    }
}

extension DataVerdict {
    /// The verdict on a project's volumes.
    fileprivate init(
        desired: DesiredStack, observed: ObservedStack, known: [VolumeRecord], of ref: ProjectRef
    ) {
        let expected = known.filter { $0.ref == ref && $0.holdsData }.map {
            ExpectedVolume(name: $0.name, identity: $0.identity, postgresMajor: $0.postgresMajor)
        }
        self = guardData(desired, observed, expecting: expected)
    }
}

extension DesiredStack {
    /// The stack with the volumes that a project really mounts: attached ones, and those that restores have made.
    ///
    /// A service's fingerprint names the generation, so that another one means another container. It does not name
    /// attached volumes, which a project has from its first start on.
    func using(_ volumes: [VolumeRecord], of ref: ProjectRef) -> DesiredStack {
        let mounted = volumes.filter { $0.ref == ref && $0.isMountedByName }
        var stack = using(Dictionary(mounted.map { ($0.composeName, $0.name) }) { first, _ in first })
        let generations = Dictionary(mounted.map { ($0.name, $0.generation) }) { first, _ in first }
        for (name, service) in stack.services {
            let mounts = service.spec.mounts.compactMap { mount -> Int? in
                if case .volume(let volume) = mount.source { generations[volume] } else { nil }
            }
            let suffix = mounts.filter { $0 > 0 }.map { "-\($0)" }.joined()
            stack.services[name]?.configHash += suffix
        }
        return stack
    }

    /// The stack with volumes of other names instead of its own, by their key in the Compose file.
    private func using(_ names: [String: String]) -> DesiredStack {
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

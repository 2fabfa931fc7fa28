public import ProjectModel

/// The effect of an upgrade on a project, computed from its stack and the target. Pure: nothing is asked of the engine
/// and nothing is changed.
public struct UpgradePlan: Sendable, Equatable {
    /// A service that gets another container.
    public struct Replacement: Sendable, Equatable {
        public var service: ServiceName
        /// Its image now; absent when the version before is not known.
        public var imageBefore: String?
        /// Its image afterwards.
        public var image: String
        /// The differences, as sentences. Never a value of its environment.
        public var changes: [String]
    }

    /// Why a project must not be upgraded.
    public enum Refusal: Sendable, Equatable {
        /// The database would run another major version, which cannot read what the present one wrote.
        case postgresMajorChange(from: Int, to: Int)
        /// The database would be gone.
        case databaseRemoved(ServiceName)
        /// A service would find another volume in the place of the one that holds its data.
        case dataLeftBehind(service: ServiceName, volume: String, path: String)
    }

    /// Services that get another container, in the order in which they are replaced.
    public var replaced: [Replacement] = []
    /// Services that the project does not have yet, in the order in which they are made.
    public var added: [Replacement] = []
    public var removed: [ServiceName] = []
    /// Services whose containers are kept.
    public var untouched: [ServiceName] = []
    /// Images that the project does not use yet; pulled before anything stops.
    public var images: [String] = []
    /// Volumes that nothing mounts afterwards. They are kept.
    public var unusedVolumes: [String] = []
    /// Services that do not answer for a while: those that are replaced, and those that depend on them.
    public var interrupted: [ServiceName] = []
    /// Longest time that replaced services may take to stop and to come up again, one after the other, before the
    /// upgrade counts as failed.
    public var interruptionMax: Duration = .zero
    /// Why it must not be done; none when it may.
    public var refusals: [Refusal] = []

    /// Whether nothing would change.
    public var isEmpty: Bool { replaced.isEmpty && added.isEmpty && removed.isEmpty }

    /// The plan of an upgrade.
    ///
    /// - Parameters:
    ///   - present: The present content; nil when that is not known.
    ///   - dataMajor: Major version of the PostgreSQL that wrote the project's data, if known.
    public init(from present: DesiredStack?, to target: DesiredStack, dataMajor: Int? = nil) {
        let changing = Set(
            (present?.networks ?? []).filter { network in
                !target.networks.contains { $0.name == network.name && $0.subnet == network.subnet }
            }.map(\.name))
        for name in startOrder(target.services) {
            guard let next = target.services[name] else { continue }
            let before = present?.services[name]
            let moves = before?.spec.networks.contains { changing.contains($0.network) } ?? false
            if let before, before.configHash == next.configHash, !moves {
                untouched.append(name)
            } else if present != nil, before == nil {
                added.append(Replacement(service: name, imageBefore: nil, image: next.spec.image, changes: []))
            } else {
                replaced.append(Replacement(before, next, moves: moves))
            }
        }
        removed = (present.map { Set($0.services.keys) } ?? []).subtracting(target.services.keys).sorted()
        let used = Set(present?.services.values.map(\.spec.image) ?? [])
        let pulled = Set(target.services.values.filter(\.spec.pullsImage).map(\.spec.image))
        images = Set((replaced + added).map(\.image)).intersection(pulled).subtracting(used).sorted()
        let mounted = Set(target.services.values.flatMap(\.volumeNames))
        unusedVolumes = Set(present?.services.values.flatMap(\.volumeNames) ?? []).subtracting(mounted).sorted()
        noteInterruption(present, target)
        noteRefusals(from: present, to: target, dataMajor: dataMajor)
    }

    private mutating func noteInterruption(_ present: DesiredStack?, _ target: DesiredStack) {
        let changed = replaced.map(\.service)
        var affected = Set(changed).union(removed)
        // Each comes after all that it depends on.
        for stack in [present, target].compactMap({ $0 }) {
            for name in startOrder(stack.services)
            where stack.services[name]?.dependencies.contains(where: { affected.contains($0.service) }) == true {
                affected.insert(name)
            }
        }
        interrupted = affected.sorted()
        for name in changed {
            guard let service = target.services[name] else { continue }
            interruptionMax += service.spec.stopGracePeriod + service.bootDeadline
        }
    }

    private mutating func noteRefusals(from present: DesiredStack?, to target: DesiredStack, dataMajor: Int?) {
        let (before, after) = (present?.database, target.database)
        if let before, after == nil { refusals.append(.databaseRemoved(before.name)) }
        let major = before.flatMap { postgresMajor(ofImage: $0.spec.image) } ?? dataMajor
        if let major, let next = after.flatMap({ postgresMajor(ofImage: $0.spec.image) }), next != major {
            refusals.append(.postgresMajorChange(from: major, to: next))
        }
        for service in (present?.services.values.sorted { $0.name < $1.name }) ?? [] {
            guard let next = target.services[service.name] else { continue }
            for mount in service.spec.mounts {
                guard case .volume(let name) = mount.source, !next.volumeNames.contains(name),
                    next.spec.mounts.contains(where: { $0.target == mount.target })
                else { continue }
                refusals.append(.dataLeftBehind(service: service.name, volume: name, path: mount.target))
            }
        }
    }
}

extension UpgradePlan.Replacement {
    /// - Parameter moves: Whether a network that it is on is made again: all services on it go together.
    init(_ before: DesiredService?, _ next: DesiredService, moves: Bool = false) {
        service = next.name
        imageBefore = before?.spec.image
        image = next.spec.image
        changes = before.map { Self.changes(from: $0.spec, to: next.spec) } ?? ["the version before is not known"]
        if moves, !changes.contains("networks") { changes.append("networks") }
        if changes.isEmpty { changes = ["mounted files or the template's text"] }
    }

    private static func changes(from before: ContainerSpec, to next: ContainerSpec) -> [String] {
        var changes: [String] = []
        if before.image != next.image { changes.append("image") }
        let names = names(changedFrom: before.environment.reveal(), to: next.environment.reveal())
        if !names.isEmpty { changes.append("environment: \(names.joined(separator: ", "))") }
        if before.command != next.command || before.entrypoint != next.entrypoint { changes.append("command") }
        if before.mounts != next.mounts { changes.append("mounts") }
        if before.ports != next.ports { changes.append("published ports") }
        if before.networks != next.networks { changes.append("networks") }
        if before.resources != next.resources { changes.append("resources") }
        return changes
    }

    private static func names(changedFrom before: [String: String], to next: [String: String]) -> [String] {
        Set(before.keys).union(next.keys).filter { before[$0] != next[$0] }.sorted()
    }
}

extension DesiredService {
    /// Names of the volumes that it mounts.
    var volumeNames: [String] {
        spec.mounts.compactMap { if case .volume(let name) = $0.source { name } else { nil } }
    }
}

extension DesiredStack {
    var database: DesiredService? { services.values.first { $0.isDatabase } }
}

extension UpgradePlan.Refusal: CustomStringConvertible {
    /// The reason, and what to do.
    public var description: String {
        switch self {
        case .postgresMajorChange(let from, let to):
            "PostgreSQL \(to) cannot read the data of PostgreSQL \(from): upgrade to a template version with PostgreSQL"
                + " \(from), or move the data into a new project with a dump"
        case .databaseRemoved(let service):
            "the service \(service) holds the project's database: it cannot be removed from a project"
        case .dataLeftBehind(let service, let volume, let path):
            "\(service) would find another volume at \(path): the data in \(volume) would be left behind"
        }
    }
}

import Orchestrator
import ProjectModel
import Reconciler
import Synchronization

/// What the auditor holds about template versions. It compares images: every version of a campaign that changes a
/// service changes its image.
final class VersionAudit: Sendable {
    /// Longest time for which a project at rest may have a container of another version: a call that was in progress
    /// when its status changed may still be carried out, and the next full list finds it.
    static let mixtureMax = SimulationAuditor.lieMaxDisturbed

    private struct State {
        /// Since when a project at rest has had a container of another version than its record's.
        var mixtures: [ProjectRef: Timestamp] = [:]
        /// Containers that have answered a probe well.
        var answered: Set<String> = []
    }

    private let state = Mutex(State())
    private let host: SimulatedHost

    init(_ host: SimulatedHost) { self.host = host }

    /// A manager begins: no repair was possible before.
    func noteNewManager() { state.withLock { $0.mixtures = [:] } }

    /// A container has answered a probe well.
    func noteAnswer(ofContainer id: String) { state.withLock { _ = $0.answered.insert(id) } }

    /// Containers of a project that run and have never answered.
    func silent(of ref: ProjectRef) -> [ServiceName] {
        let answered = state.withLock(\.answered)
        return host.engine.runs(of: ref).filter { !answered.contains($0.container) }.compactMap(\.service).sorted()
    }

    /// Whether a project that is called ACTIVE has had a container of another version than its own for too long.
    func isMixed(_ record: ProjectRecord, isQuiet: Bool) -> Bool {
        let isWrong = record.status == .active && mixture(record) != nil
        let now = host.time.steady
        return state.withLock { state in
            guard isWrong, isQuiet else {
                state.mixtures[record.ref] = nil
                return false
            }
            let since = state.mixtures[record.ref] ?? now
            state.mixtures[record.ref] = since
            return now.since(since) > Self.mixtureMax
        }
    }

    /// A container that is not of the version that the record names, nor of its services.
    func mixture(_ record: ProjectRecord) -> String? {
        guard let template = record.template, let images = host.disk.images(of: template) else {
            return "the project has no known version"
        }
        for (service, image) in host.engine.images(of: record.ref).sorted(by: { $0.key < $1.key }) {
            guard record.services.contains(service) else { return "\(service) is none of its services" }
            if images[service] != image { return "\(service) runs \(image)" }
        }
        return nil
    }

    /// Whether a call replaces a container that answers, of a service that is the same in both versions of an upgrade.
    func disturbsUntouched(_ operation: EngineOperation, of record: ProjectRecord) -> Bool {
        guard let upgrade = record.upgrade, [.upgrading, .reverting].contains(record.status),
            let before = record.template.flatMap(host.disk.images(of:)),
            let after = host.disk.images(of: upgrade.template)
        else { return false }
        switch operation {
        case .stopContainer(let id, let service?, _), .removeContainer(let id, let service?):
            guard let image = before[service], image == after[service], upgrade.services.contains(service),
                record.services.contains(service)
            else { return false }
            return host.engine.isAnswering(containerWithID: id, image: image)
        default: return false
        }
    }
}

extension FakeEngine {
    /// Images of a project's containers, by service.
    func images(of ref: ProjectRef) -> [ServiceName: String] {
        touch { state in
            var images: [ServiceName: String] = [:]
            for container in state.containers.values where container.ref == ref {
                if let service = container.service { images[service.name] = service.spec.image }
            }
            return images
        }
    }

    func isAnswering(containerWithID id: String, image: String) -> Bool {
        let now = steadyNow
        return touch { state in
            state.containers[id].map { $0.service?.spec.image == image && state.isAnswering($0, at: now) } ?? false
        }
    }
}

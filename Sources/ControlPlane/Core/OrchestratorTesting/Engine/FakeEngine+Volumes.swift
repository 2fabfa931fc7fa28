public import Orchestrator
public import ProjectModel
import Reconciler

/// What happens to volumes behind the manager's back.
extension FakeEngine {
    /// A container and the volumes that it mounts are removed by hand.
    public func loseVolumes(of service: ServiceName, in ref: ProjectRef) {
        touch { state in
            guard let container = state.container(service, ref) else { return }
            state.containers[container.id] = nil
            for name in container.volumes { state.volumes[name] = nil }
            state.changed.append(ref)
        }
    }

    /// Other volumes take the place of those that a container mounts.
    ///
    /// - Parameter labelled: whether they have the project's label, as a copy made by hand may.
    public func replaceVolumes(of service: ServiceName, in ref: ProjectRef, labelled: Bool) {
        touch { state in
            for name in state.container(service, ref)?.volumes ?? [] {
                state.volumes[name] = FakeVolume(name: name, ref: labelled ? ref : nil, mark: state.newMark())
            }
            state.changed.append(ref)
        }
    }
}

/// What tests read off about volumes.
extension FakeEngine {
    /// Volumes with a project's label, with a mark that distinguishes one from a later one of the same name.
    public func marks(of ref: ProjectRef) -> [String: Int] { volumeMarks(of: ref) }

    /// Names of the volumes that a project's containers mount, sorted.
    public func mountedVolumes(of ref: ProjectRef) -> [String] {
        touch { state in Set(state.containers.values.filter { $0.ref == ref }.flatMap(\.volumes)).sorted() }
    }
}

/// Everything of ours, by label.
extension FakeEngine: OrphanEngine {
    /// Every object with a project's label.
    public func belongings() async throws(EngineError) -> [EngineObject] {
        try await answer { state in
            state.containers.values.compactMap { item in
                item.ref.map { EngineObject(key: .init(.container, item.id), name: item.name, projectLabel: $0.text) }
            }
                + state.networks.values.compactMap { item in
                    item.ref.map { EngineObject(key: .init(.network, item.id), name: item.name, projectLabel: $0.text) }
                }
                + state.volumes.values.compactMap { item in
                    item.ref.map {
                        EngineObject(key: .init(.volume, item.name), name: item.name, projectLabel: $0.text)
                    }
                }
        }
    }

    /// Removes one object, if its label is still the same.
    public func remove(_ object: EngineObject) async throws(EngineError) {
        guard let ref = ProjectRef(object.projectLabel) else {
            throw .nameTaken(message: "\(object.name) has other labels by now")
        }
        let operation: EngineOperation =
            switch object.key.kind {
            case .container: .removeContainer(id: object.key.id, service: nil)
            case .network: .removeNetwork(id: object.key.id, name: object.name)
            case .volume: .removeVolume(name: object.key.id)
            }
        try await perform(operation, for: ref)
    }
}

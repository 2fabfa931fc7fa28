import Orchestrator
import ProjectModel
import Reconciler

/// What the auditor reads off the engine, and what planted mistakes do to it.
extension FakeEngine {
    /// A container of ours that is up, and what it holds.
    struct Occupant: Sendable {
        let ref: ProjectRef
        let service: ServiceName?
        let ports: [UInt16]
        let isAnswering: Bool
    }

    /// One run of a container of ours.
    struct Run: Sendable, Hashable {
        let container: String
        let service: ServiceName?
        /// On a monotonic clock.
        let startedAt: Timestamp
        let bootDeadline: Duration
        let isFrozen: Bool
    }

    /// The runs of a project's containers at this moment.
    func runs(of ref: ProjectRef) -> [Run] {
        touch { state in state.containers.values.filter { $0.ref == ref && $0.state.isUp }.compactMap(\.run) }
            .sorted { $0.container < $1.container }
    }

    /// The present run of a container.
    func run(ofContainer id: String) -> Run? { touch { state in state.containers[id].flatMap(\.run) } }

    /// The run that has an address.
    func run(at address: IPv4Address) -> Run? {
        touch { state in
            state.containers.values.first { $0.addresses.values.contains(address) && $0.state == .running }?.run
        }
    }

    /// The runs of ours that answer at this moment.
    var answeringRuns: Set<Run> {
        let now = steadyNow
        return touch { state in
            Set(state.containers.values.filter { $0.ref != nil && state.isAnswering($0, at: now) }.compactMap(\.run))
        }
    }

    /// All containers of ours that are up.
    var occupants: [Occupant] {
        let now = steadyNow
        return touch { state in
            state.containers.values.filter { $0.state.isUp }.compactMap { container in
                container.ref.map {
                    Occupant(
                        ref: $0, service: container.service?.name, ports: container.ports,
                        isAnswering: state.isAnswering(container, at: now))
                }
            }
        }
    }

    /// Names of a project's volumes with the mark that distinguishes one from another of the same name.
    func volumeMarks(of ref: ProjectRef) -> [String: Int] {
        touch { state in
            Dictionary(uniqueKeysWithValues: state.volumes.values.filter { $0.ref == ref }.map { ($0.name, $0.mark) })
        }
    }

    func ref(ofContainer id: String) -> ProjectRef? { touch { $0.containers[id]?.ref } }

    /// Subnets of all networks of ours.
    var projectSubnets: [(ref: ProjectRef, subnet: IPv4Network)] {
        touch { state in
            state.networks.values.compactMap { network in
                network.ref.flatMap { ref in network.subnet.map { (ref, $0) } }
            }
        }
    }

    /// A manager was shown these objects.
    func noteSeen(_ names: Set<String>, of ref: ProjectRef) {
        touch { $0.unseen[ref]?.subtract(names) }
    }

    /// A project's objects on the engine, without late ones that no manager has observed yet.
    func knownContents(of ref: ProjectRef) -> ObservedStack {
        touch { state in
            var stack = state.observed(ref)
            let unseen = state.unseen[ref] ?? []
            stack.networks.removeAll { unseen.contains($0.id) }
            stack.volumes.removeAll { unseen.contains($0.name) }
            stack.containers.removeAll { unseen.contains($0.id) }
            return stack
        }
    }

    /// Whether the last so many answers to the removal of a network were that it is in use.
    func hasRefused(toRemoveNetwork id: String, times: Int) -> Bool {
        let answers = calls.filter { call in
            guard case .removeNetwork(id, _) = call.operation else { return false }
            return call.error?.isTransient != true
        }
        let refusals = answers.suffix(times).count { if case .networkInUse = $0.error { true } else { false } }
        return refusals == times
    }

    /// All foreign objects, with the mark that distinguishes one from another of the same name.
    var foreignObjects: [String] {
        touch { state in
            let networks = state.networks.values.filter { $0.ref == nil }.map { "network \($0)" }
            let volumes = state.volumes.values.filter { $0.ref == nil }.map { "volume \($0)" }
            let containers = state.containers.values.filter { $0.ref == nil }.map { "container \($0)" }
            return (networks + volumes + containers).sorted()
        }
    }

    func removeForeign(named part: String) {
        touch { state in
            for container in state.containers.values where container.ref == nil && container.name.contains(part) {
                state.containers[container.id] = nil
            }
        }
    }

    func loseVolumes(of ref: ProjectRef) {
        touch { state in state.volumes = state.volumes.filter { $0.value.ref != ref } }
    }

    func remakeVolumes(of ref: ProjectRef) {
        touch { state in
            for volume in state.volumes.values where volume.ref == ref {
                state.volumes[volume.name] = FakeVolume(name: volume.name, ref: ref, mark: state.newMark())
            }
        }
    }
}

extension FakeContainer {
    fileprivate var run: FakeEngine.Run? {
        guard state.isUp, let startedAt else { return nil }
        return FakeEngine.Run(
            container: id, service: service?.name, startedAt: startedAt,
            bootDeadline: service?.bootDeadline ?? .zero, isFrozen: state == .paused)
    }
}

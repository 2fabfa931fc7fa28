import Orchestrator
import ProjectModel
import Reconciler

extension EngineState {
    mutating func createNetwork(_ network: DesiredNetwork, _ ref: ProjectRef) throws(EngineError) {
        if networks.values.contains(where: { $0.name == network.name }) {
            throw .nameTaken(message: "network with name \(network.name) already exists")
        }
        if let other = networks.values.first(where: { $0.subnet?.overlaps(network.subnet) == true }) {
            throw .subnetTaken(message: "Pool overlaps with other one on this address space (\(other.name))")
        }
        let id = newID()
        networks[id] = FakeNetwork(id: id, name: network.name, subnet: network.subnet, ref: ref)
    }

    mutating func removeNetwork(_ id: String, _ ref: ProjectRef) throws(EngineError) {
        guard let network = networks[id] else { return }
        guard network.ref == ref else { throw .refused(status: 409, message: "network \(id) is not the project's") }
        let isUsed = containers.values.contains { $0.networkIDs.values.contains(id) && $0.state.isUp }
        if heldNetworks.contains(ref) || isUsed {
            throw .networkInUse(
                message: "error while removing network: network \(network.name) id \(id) has active endpoints")
        }
        networks[id] = nil
    }

    mutating func createVolume(_ volume: DesiredVolume, _ ref: ProjectRef) throws(EngineError) {
        if let present = volumes[volume.name], present.ref != ref {
            throw .nameTaken(message: "volume \(volume.name) exists and is not the project's")
        }
        // As Docker does it: creating a volume that exists changes nothing.
        if volumes[volume.name] == nil {
            volumes[volume.name] = FakeVolume(
                name: volume.name, ref: ref, mark: newMark(), composeName: volume.composeName,
                identity: volume.identity)
        }
    }

    mutating func removeVolume(_ name: String, _ ref: ProjectRef) throws(EngineError) {
        guard let volume = volumes[name] else { return }
        guard volume.ref == ref else { throw .refused(status: 409, message: "volume \(name) is not the project's") }
        if containers.values.contains(where: { $0.volumes.contains(name) }) {
            throw .refused(status: 409, message: "remove \(name): volume is in use")
        }
        volumes[name] = nil
    }

    mutating func pull(_ image: String) throws(EngineError) {
        if unpullableImages.contains(image) {
            throw .refused(status: 404, message: "pull access denied for \(image), repository does not exist")
        }
        images.insert(image)
    }

    mutating func createContainer(_ service: DesiredService, _ ref: ProjectRef) throws(EngineError) {
        guard images.contains(service.spec.image) else { throw .imageMissing(service.spec.image) }
        if containers.values.contains(where: { $0.name == service.containerName }) {
            throw .nameTaken(message: "Conflict. The container name \(service.containerName) is already in use")
        }
        var mounted: [String] = []
        for case .volume(let name) in service.spec.mounts.map(\.source) {
            mounted.append(name)
            // As Docker does it: a missing volume is created on the spot, with the labels that the mount names, which
            // are the project's, and without the mark of the manager.
            if volumes[name] == nil { volumes[name] = FakeVolume(name: name, ref: ref, mark: newMark()) }
        }
        let id = newID()
        containers[id] = FakeContainer(
            id: id, name: service.containerName, ref: ref, service: service,
            ports: service.spec.ports.map(\.hostPort), volumes: mounted)
    }
}

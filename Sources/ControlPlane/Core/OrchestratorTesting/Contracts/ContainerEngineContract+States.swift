import Orchestrator
import ProjectModel
import Reconciler

extension ContractRun {
    /// Start, stop, restart; each twice, since what is already as asked for is success.
    func checkStates(of created: ObservedContainer) async throws {
        try await perform(.startContainer(name: created.name, service: .db))
        try await perform(.startContainer(name: created.name, service: .db))
        let running = try await container(.db)
        try promise("a started container runs under the same id", running.state == .running && running.id == created.id)
        for network in [network, inner] {
            let address = running.attachments.first { $0.network == network.name }?.address
            let isInside = address.flatMap { IPv4Network(containing: $0, prefixLength: 32) }
                .map { $0.overlaps(network.subnet) }
            try promise("a running container has an address on each of its networks", isInside == true)
        }
        let started = running.startedAt
        try promise("a running container has a time of its start", started != nil)
        let stop = EngineOperation.stopContainer(id: created.id, service: .db, gracePeriod: .seconds(1))
        try await perform(stop)
        try await perform(stop)
        let stopped = try await container(.db)
        try promise("a stopped container has exited", stopped.state == .exited && stopped.exitCode != nil)
        try await perform(.restartContainer(id: created.id, service: .db, gracePeriod: .seconds(1)))
        let restarted = try await container(.db)
        try promise("a restart starts what was stopped", restarted.state == .running)
        let isLater = restarted.startedAt.flatMap { later in started.map { later >= $0 } }
        try promise("a restart begins a new run", isLater == true)
        _ = try await engine.logTail(ofContainer: created.id, lines: 5)
        try await checkMissing()
    }

    private func checkMissing() async throws {
        let absent = String(repeating: "0", count: 64)
        try await perform(.stopContainer(id: absent, service: .db, gracePeriod: .seconds(1)))
        try await perform(.removeContainer(id: absent, service: .db))
        try await perform(.removeNetwork(id: absent, name: "absent"))
        try await perform(.removeVolume(name: surroundings.namePrefix + "absent"))
        let restart = EngineOperation.restartContainer(id: absent, service: .db, gracePeriod: .seconds(1))
        guard case .notFound = try await refusal(restart) else {
            throw ContractViolation("restarting what does not exist is refused as notFound")
        }
    }

    func checkPorts() async throws {
        let port = surroundings.ports.0
        try promise("ports of running containers are in use", try await engine.overview().use.ports.contains(port))
        let rival = service(.rest, port: port)
        try await perform(.createContainer(rival))
        guard
            case .portTaken(let named, _) = try await refusal(
                .startContainer(name: rival.containerName, service: .rest))
        else { throw ContractViolation("starting on a port in use is refused as portTaken") }
        try promise("the refusal names the port, if any", named == nil || named == port)
        let other = try await container(.rest)
        try promise("what was refused does not run", !other.state.isUp)
        try await perform(.removeContainer(id: other.id, service: .rest))
    }

    func checkRemovals() async throws {
        let observed = try await engine.observe(ref)
        guard observed.networks.count == 2, let container = observed.containers.first else {
            throw ContractViolation("what was made is still listed")
        }
        for network in observed.networks {
            guard case .networkInUse = try await refusal(.removeNetwork(id: network.id, name: network.name)) else {
                throw ContractViolation("removing a network that is in use is refused as networkInUse")
            }
        }
        _ = try await refusal(.removeVolume(name: volume.name))
        try await perform(.removeContainer(id: container.id, service: container.service))
        try await perform(.removeContainer(id: container.id, service: container.service))
        for network in observed.networks {
            try await perform(.removeNetwork(id: network.id, name: network.name))
        }
        try await perform(.removeVolume(name: volume.name))
        try promise("nothing is left after removal", try await engine.observe(ref).isEmpty)
        try promise(
            "a project without objects is not in the overview", try await engine.overview().fingerprints[ref] == nil)
    }
}

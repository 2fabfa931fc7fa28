import Orchestrator
import ProjectModel
import Reconciler

extension EngineState {
    /// Wait of the engine's restart policy before the first restart; it doubles each time.
    static let policyWait: Duration = .milliseconds(100)
    /// Exit code of a process that was killed.
    static let killed = 137

    mutating func start(_ id: String, at now: Timestamp) throws(EngineError) {
        guard var container = containers[id] else { throw .notFound(message: "No such container: \(id)") }
        if container.state == .running { return }
        if let refusal = behaviour(of: container).refusal { throw refusal }
        // As Docker does it: a later start joins what the first one did, and nothing that was disconnected since.
        let places = (container.service?.spec.networks ?? []).filter { place in
            container.state == .created || container.networkIDs[place.network] != nil
        }
        let networks = try places.map { place throws(EngineError) in try network(of: container, named: place.network) }
        try checkPorts(of: container)
        for (place, network) in zip(places, networks) {
            container.networkIDs[place.network] = network.id
            container.addresses[place.network] = try address(for: container, at: place, on: network)
        }
        container.restartCount = 0
        container.restartAt = nil
        containers[id] = container
        noteViolations(of: container, at: now)
        run(id, at: now)
    }

    /// The process begins.
    mutating func run(_ id: String, at now: Timestamp) {
        guard var container = containers[id] else { return }
        container.state = .running
        container.startedAt = now
        container.startedOnClock = now + clockError
        container.restartAt = nil
        container.end = behaviour(of: container).exit.map { (now + $0.after, $0.code) }
        containers[id] = container
        settleEnd(of: container, at: now)
    }

    /// The process ends; the engine restarts it by its policy, unless it was stopped on request.
    mutating func end(_ id: String, code: Int, at now: Timestamp, manually: Bool) {
        guard var container = containers[id] else { return }
        container.state = .exited
        container.exitCode = code
        container.end = nil
        container.restartAt = nil
        if !manually, restarts(container, after: code) {
            container.state = .restarting
            container.restartCount += 1
            container.restartAt = now + Self.policyWait * (1 << min(container.restartCount - 1, 10))
        }
        containers[id] = container
        if let ref = container.ref { changed.append(ref) }
    }

    private func restarts(_ container: FakeContainer, after code: Int) -> Bool {
        switch container.service?.spec.restartPolicy {
        case .always, .unlessStopped: true
        case .onFailure(let limit): code != 0 && container.restartCount < limit ?? .max
        case .no, nil: false
        }
    }

    /// Brings the engine's own processes up to date: ends and restarts that are due, and calls that were carried out
    /// late.
    mutating func settle(at now: Timestamp) {
        let due = late.filter { $0.due <= now }
        late.removeAll { $0.due <= now }
        for call in due {
            let before = observed(call.ref).objectNames
            // The caller is gone: the error has no receiver.
            do { try carryOut(call.operation, call.ref, at: now) } catch { continue }
            unseen[call.ref, default: []].formUnion(observed(call.ref).objectNames.subtracting(before))
        }
        let pending = containers.values.filter { $0.endAt != nil || $0.restartAt != nil }
        for container in pending.sorted(by: { $0.id < $1.id }) {
            settleEnd(of: container, at: now)
            if let restart = container.restartAt, restart <= now {
                run(container.id, at: restart)
                if let ref = container.ref { changed.append(ref) }
            }
        }
    }

    /// The events to send to subscribers now.
    mutating func takeEvents(at now: Timestamp) -> [ProjectRef] {
        defer { changed = [] }
        guard !isDown else {
            heldEvents = []
            return []
        }
        if !dropsEvents {
            for ref in changed {
                let longest = eventDelayMax.wholeMilliseconds
                let delay = longest > 0 ? Int64.random(in: 0...longest, using: &generator) : 0
                heldEvents.append((now + .milliseconds(delay), ref))
            }
        }
        let due = heldEvents.filter { $0.due <= now }.sorted { $0.due < $1.due }.map(\.ref)
        heldEvents.removeAll { $0.due <= now }
        return due
    }

    private mutating func settleEnd(of container: FakeContainer, at now: Timestamp) {
        guard container.state == .running, let end = container.end, end.at <= now else { return }
        self.end(container.id, code: end.code, at: end.at, manually: false)
    }

    /// A network that the container joins: the one it joined before, else the one of that name.
    private func network(of container: FakeContainer, named name: String) throws(EngineError) -> FakeNetwork {
        if let joined = container.networkIDs[name].flatMap({ networks[$0] }) { return joined }
        guard let network = networks.values.first(where: { $0.name == name }) else {
            throw .notFound(message: "network \(name) not found")
        }
        return network
    }

    private func checkPorts(of container: FakeContainer) throws(EngineError) {
        let others = containers.values.filter { $0.id != container.id && $0.state.isUp }
        for port in container.ports
        where hostPorts.contains(port) || others.contains(where: { $0.ports.contains(port) }) {
            throw .portTaken(port, message: "Bind for 127.0.0.1:\(port) failed: port is already allocated")
        }
    }

    private func address(
        for container: FakeContainer, at place: ContainerSpec.NetworkAttachment, on network: FakeNetwork
    ) throws(EngineError) -> IPv4Address? {
        guard let subnet = network.subnet else { return nil }
        let used = Set(
            containers.values.filter { other in
                other.id != container.id && other.state.isUp && other.networkIDs[network.name] == network.id
            }.compactMap { $0.addresses[network.name] })
        if let wanted = place.address {
            if used.contains(wanted) { throw .refused(status: 403, message: "Address already in use") }
            return wanted
        }
        for number in 2..<UInt32(clamping: subnet.addressCount - 1) {
            if let candidate = subnet.address(at: number), !used.contains(candidate) { return candidate }
        }
        throw .refused(status: 403, message: "no available IPv4 addresses on this network's address pools")
    }

    /// A real service started before what it depends on ends with an error, or hangs. Here it is written down.
    private mutating func noteViolations(of container: FakeContainer, at now: Timestamp) {
        guard let service = container.service else { return }
        for dependency in service.dependencies {
            let other = containers.values.first { $0.ref == container.ref && $0.service?.name == dependency.service }
            let isMet =
                switch dependency.condition {
                case .healthy: other.map { isAnswering($0, at: now) || ($0.state == .exited && $0.exitCode == 0) }
                case .started: other.map { $0.state.isUp || ($0.state == .exited && $0.exitCode == 0) }
                case .completed: other.map { $0.state == .exited && $0.exitCode == 0 }
                }
            if isMet != true {
                violations.append("\(service.name) was started while \(dependency.service) was not there yet")
            }
        }
    }
}

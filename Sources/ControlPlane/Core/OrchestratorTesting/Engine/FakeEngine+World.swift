import Orchestrator
public import ProjectModel
public import Reconciler
import Synchronization

/// Actions of tests on the engine behind the manager's back, and readings of it. None of it is counted as a call.
extension FakeEngine {
    // MARK: Arrange

    /// Sets how the processes of a service behave from their next start on; readiness changes at once.
    public func behave(_ service: ServiceName, as behaviour: ServiceBehaviour) {
        touch { $0.behaviours[service] = behaviour }
    }

    /// Sets how the processes of an image behave, in every service.
    public func behave(image: String, as behaviour: ServiceBehaviour) {
        touch { $0.imageBehaviours[image] = behaviour }
    }

    /// Sets how processes behave that have a variable of this value in their environment.
    public func behave(variable name: String, of value: String, as behaviour: ServiceBehaviour) {
        touch { $0.environmentBehaviours["\(name)=\(value)"] = behaviour }
    }

    /// Makes images known to the engine.
    public func addImages(_ images: Set<String>) { touch { $0.images.formUnion(images) } }

    /// Makes the engine forget images.
    public func removeImages(_ images: Set<String>) { touch { $0.images.subtract(images) } }

    /// Makes pulls of an image fail, or succeed again.
    public func setPullable(_ isPullable: Bool, image: String) {
        touch { state in
            if isPullable { state.unpullableImages.remove(image) } else { state.unpullableImages.insert(image) }
        }
    }

    /// A process of the host listens on a port, or ends.
    public func setHostPort(_ port: UInt16, isTaken: Bool) {
        touch { state in if isTaken { state.hostPorts.insert(port) } else { state.hostPorts.remove(port) } }
    }

    /// Connects a foreign container to the networks of a project, or removes it; or the engine has lost count.
    public func setNetworksHeld(_ areHeld: Bool, of ref: ProjectRef) {
        touch { state in if areHeld { state.heldNetworks.insert(ref) } else { state.heldNetworks.remove(ref) } }
    }

    /// A fault for the call of this number (from 1), or none.
    public func setFault(_ fault: EngineFault?, atCall number: Int) { touch { $0.faults[number] = fault } }

    /// The engine goes away (all calls fail, subscriptions end) or comes back.
    public func setDown(_ isDown: Bool) {
        touch { $0.isDown = isDown }
        guard isDown else { return }
        let ended = subscribers.withLock { subscribers in
            defer { subscribers = [:] }
            return Array(subscribers.values)
        }
        ended.forEach { $0.finish(throwing: EngineError.unavailable("connection reset")) }
    }

    /// Whether events are lost on their way.
    public func setDropsEvents(_ drops: Bool) { touch { $0.dropsEvents = drops } }

    /// Lets each event come late by up to this time, and so out of order.
    public func setEventDelay(upTo longest: Duration) { touch { $0.eventDelayMax = longest } }

    /// Adds a network that is not ours.
    public func addForeignNetwork(named name: String, subnet: IPv4Network) {
        touch { state in
            let id = state.newID()
            state.networks[id] = FakeNetwork(id: id, name: name, subnet: subnet, ref: nil)
        }
    }

    /// Adds a volume that is not ours.
    public func addForeignVolume(named name: String) { touch { $0.volumes[name] = FakeVolume(name: name, ref: nil) } }

    /// Adds a running container that is not ours.
    public func addForeignContainer(named name: String, ports: [UInt16] = []) {
        touch { state in
            let id = state.newID()
            state.containers[id] = FakeContainer(id: id, name: name, ref: nil, ports: ports, state: .running)
        }
    }

    // MARK: Disturb

    /// The process of a service is killed from outside; the engine's restart policy has its say.
    public func kill(_ service: ServiceName, of ref: ProjectRef, code: Int = 137) {
        let now = steadyNow
        touch { state in
            guard let id = state.container(service, ref)?.id else { return }
            state.end(id, code: code, at: now, manually: false)
        }
    }

    /// Changes the state of a container by hand: freezes, stops or removes it.
    public func setState(_ container: ObservedContainer.State?, of service: ServiceName, in ref: ProjectRef) {
        let now = steadyNow
        touch { state in
            guard let id = state.container(service, ref)?.id else { return }
            switch container {
            case nil: state.containers[id] = nil
            case .exited: state.end(id, code: 0, at: now, manually: true)
            case .running: state.run(id, at: now)
            case .some(let other): state.containers[id]?.state = other
            }
            state.changed.append(ref)
        }
    }

    // MARK: Inspect

    /// All calls so far, in the order in which they were carried out.
    public var calls: [EngineCallRecord] { state.withLock(\.calls) }

    /// Services that were started before what they depend on.
    public var violations: [String] { state.withLock(\.violations) }

    /// Observations of projects so far.
    public var observationCount: Int { state.withLock(\.observationCount) }

    /// What the engine holds for a project at this moment.
    public func contents(of ref: ProjectRef) -> ObservedStack { touch { $0.observed(ref) } }

    /// The container of a service at this moment.
    public func container(_ service: ServiceName, of ref: ProjectRef) -> ObservedContainer? {
        touch { $0.container(service, ref)?.observed }
    }

    /// Names of all objects that belong to no project of ours, sorted.
    public var foreignNames: [String] {
        touch { state in
            let networks = state.networks.values.filter { $0.ref == nil }.map { "network \($0.name)" }
            let volumes = state.volumes.values.filter { $0.ref == nil }.map { "volume \($0.name)" }
            let containers = state.containers.values.filter { $0.ref == nil }.map { "container \($0.name)" }
            return (networks + volumes + containers).sorted()
        }
    }

    /// Whether the service at an address answers at this moment.
    func isAnswering(at address: IPv4Address) -> Bool {
        let now = steadyNow
        return touch { state in
            state.containers.values.contains { $0.addresses.values.contains(address) && state.isAnswering($0, at: now) }
        }
    }
}

extension EngineState {
    func container(_ service: ServiceName, _ ref: ProjectRef) -> FakeContainer? {
        containers.values.first { $0.ref == ref && $0.service?.name == service }
    }
}

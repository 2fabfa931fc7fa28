import ProjectModel

/// Plans the way to "all services run": network and volumes, images, containers, and the start of each service whose
/// dependencies are met now. What has to wait is noted with its reason; a later pass continues from there.
func planRunning(_ desired: DesiredStack, _ input: ReconcileInput) -> Plan {
    var planner = RunningPlanner(desired: desired, input: input)
    if input.replacesOneByOne {
        planner.planUpgrade()
        return planner.plan
    }
    planner.planNetworks()
    planner.planVolumes()
    planner.planUnknownContainers()
    for name in startOrder(desired.services) {
        if let service = desired.services[name] { planner.planService(service) }
    }
    return planner.plan
}

struct RunningPlanner {
    let desired: DesiredStack
    let input: ReconcileInput
    var plan = Plan()
    /// Steps that create networks, by the network's name on the engine.
    var networkSteps: [String: Int] = [:]
    var volumeSteps: [String: Int] = [:]
    var imageSteps: [String: Int] = [:]
    /// Removals that an unwanted network forced, by the container's id.
    var removals: [String: Int] = [:]
    /// Removals of containers that are not to be replaced one by one, by the name that they free.
    var freedNames: [String: Int] = [:]
    /// Steps after which a service has been started.
    var startSteps: [ServiceName: Int] = [:]
    /// Services whose present container is going to be replaced or restarted: not ready any more.
    var disturbed: Set<ServiceName> = []
    /// How many services cannot come up before each.
    let dependents: [ServiceName: Int]

    init(desired: DesiredStack, input: ReconcileInput) {
        self.desired = desired
        self.input = input
        dependents = desired.dependentCounts
    }

    /// A network with another subnet than the desired one, or that the template does not name, is removed with
    /// everything on it, before a desired one is created: the subnets of the two may overlap. Its containers get their
    /// time to stop, dependents before the service that they depend on.
    mutating func planNetworks() {
        let present = input.observed.networks.sorted { $0.id < $1.id }
        let unwanted = present.filter { network in
            !desired.networks.contains { $0.name == network.name && $0.subnet == network.subnet }
        }
        let removed = Set(unwanted.map(\.name))
        planRemovals(on: removed)
        let steps = unwanted.map { network in
            let cause =
                desired.networks.contains { $0.name == network.name }
                ? "its subnet is not the leased one" : "the template has no place for it"
            return plan.add(
                .removeNetwork(id: network.id, name: network.name), because: cause, after: removals.values.sorted())
        }
        for network in desired.networks
        where !present.contains(where: { $0.name == network.name && $0.subnet == network.subnet }) {
            networkSteps[network.name] = plan.add(
                .createNetwork(network),
                because: removed.contains(network.name) ? "its subnet has changed" : "not found", after: steps)
        }
    }

    private mutating func planRemovals(on networks: Set<String>) {
        let cause = "its network changes"
        let rank = Dictionary(uniqueKeysWithValues: startOrder(desired.services).enumerated().map { ($1, $0) })
        let affected = input.observed.containers.filter { container in
            container.attachments.contains { networks.contains($0.network) }
        }
        var stops: [ServiceName: Int] = [:]
        let running = affected.filter(\.state.isUp).sorted { left, right in
            let ranks = [left, right].map { $0.service.flatMap { rank[$0] } ?? -1 }
            return (-ranks[0], left.id) < (-ranks[1], right.id)
        }
        var stopped: [String: Int] = [:]
        for container in running {
            let service = container.service.flatMap { desired.services[$0] }
            let dependents = container.service.map { desired.dependents(of: $0) } ?? []
            let stop = plan.add(
                .stopContainer(
                    id: container.id, service: container.service,
                    gracePeriod: service?.spec.stopGracePeriod ?? .seconds(10)),
                because: cause, after: dependents.compactMap { stops[$0] })
            if let name = container.service { stops[name] = stop }
            stopped[container.id] = stop
        }
        for container in affected.sorted(by: { $0.id < $1.id }) {
            let removal = plan.add(
                .removeContainer(id: container.id, service: container.service), because: cause,
                after: [stopped[container.id]].compactMap { $0 })
            removals[container.id] = removal
            freedNames[container.name] = removal
        }
    }

    mutating func planVolumes() {
        let present = Set(input.observed.volumes.map(\.name))
        let wanted = desired.volumes.values.filter { volume in
            !present.contains(volume.name) && !input.data.irreplaceable.contains(volume.name)
        }
        for volume in wanted.sorted(by: { $0.name < $1.name }) {
            volumeSteps[volume.name] = plan.add(.createVolume(volume), because: "not found")
        }
    }

    mutating func planService(_ service: DesiredService) {
        if let refusal = input.data.refusals[service.name] {
            // What runs on is left to its owner; what depends on it is not started on top of it.
            disturbed.insert(service.name)
            return plan.wait(service.name, for: refusal)
        }
        guard let container = input.observed.container(of: service.name) else {
            return planFresh(service, because: "not found", after: nil)
        }
        if let removal = removals[container.id] {
            return planFresh(service, because: "its network has changed", after: removal)
        }
        if container.configHash != service.configHash {
            return planReplacement(of: container, service, because: "its configuration has changed")
        }
        if container.name != service.containerName {
            return planReplacement(of: container, service, because: "its name is not the template's")
        }
        if container.state == .dead || container.state == .removing {
            return planReplacement(of: container, service, because: "its container is \(container.state.rawValue)")
        }
        if container.state == .created, container.lacksNetwork(of: service) {
            return planReplacement(of: container, service, because: "it has not joined all its networks")
        }
        if container.isUnreachable(as: service) {
            return planReplacement(of: container, service, because: "it was disconnected from the project's network")
        }
        if container.state.isUp { return planRestart(of: container, service) }
        if service.runsOnce, container.state == .exited, container.exitCode == 0 { return }
        planStart(
            service, because: container.state == .created ? "not started yet" : "it has ended",
            after: createdNetworks(of: service))
    }

    private mutating func planReplacement(
        of container: ObservedContainer, _ service: DesiredService, because cause: String
    ) {
        disturbed.insert(service.name)
        // What runs is not touched before its successor's image is there.
        let image = [planImage(of: service)].compactMap { $0 }
        var previous = image
        if container.state.isUp {
            previous += [
                plan.add(
                    .stopContainer(
                        id: container.id, service: service.name, gracePeriod: service.spec.stopGracePeriod),
                    because: cause, after: image)
            ]
        }
        let removal = plan.add(
            .removeContainer(id: container.id, service: service.name), because: cause, after: previous)
        planFresh(service, because: cause, after: removal)
    }

    private mutating func planFresh(_ service: DesiredService, because cause: String, after removal: Int?) {
        disturbed.insert(service.name)
        let freed = freedNames[service.containerName]
        var after = [removal, freed, planImage(of: service)].compactMap { $0 }
        after += createdNetworks(of: service)
        for case .volume(let name) in service.spec.mounts.map(\.source) {
            after += [volumeSteps[name]].compactMap { $0 }
        }
        let creation = plan.add(
            .createContainer(service), because: cause, after: Array(Set(after)),
            dependents: dependents[service.name] ?? 0)
        planStart(service, because: "just created", after: [creation])
    }

    /// Steps that create what a service's container joins.
    private func createdNetworks(of service: DesiredService) -> [Int] {
        service.spec.networks.compactMap { networkSteps[$0.network] }
    }

    mutating func planImage(of service: DesiredService) -> Int? {
        let image = service.spec.image
        guard service.spec.pullsImage, input.missingImages.contains(image) else { return nil }
        if let known = imageSteps[image] { return known }
        let number = plan.add(.pullImage(image), because: "not on this engine")
        imageSteps[image] = number
        return number
    }

    private mutating func planStart(_ service: DesiredService, because cause: String, after: [Int]) {
        if let hold = input.backingOff[service.name] { return plan.wait(service.name, for: hold) }
        switch dependenciesMet(service) {
        case .failure(let unmet): plan.wait(service.name, for: unmet.cause)
        case .success(let steps):
            startSteps[service.name] = plan.add(
                .startContainer(name: service.containerName, service: service.name), because: cause,
                after: after + steps, dependents: dependents[service.name] ?? 0)
        }
    }

    private mutating func planRestart(of container: ObservedContainer, _ service: DesiredService) {
        let request = requestedRestart(of: container, service.name)
        guard let cause = request ?? input.unresponsive[service.name] else { return }
        disturbed.insert(service.name)
        if let hold = input.backingOff[service.name] { return plan.wait(service.name, for: hold) }
        switch dependenciesMet(service) {
        case .failure(let unmet): plan.wait(service.name, for: "\(cause), but \(unmet.cause)")
        case .success(let steps):
            startSteps[service.name] = plan.add(
                .restartContainer(
                    id: container.id, service: service.name, gracePeriod: service.spec.stopGracePeriod),
                because: cause, after: steps, dependents: dependents[service.name] ?? 0,
                restsOnProbes: request == nil)
        }
    }

    private func requestedRestart(of container: ObservedContainer, _ service: ServiceName) -> String? {
        if container.state == .paused { return "it was frozen from outside" }
        if let before = input.restartBefore, let started = container.startedAt, started < before,
            input.restartServices.map({ $0.contains(service) }) ?? true
        {
            return "a restart was requested"
        }
        return nil
    }

    private struct Unmet: Error { let cause: String }

    private func dependenciesMet(_ service: DesiredService) -> Result<[Int], Unmet> {
        var steps: [Int] = []
        for dependency in service.dependencies {
            let name = dependency.service
            let container = input.observed.container(of: name)
            switch dependency.condition {
            case .healthy:
                guard input.ready.contains(name), !disturbed.contains(name) else {
                    return .failure(Unmet(cause: "\(name) is not ready"))
                }
            case .started:
                if let step = startSteps[name] {
                    steps.append(step)
                } else if container.map({ isStarted($0, name) }) != true || disturbed.contains(name) {
                    return .failure(Unmet(cause: "\(name) is not started"))
                }
            case .completed:
                guard container?.state == .exited, container?.exitCode == 0, !disturbed.contains(name) else {
                    return .failure(Unmet(cause: "\(name) has not completed"))
                }
            }
        }
        return .success(steps)
    }

    /// Whether a container counts as started: one that runs once may have ended well by now.
    private func isStarted(_ container: ObservedContainer, _ name: ServiceName) -> Bool {
        container.state.isUp
            || desired.services[name]?.runsOnce == true && container.state == .exited && container.exitCode == 0
    }

    /// Containers with the project's label that the template does not know (any more), and duplicates.
    mutating func planUnknownContainers() {
        for container in input.observed.containers.sorted(by: { $0.id < $1.id })
        where removals[container.id] == nil {
            if let name = container.service, desired.services[name] != nil,
                input.observed.container(of: name)?.id == container.id
            {
                continue
            }
            freedNames[container.name] = plan.add(
                .removeContainer(id: container.id, service: container.service),
                because: "the template has no place for it")
        }
    }
}

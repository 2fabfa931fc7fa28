public import ProjectModel

/// The whole input of a plan. Equal inputs lead to equal plans.
public struct ReconcileInput: Sendable, Equatable {
    /// The goal of the project's status.
    public var goal: ProjectStatus.Goal
    /// The rendered template; needed for the goal `running` only.
    public var desired: DesiredStack?
    public var observed: ObservedStack
    /// Services whose present container has passed its probe.
    public var ready: Set<ServiceName>
    /// Images that the engine does not have.
    public var missingImages: Set<String>
    /// Containers that were started before this time are restarted.
    public var restartBefore: Timestamp?
    /// Services that ``restartBefore`` is about; nil for all.
    public var restartServices: Set<ServiceName>?
    /// Services not to be started just now, with the reason (a back-off that has not run out).
    public var backingOff: [ServiceName: String]
    /// Running services to be restarted because they do not answer, with the reason.
    public var unresponsive: [ServiceName: String]
    /// The restrictions for the project's data.
    public var data: DataVerdict
    /// Whether services are replaced one after the other, each when its predecessor is ready, and none before all
    /// images are there.
    public var replacesOneByOne: Bool

    /// An input; everything but goal, desired and observed is empty by default.
    public init(
        goal: ProjectStatus.Goal, desired: DesiredStack?, observed: ObservedStack, ready: Set<ServiceName> = [],
        missingImages: Set<String> = [], restartBefore: Timestamp? = nil, restartServices: Set<ServiceName>? = nil,
        backingOff: [ServiceName: String] = [:], unresponsive: [ServiceName: String] = [:],
        data: DataVerdict = DataVerdict(),
        replacesOneByOne: Bool = false
    ) {
        self.goal = goal
        self.desired = desired
        self.observed = observed
        self.ready = ready
        self.missingImages = missingImages
        self.restartBefore = restartBefore
        self.restartServices = restartServices
        self.backingOff = backingOff
        self.unresponsive = unresponsive
        self.data = data
        self.replacesOneByOne = replacesOneByOne
    }
}

/// Compares what should be with what is and says what to do next. Pure: no clock, no engine, no memory.
public func reconcile(_ input: ReconcileInput) -> Plan {
    switch (input.goal, input.desired) {
    case (.running, .some(let desired)): planRunning(desired, input)
    case (.running, .none): Plan()
    case (.stopped, _): planStopped(input)
    case (.absent, _): planAbsent(input.observed)
    }
}

/// Removes everything with the project's label: containers at once, then what they used.
private func planAbsent(_ observed: ObservedStack) -> Plan {
    var plan = Plan()
    let removals = observed.containers.sorted { $0.id < $1.id }.map { container in
        plan.add(.removeContainer(id: container.id, service: container.service), because: "the project is to go")
    }
    for network in observed.networks.sorted(by: { $0.id < $1.id }) {
        plan.add(.removeNetwork(id: network.id, name: network.name), because: "the project is to go", after: removals)
    }
    for volume in observed.volumes.sorted(by: { $0.name < $1.name }) {
        plan.add(.removeVolume(name: volume.name), because: "the project is to go", after: removals)
    }
    return plan
}

/// Everything stops, what depends on a service before the service itself. Containers, volumes and network stay.
private func planStopped(_ input: ReconcileInput) -> Plan {
    var plan = Plan()
    let services = input.desired?.services ?? [:]
    var stops: [ServiceName: [Int]] = [:]
    let order = startOrder(services)
    let rank = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    let running = input.observed.containers.filter(\.state.isUp).sorted { left, right in
        let ranks = [left, right].map { $0.service.flatMap { rank[$0] } ?? -1 }
        return (-ranks[0], left.id) < (-ranks[1], right.id)
    }
    for container in running {
        let name = container.service
        let waitsFor = name.map { input.desired?.dependents(of: $0) ?? [] } ?? []
        let number = plan.add(
            .stopContainer(
                id: container.id, service: name,
                gracePeriod: name.flatMap { services[$0]?.spec.stopGracePeriod } ?? .seconds(10)),
            because: "the project is paused", after: waitsFor.flatMap { stops[$0] ?? [] })
        if let name { stops[name, default: []].append(number) }
    }
    return plan
}

/// Services in an order in which each comes after all it depends on; equal ones by name. A cycle, which the template
/// loader refuses, is cut at some point rather than followed for ever.
func startOrder(_ services: [ServiceName: DesiredService]) -> [ServiceName] {
    var order: [ServiceName] = []
    var visited: Set<ServiceName> = []
    func visit(_ name: ServiceName) {
        guard let service = services[name], visited.insert(name).inserted else { return }
        service.dependencies.map(\.service).sorted().forEach(visit)
        order.append(name)
    }
    services.keys.sorted().forEach(visit)
    return order
}

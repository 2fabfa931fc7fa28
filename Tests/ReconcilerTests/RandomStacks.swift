import ProjectModel
import Reconciler
import Testing

@testable import OrchestratorTesting

/// A random stack and a random state of an engine that may or may not fit it.
struct RandomCase {
    let desired: DesiredStack
    var engine: EngineState
    var generator: SeededGenerator
    var now = Timestamp(milliseconds: 1_000_000_000)
    /// Volumes that exist before anything is done: they must survive unless the project is to go.
    let volumesBefore: Set<String>

    init(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let desired = try Self.stack(&generator)
        var engine = EngineState(seed: seed)
        if Bool.random(using: &generator) { engine.images = Set(desired.services.values.map(\.spec.image)) }
        try Self.fill(&engine, for: desired, &generator)
        volumesBefore = Set(engine.volumes.keys)
        (self.desired, self.engine, self.generator) = (desired, engine, generator)
    }

    private static func stack(_ generator: inout SeededGenerator) throws -> DesiredStack {
        let names = (0..<Int.random(in: 1...8, using: &generator)).map { ServiceName.named("s\($0)") }
        let shuffled = names.shuffled(using: &generator)
        var services: [DesiredService] = []
        for (index, name) in shuffled.enumerated() {
            let earlier = shuffled.prefix(index)
            let count = min(earlier.count, Int.random(in: 0...2, using: &generator))
            let dependencies = earlier.shuffled(using: &generator).prefix(count).map { other in
                let runsOnce = services.first { $0.name == other }?.runsOnce == true
                return Dependency(
                    on: other, runsOnce ? .completed : Bool.random(using: &generator) ? .healthy : .started)
            }
            services.append(
                Stacks.service(
                    name, after: dependencies, volume: Bool.random(using: &generator) ? "v\(index % 3)" : nil,
                    image: "image\(Int.random(in: 0...3, using: &generator))",
                    runsOnce: Int.random(in: 0..<6, using: &generator) == 0))
        }
        var networks = ["p_default": Stacks.subnet]
        if Bool.random(using: &generator) {
            networks = ["p_default": "10.201.0.0/28", "p_inner": "10.201.0.16/28"]
            for index in services.indices {
                let both = [ContainerSpec.NetworkAttachment(network: "p_default"), .init(network: "p_inner")]
                services[index].spec.networks = [both, [both[0]], [both[1]]].randomElement(using: &generator) ?? both
            }
        }
        return try Stacks.stack(services, volumes: ["v0", "v1", "v2"], networks: networks)
    }

    /// Objects as any history could have left them: some missing, some outdated, some twice, some in odd states.
    private static func fill(
        _ engine: inout EngineState, for desired: DesiredStack, _ generator: inout SeededGenerator
    ) throws {
        func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &generator) == 0 }
        // Besides wanted networks, some with a subnet of before, and one that an older template had.
        var networks: [String: String] = [:]
        for wanted in desired.networks where !chance(3) {
            let subnet = chance(4) ? IPv4Network("10.250.\(networks.count).0/27") : wanted.subnet
            let id = engine.newID()
            engine.networks[id] = FakeNetwork(id: id, name: wanted.name, subnet: subnet, ref: desired.ref)
            networks[wanted.name] = id
        }
        let covered = engine.networks.values.compactMap(\.subnet)
        if chance(4), let old = IPv4Network("10.201.0.16/28"), !covered.contains(where: old.overlaps) {
            let id = engine.newID()
            engine.networks[id] = FakeNetwork(id: id, name: "p_old", subnet: old, ref: desired.ref)
            networks["p_old"] = id
        }
        for name in desired.volumes.keys.sorted() + ["leftover"] where chance(2) {
            engine.volumes[name] = FakeVolume(name: name, ref: desired.ref)
        }
        guard !networks.isEmpty else { return }
        for service in desired.services.values.sorted(by: { $0.name < $1.name }) {
            for copy in 0..<Int.random(in: 0...2, using: &generator) {
                var container = FakeContainer(
                    id: engine.newID(), name: copy == 0 ? service.containerName : "\(service.containerName)-\(copy)",
                    ref: desired.ref, service: service)
                if chance(4) { container.service?.configHash = "outdated" }
                if chance(8) { container.service = nil }
                container.state = ObservedContainer.State.allCases.randomElement(using: &generator) ?? .created
                if container.state != .created {
                    let wanted = Set(service.spec.networks.map(\.network))
                    container.networkIDs = networks.filter { wanted.contains($0.key) ? !chance(5) : chance(5) }
                    container.startedAt = Stacks.longAgo
                    container.exitCode = Int.random(in: 0...1, using: &generator)
                }
                engine.containers[container.id] = container
            }
        }
    }

    var observed: ObservedStack { engine.observed(desired.ref) }

    /// Services that answer: those whose present container runs, or has ended well where that is its purpose.
    var answering: Set<ServiceName> {
        Set(
            desired.services.values.filter { service in
                guard let container = observed.container(of: service.name), container.configHash == service.configHash
                else { return false }
                return container.state == .running && !service.runsOnce
                    || container.state == .exited && container.exitCode == 0 && service.runsOnce
            }.map(\.name))
    }

    var missingImages: Set<String> { Set(desired.services.values.map(\.spec.image)).subtracting(engine.images) }

    func input(_ goal: ProjectStatus.Goal, ready: Set<ServiceName>) -> ReconcileInput {
        ReconcileInput(goal: goal, desired: desired, observed: observed, ready: ready, missingImages: missingImages)
    }

    /// Makes the calls of a plan in a random order that respects its edges; what is refused leaves out what waits
    /// for it. Processes that run once end well, the engine's own restarts happen.
    mutating func carryOut(_ plan: Plan, onStep check: (EngineOperation, ObservedStack) -> Void) -> Int {
        now = now + .seconds(100)
        var open = plan.steps
        var succeeded: Set<Int> = []
        var refusals = 0
        while let index = open.indices.filter({ succeeded.isSuperset(of: open[$0].after) }).randomElement(
            using: &generator)
        {
            let step = open.remove(at: index)
            check(step.operation, observed)
            do {
                try engine.carryOut(step.operation, desired.ref, at: now)
                succeeded.insert(step.number)
            } catch { refusals += 1 }
        }
        passTime()
        return refusals
    }

    private mutating func passTime() {
        for container in engine.containers.values {
            if container.state == .running, container.service?.runsOnce == true {
                engine.end(container.id, code: 0, at: now, manually: false)
            }
            if container.state == .restarting { engine.run(container.id, at: now) }
            if container.state == .removing { engine.containers[container.id] = nil }
        }
    }
}

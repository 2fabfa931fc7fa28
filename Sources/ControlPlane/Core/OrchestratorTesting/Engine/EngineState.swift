import Orchestrator
import ProjectModel
import Reconciler

/// Everything a ``FakeEngine`` holds, as a value: each call is a function of it, so nothing happens half.
struct EngineState: Sendable {
    var networks: [String: FakeNetwork] = [:]
    var volumes: [String: FakeVolume] = [:]
    var containers: [String: FakeContainer] = [:]
    var images: Set<String> = []
    var unpullableImages: Set<String> = []
    /// Projects whose networks the engine refuses to remove.
    var heldNetworks: Set<ProjectRef> = []
    /// Ports on which processes of the host listen.
    var hostPorts: Set<UInt16> = []
    var behaviours: [ServiceName: ServiceBehaviour] = [:]
    /// Behaviours of images, which count before those of services.
    var imageBehaviours: [String: ServiceBehaviour] = [:]
    /// Behaviours of services with a variable of this value in their environment, `NAME=VALUE`; they precede all
    /// others.
    var environmentBehaviours: [String: ServiceBehaviour] = [:]
    var violations: [String] = []
    /// Refs of objects that have changed since the last observation.
    var changed: [ProjectRef] = []
    var calls: [EngineCallRecord] = []
    var callCount = 0
    var observationCount = 0
    var faults: [Int: EngineFault] = [:]
    var late: [(due: Timestamp, operation: EngineOperation, ref: ProjectRef)] = []
    /// Objects that calls created late and that no manager has observed yet.
    var unseen: [ProjectRef: Set<String>] = [:]
    var isDown = false
    /// By how much the host's clock differs from the time that the engine itself counts with.
    var clockError: Duration = .zero
    var dropsEvents = false
    /// Most delay of an event; each is delayed by a time of its own, so that they overtake each other.
    var eventDelayMax: Duration = .zero
    var heldEvents: [(due: Timestamp, ref: ProjectRef)] = []
    var generator: SeededGenerator
    var lastID = 0

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func newMark() -> Int {
        lastID += 1
        return lastID
    }

    mutating func newID() -> String {
        lastID += 1
        let number = String(lastID, radix: 16)
        // Ids of a real engine say nothing about the order of creation: neither do these.
        let shuffle = String(UInt32.random(in: .min ... .max, using: &generator), radix: 16)
        return shuffle + "-" + number
    }

    func behaviour(of container: FakeContainer) -> ServiceBehaviour {
        guard let service = container.service else { return ServiceBehaviour() }
        if !environmentBehaviours.isEmpty {
            for (name, value) in service.spec.environment.reveal() {
                if let behaviour = environmentBehaviours["\(name)=\(value)"] { return behaviour }
            }
        }
        return imageBehaviours[service.spec.image] ?? behaviours[service.name] ?? ServiceBehaviour()
    }

    func isAnswering(_ container: FakeContainer, at now: Timestamp) -> Bool {
        guard container.state == .running, let started = container.startedAt else { return false }
        let behaviour = behaviour(of: container)
        return behaviour.answers && now.since(started) >= behaviour.bootTime
    }

    /// Makes one call.
    mutating func carryOut(_ operation: EngineOperation, _ ref: ProjectRef, at now: Timestamp) throws(EngineError) {
        switch operation {
        case .createNetwork(let network): try createNetwork(network, ref)
        case .createVolume(let volume): try createVolume(volume, ref)
        case .pullImage(let image): try pull(image)
        case .createContainer(let service): try createContainer(service, ref)
        case .startContainer(let name, _): try start(try named(name, ref).id, at: now)
        case .restartContainer(let id, _, _):
            let container = try identified(id, ref)
            if container.state.isUp { end(id, code: 0, at: now, manually: true) }
            try start(id, at: now)
        case .stopContainer(let id, _, _):
            guard containers[id] != nil else { return }
            if try identified(id, ref).state.isUp { end(id, code: 0, at: now, manually: true) }
        case .removeContainer(let id, _):
            guard containers[id] != nil else { return }
            _ = try identified(id, ref)
            containers[id] = nil
        case .removeNetwork(let id, _): try removeNetwork(id, ref)
        case .removeVolume(let name): try removeVolume(name, ref)
        }
        changed.append(ref)
    }

    private func named(_ name: String, _ ref: ProjectRef) throws(EngineError) -> FakeContainer {
        guard let container = containers.values.first(where: { $0.name == name }) else {
            throw .notFound(message: "No such container: \(name)")
        }
        return try identified(container.id, ref)
    }

    private func identified(_ id: String, _ ref: ProjectRef) throws(EngineError) -> FakeContainer {
        guard let container = containers[id] else { throw .notFound(message: "No such container: \(id)") }
        guard container.ref == ref else { throw .refused(status: 409, message: "container \(id) is not the project's") }
        return container
    }
}

extension ObservedStack {
    /// The identities of its objects.
    var objectNames: Set<String> { Set(networks.map(\.id) + volumes.map(\.name) + containers.map(\.id)) }
}

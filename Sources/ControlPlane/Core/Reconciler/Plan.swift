public import ProjectModel

/// One call to the engine.
public enum EngineOperation: Sendable, Equatable {
    case createNetwork(DesiredNetwork)
    case createVolume(DesiredVolume)
    case pullImage(String)
    case createContainer(DesiredService)
    case startContainer(name: String, service: ServiceName)
    case restartContainer(id: String, service: ServiceName, gracePeriod: Duration)
    case stopContainer(id: String, service: ServiceName?, gracePeriod: Duration)
    case removeContainer(id: String, service: ServiceName?)
    case removeNetwork(id: String, name: String)
    case removeVolume(name: String)

    /// The service concerned, where there is one.
    public var service: ServiceName? {
        switch self {
        case .createContainer(let desired): desired.name
        case .startContainer(_, let service), .restartContainer(_, let service, _): service
        case .stopContainer(_, let service, _), .removeContainer(_, let service): service
        case .createNetwork, .createVolume, .pullImage, .removeNetwork, .removeVolume: nil
        }
    }
}

extension EngineOperation: CustomStringConvertible {
    /// The text form.
    public var description: String {
        switch self {
        case .createNetwork(let network): "network \(network.composeName) CreateNetwork"
        case .createVolume(let volume): "volume \(volume.composeName) CreateVolume"
        case .pullImage(let image): "image \(image) PullImage"
        case .createContainer(let desired): "\(desired.name) CreateContainer"
        case .startContainer(_, let service): "\(service) StartContainer"
        case .restartContainer(_, let service, _): "\(service) RestartContainer"
        case .stopContainer(let id, let service, _): "\(service?.text ?? id) StopContainer"
        case .removeContainer(let id, let service): "\(service?.text ?? id) RemoveContainer"
        case .removeNetwork(_, let name): "network \(name) RemoveNetwork"
        case .removeVolume(let name): "volume \(name) RemoveVolume"
        }
    }
}

/// What to do next, as a value: steps with their causes and the steps each waits for. It prints itself, one line a
/// step, and that text is what people and tests read.
public struct Plan: Sendable, Equatable {
    /// One call and why.
    public struct Step: Sendable, Equatable {
        /// Position in the plan, from 1.
        public let number: Int
        /// The call.
        public let operation: EngineOperation
        /// Why it is made.
        public let cause: String
        /// Numbers of the steps that must have succeeded before; always smaller than ``number``.
        public let after: [Int]
        /// Services that cannot come up before this step is done.
        public let dependents: Int
        /// Whether it rests on what probes say at the moment, and not on what is recorded: it is right only for as long
        /// as that is fresh.
        public let restsOnProbes: Bool
    }

    /// A service that should run and is not started yet, and why.
    public struct Waiting: Sendable, Equatable {
        public let service: ServiceName
        /// What it waits for.
        public let cause: String
    }

    /// Steps in an order in which they could run one after the other.
    public private(set) var steps: [Step] = []
    /// Services that are not started yet, with the reason.
    public private(set) var waiting: [Waiting] = []

    /// Services that wait for an image, by the image.
    public private(set) var pulls: [String: Set<ServiceName>] = [:]

    public init() {}

    /// Whether there are no steps.
    public var isEmpty: Bool { steps.isEmpty }

    /// Adds a step that waits for earlier ones and returns its number. A number that is not in the plan yet is left
    /// out, so a cycle cannot be written down.
    @discardableResult
    public mutating func add(
        _ operation: EngineOperation, because cause: String, after: [Int] = [], dependents: Int = 0,
        restsOnProbes: Bool = false
    ) -> Int {
        let number = steps.count + 1
        steps.append(
            Step(
                number: number, operation: operation, cause: cause, after: after.filter { $0 < number }.sorted(),
                dependents: dependents, restsOnProbes: restsOnProbes))
        return number
    }

    /// How urgent each step is, in the order of the steps: the services that wait for it or for any step after it.
    public var urgencies: [Int] {
        var urgencies = steps.map(\.dependents)
        for step in steps.reversed() {
            for earlier in step.after {
                urgencies[earlier - 1] = max(urgencies[earlier - 1], urgencies[step.number - 1])
            }
        }
        return urgencies
    }

    /// Notes that a service waits for an image.
    public mutating func wait(_ service: ServiceName, forImage image: String) {
        pulls[image, default: []].insert(service)
        wait(service, for: "its image \(image) is not on this engine yet")
    }

    /// Notes that a service has to wait.
    public mutating func wait(_ service: ServiceName, for cause: String) {
        waiting.append(Waiting(service: service, cause: cause))
    }
}

extension Plan: CustomStringConvertible {
    /// The text form.
    public var description: String {
        let calls = steps.map { "\($0.after) -> #\($0.number) \($0.operation), \($0.cause)" }
        let waits = waiting.map { "\($0.service) waits, \($0.cause)" }
        return (calls + waits).joined(separator: "\n")
    }
}

public import ProjectModel
public import Reconciler

/// The container engine as the orchestration sees it. Every call concerns only objects with this installation's label;
/// foreign objects are visible only as ports and networks in use.
public protocol ContainerEngine: Sendable {
    /// All networks, volumes and containers of one project.
    func observe(_ ref: ProjectRef) async throws(EngineError) -> ObservedStack
    /// What the engine holds altogether, from one list of each kind of object and nothing more.
    func overview() async throws(EngineError) -> EngineOverview
    /// Those of `images` that the engine does not have.
    func missingImages(_ images: Set<String>) async throws(EngineError) -> Set<String>
    /// Makes exactly one call. What is already as asked for (stopped, removed) is success.
    func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError)
    /// The last lines that a container wrote to its standard output and error.
    func logTail(ofContainer id: String, lines: Int) async throws(EngineError) -> LogTail
    /// Runs a command in a container and gives its exit code.
    func runCommand(_ command: [String], inContainer id: String) async throws(EngineError) -> Int
    /// What happens on the engine, until the connection ends. The first element is always
    /// ``EngineEvent/connected``: from then on nothing is missed, so that is the moment to list everything.
    func events() -> AsyncThrowingStream<EngineEvent, any Error>
    /// Whether the engine answers; throws what is wrong.
    func ping() async throws(EngineError)
}

/// The engine's objects in outline: enough to decide which projects need a pass.
public struct EngineOverview: Sendable, Equatable {
    /// Projects of this installation with objects on the engine. A fingerprint is equal to that of an
    /// ``ContainerEngine/observe(_:)`` for as long as the same objects are there and the same runs of the containers.
    public var fingerprints: [ProjectRef: StackFingerprint]
    /// Host ports that containers hold at the moment and subnets of all networks, ours or not.
    public var use: EngineUse

    public init(fingerprints: [ProjectRef: StackFingerprint] = [:], use: EngineUse = EngineUse()) {
        self.fingerprints = fingerprints
        self.use = use
    }
}

/// A hint that an object has changed. It names the project, not the action.
public enum EngineEvent: Sendable, Equatable {
    /// The subscription stands.
    case connected
    /// Something happened to an object of a project.
    case changed(ProjectRef)
}

/// Why a call to the engine failed.
public enum EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The engine could not be reached, or the answer was lost.
    case unavailable(String)
    /// The host port is already in use.
    case portTaken(UInt16?, message: String)
    /// The subnet overlaps another network.
    case subnetTaken(message: String)
    /// The name belongs to something else.
    case nameTaken(message: String)
    /// The network cannot be removed: something is connected to it, or the engine believes so.
    case networkInUse(message: String)
    /// The engine does not have the image.
    case imageMissing(String)
    /// There is no such object (any more).
    case notFound(message: String)
    /// This manager may not change anything: another one acts.
    case notActive
    /// The call was not made: its decision is too old.
    case outdated
    /// What was asked for can never be done: the engine does not understand it, such as an image's name that is none.
    case invalid(message: String)
    /// Any other refusal, with the engine's own words; the status of its answer, where that was one of failure.
    case refused(status: Int?, message: String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .unavailable(let reason): "the engine does not answer: \(reason)"
        case .portTaken(let port, let message): "host port \(port.map(String.init) ?? "") is taken: \(message)"
        case .subnetTaken(let message): "the subnet is taken: \(message)"
        case .nameTaken(let message): "the name is taken: \(message)"
        case .networkInUse(let message): "the network is in use: \(message)"
        case .imageMissing(let image): "the engine does not have the image \(image)"
        case .notFound(let message): message
        case .notActive: "\(NotActiveManager())"
        case .outdated: "the call was put off: the observation behind it is too old"
        case .invalid(let message): "the engine rejects the call permanently: \(message)"
        case .refused(.some(let status), let message): "the engine refused with \(status): \(message)"
        case .refused(.none, let message): "the engine failed: \(message)"
        }
    }

    /// Whether the same call will never succeed.
    public var isPermanent: Bool { if case .invalid = self { true } else { false } }

    /// Whether the same call may succeed later without an intervention.
    public var isTransient: Bool {
        switch self {
        case .unavailable, .notActive, .outdated: true
        default: false
        }
    }
}

public import Orchestrator
public import ProjectModel
public import Reconciler

/// How the process of a service behaves on a ``FakeEngine``.
public struct ServiceBehaviour: Sendable, Equatable {
    /// Time from start to the first answer.
    public var bootTime: Duration
    /// Whether it ever answers.
    public var answers: Bool
    /// Exit code and running time, when it exits unasked.
    public var exit: Exit?
    /// What the engine says instead of starting it.
    public var refusal: EngineError?
    /// What it writes to its log.
    public var log: String

    /// An exit of the process.
    public struct Exit: Sendable, Equatable {
        /// Exit code.
        public var code: Int
        /// Time from start to end.
        public var after: Duration

        public init(code: Int, after: Duration) {
            self.code = code
            self.after = after
        }
    }

    /// A process; by default one that runs and answers after 200 ms.
    public init(
        bootTime: Duration = .milliseconds(200), answers: Bool = true, exit: Exit? = nil,
        refusal: EngineError? = nil, log: String = "listening\n"
    ) {
        self.bootTime = bootTime
        self.answers = answers
        self.exit = exit
        self.refusal = refusal
        self.log = log
    }
}

/// A fault of one call to a ``FakeEngine``.
public enum EngineFault: Sendable, Equatable {
    /// The engine refuses; nothing happens.
    case refuse(EngineError)
    /// The engine carries the call out, but its answer is lost.
    case loseAnswer
    /// The answer is lost at once, and the engine carries the call out only later.
    case carryOutLate(after: Duration)
}

/// One call that a ``FakeEngine`` was asked to make.
public struct EngineCallRecord: Sendable, Equatable {
    /// Number of the call, from 1, counting ``ContainerEngine/perform(_:for:)`` only.
    public var number: Int
    /// The call.
    public var operation: EngineOperation
    public var ref: ProjectRef
    /// When it was carried out or refused.
    public var at: Timestamp
    /// The error that the caller gets; nil for success.
    public var error: EngineError?
}

/// A network of a ``FakeEngine``; one without a ref is not ours.
struct FakeNetwork: Sendable, Equatable {
    var id: String
    var name: String
    var subnet: IPv4Network?
    var ref: ProjectRef?
}

/// A volume of a ``FakeEngine``; one without a ref is not ours.
struct FakeVolume: Sendable, Equatable {
    var name: String
    var ref: ProjectRef?
    /// Distinguishes a volume from a later one of the same name.
    var mark = 0
    /// Key in the Compose file.
    var composeName: String?
    /// Mark that the manager gave it.
    var identity: String?
}

/// A container of a ``FakeEngine``; one without a ref is not ours.
struct FakeContainer: Sendable, Equatable {
    var id: String
    var name: String
    var ref: ProjectRef?
    var service: DesiredService?
    var ports: [UInt16] = []
    var volumes: [String] = []
    /// Networks that it joined at its first start: ids by name.
    var networkIDs: [String: String] = [:]
    var state: ObservedContainer.State = .created
    var exitCode: Int?
    var startedAt: Timestamp?
    /// The same as the host's clock had it.
    var startedOnClock: Timestamp?
    var restartCount = 0
    /// Its address on each network, by the network's name.
    var addresses: [String: IPv4Address] = [:]
    /// When its process exits, and how.
    var end: (at: Timestamp, code: Int)? {
        get { endAt.map { ($0, endCode) } }
        set { (endAt, endCode) = (newValue?.at, newValue?.code ?? 0) }
    }
    var endAt: Timestamp?
    var endCode = 0
    /// When the engine's restart policy starts it again.
    var restartAt: Timestamp?

    var observed: ObservedContainer {
        var container = ObservedContainer(
            id: id, name: name, service: service?.name, configHash: service?.configHash ?? "", state: state,
            exitCode: exitCode, startedAt: startedOnClock, restartCount: restartCount, attachments: attachments)
        container.isHelper = service?.spec.labels[DesiredService.helperLabel] != nil
        return container
    }

    /// Places on networks: asked for until the first start, then those that it has joined.
    private var attachments: [ObservedContainer.Attachment] {
        let names = state == .created ? service?.spec.networks.map(\.network) ?? [] : Array(networkIDs.keys)
        let hasAddress = state == .running || state == .paused
        return names.sorted().map { .init(network: $0, address: hasAddress ? addresses[$0] : nil) }
    }
}

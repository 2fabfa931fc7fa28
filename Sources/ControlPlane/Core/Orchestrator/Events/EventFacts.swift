public import ProjectModel

/// What is known about an event, as values. It holds no secret: texts come redacted, and the log of a failed service is
/// left out.
public struct EventFacts: Sendable, Equatable {
    /// Most services of one event.
    public static let servicesMax = 100
    /// Longest text in Unicode scalars.
    public static let textLengthMax = 2_000
    /// Longest name, address or identifier in Unicode scalars.
    public static let nameLengthMax = 512

    /// Status before a transition.
    public var statusBefore: ProjectStatus?
    public var statusAfter: ProjectStatus?
    /// The operation that the event belongs to, by id.
    public var operation: String?
    /// E-mail address of the requester of that operation; nil for what the manager does without a request.
    public var actor: String?
    /// The template version from which an upgrade or its way back leads.
    public var templateBefore: TemplateDigest?
    /// The template version to which it leads; of a new project the one that it is made from.
    public var templateAfter: TemplateDigest?
    /// What failed, without the service's log.
    public var failure: ProjectFailure?
    /// How services were restarted.
    public var restart: RestartAction?
    /// The services concerned.
    public var services: [ServiceFacts] = []
    /// The image concerned.
    public var image: String?

    /// No facts.
    public init() {}

    /// The same within the bounds.
    var bounded: EventFacts {
        var facts = self
        facts.operation = operation?.bounded(to: Self.nameLengthMax)
        facts.actor = actor?.bounded(to: Self.nameLengthMax)
        facts.image = image?.bounded(to: Self.nameLengthMax)
        facts.failure = failure.map { failure in
            ProjectFailure(service: failure.service, message: failure.message.bounded(to: Self.textLengthMax))
        }
        facts.services = services.prefix(Self.servicesMax).map { service in
            var service = service
            service.container = service.container?.bounded(to: Self.nameLengthMax)
            return service
        }
        return facts
    }
}

/// What an event knows about one service.
public struct ServiceFacts: Sendable, Equatable {
    public var service: ServiceName
    /// The engine's id of its container; of a replaced one that of the previous container.
    public var container: String?
    /// Exit code of the container's last run that was over, as the engine says.
    public var exitCode: Int?
    /// Whether the kernel ended it for lack of memory.
    public var isOutOfMemory: Bool
    /// Starts by the manager since the last run that lasted, this one included.
    public var attempts: Int?

    /// Facts about a service.
    public init(
        service: ServiceName, container: String? = nil, exitCode: Int? = nil, isOutOfMemory: Bool = false,
        attempts: Int? = nil
    ) {
        self.service = service
        self.container = container
        self.exitCode = exitCode
        self.isOutOfMemory = isOutOfMemory
        self.attempts = attempts
    }
}

/// How the manager restarted a service. The raw value is the name on the wire and in the database.
public enum RestartAction: String, Sendable, CaseIterable {
    /// Its container was restarted.
    case restarted
    /// Another container took the place of the previous one.
    case replaced
    /// Its container had ended and was started again.
    case startedAgain = "started_again"

    /// The same in a sentence.
    var words: String {
        switch self {
        case .restarted: "restarted"
        case .replaced: "replaced"
        case .startedAgain: "started again"
        }
    }
}

extension String {
    /// The first scalars, without the NUL that PostgreSQL stores in no text.
    fileprivate func bounded(to length: Int) -> String {
        guard unicodeScalars.count > length || unicodeScalars.contains("\0") else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.lazy.filter { $0 != "\0" }.prefix(length)))
    }
}

public import ProjectModel

/// What one pass has read. A decision depends on this and on the ``ReconcileState`` alone.
public enum Observation: Sendable, Equatable {
    /// The record, and what the engine holds for it.
    case project(ObservedProject)
    /// There is no record. What the engine holds nevertheless, and whether it differs from the last pass.
    case unrecorded(ObservedStack, isNews: Bool)
    /// The project's template or keys cannot be used.
    case unrenderable(RecordedProject, reason: String)
    /// The engine does not answer for now; the results of the probes meanwhile.
    case engineUnavailable(RecordedProject, reason: String, health: [ServiceName: ServiceHealth], now: Timestamp)
    /// Another input could not be read.
    case unreadable(reason: String)
}

/// What a project's record says, as far as decisions rest on it.
public struct RecordedProject: Sendable, Equatable {
    /// The project's status.
    public var status: ProjectStatus
    /// When it got it.
    public var statusChangedAt: Timestamp
    /// The last failure, if any.
    public var failure: FailureReason?
    /// The template version in force; see ``hasTemplateBefore`` for the other one of an upgrade.
    public var template: TemplateDigest?
    /// Whether the version that the project had before an upgrade is known.
    public var hasTemplateBefore: Bool
    /// Containers started before this time are restarted.
    public var restartRequestedAt: Timestamp?
    /// Services that ``restartRequestedAt`` is about; nil for all.
    public var restartServices: Set<ServiceName>?
    /// The operation in progress.
    public var operation: ProjectOperationKind?

    /// A record's part; everything but the status is absent by default.
    public init(
        status: ProjectStatus, statusChangedAt: Timestamp, failure: FailureReason? = nil,
        template: TemplateDigest? = nil, hasTemplateBefore: Bool = false, restartRequestedAt: Timestamp? = nil,
        restartServices: Set<ServiceName>? = nil, operation: ProjectOperationKind? = nil
    ) {
        self.status = status
        self.statusChangedAt = statusChangedAt
        self.failure = failure
        self.template = template
        self.hasTemplateBefore = hasTemplateBefore
        self.restartRequestedAt = restartRequestedAt
        self.restartServices = restartServices
        self.operation = operation
    }
}

/// Why a project is not what it should be.
public struct FailureReason: Sendable, Equatable {
    /// The service that failed, where one did.
    public var service: ServiceName?
    /// What happened.
    public var message: String

    public init(service: ServiceName? = nil, message: String) {
        self.service = service
        self.message = message
    }

    /// Service and reason in one text.
    public var inWords: String { service.map { "\($0): \(message)" } ?? message }
}

/// A project with a record, as one pass has found it.
public struct ObservedProject: Sendable, Equatable {
    public var record: RecordedProject
    /// The desired stack; nil when the goal needs no template.
    public var desired: DesiredStack?
    /// What the engine holds and a plan may touch: kept volumes are left out.
    public var observed: ObservedStack
    /// Whether volumes are left out of ``observed``.
    public var keepsVolumes: Bool
    /// The restrictions for the project's data.
    public var data: DataVerdict
    /// Probe tallies.
    public var health: [ServiceName: ServiceHealth]
    /// Those of ``imagesInQuestion(_:)`` that the engine does not have.
    public var missingImages: Set<String>
    /// Whether this manager acts; a standby only observes.
    public var isActing: Bool
    /// The time of the observation.
    public var now: Timestamp

    /// A project from its parts; nothing of it is healthy by default.
    public init(
        record: RecordedProject, desired: DesiredStack?, observed: ObservedStack, keepsVolumes: Bool = false,
        data: DataVerdict = DataVerdict(), health: [ServiceName: ServiceHealth] = [:],
        missingImages: Set<String> = [], isActing: Bool = true, now: Timestamp
    ) {
        self.record = record
        self.desired = desired
        self.observed = observed
        self.keepsVolumes = keepsVolumes
        self.data = data
        self.health = health
        self.missingImages = missingImages
        self.isActing = isActing
        self.now = now
    }
}

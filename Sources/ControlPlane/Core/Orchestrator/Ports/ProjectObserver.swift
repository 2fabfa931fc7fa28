public import ProjectModel
public import Reconciler

/// What requests learn of running projects, and how they ask for a pass over one. They read what passes and probes have
/// found; only a service's log is read from the engine.
public protocol ProjectObserver: Sendable {
    /// Asks for a pass over a project, soon.
    func wake(_ ref: ProjectRef) async
    /// What all services of a project are doing, by name.
    func services(of record: ProjectRecord) async -> [ServiceReport]
    /// Present health of a project's services.
    func tallies(of ref: ProjectRef) async -> [ServiceName: ServiceHealth]
    /// Where the container listens that publishes a host port; nil while none runs.
    func address(behind port: UInt16, of ref: ProjectRef) async -> ServiceAddress?
    /// The last lines that a service's container wrote; nil when it has none.
    func logTail(of service: ServiceName, in ref: ProjectRef, lines: Int) async throws(EngineError) -> LogTail?
}

/// The state of one service of a project, for the health endpoints of the API.
public struct ServiceReport: Sendable, Equatable {
    public var service: ServiceName
    public var state: Assessment.ServiceState
    /// The state of each role that has a probe of its own, where the service has several.
    public var roles: [ServiceRole: Assessment.ServiceState]
    /// When it was last probed.
    public var observedAt: Timestamp?
    /// How far its image is; nil while none is pulled for it.
    public var imagePull: ImagePull?

    public init(
        service: ServiceName, state: Assessment.ServiceState, roles: [ServiceRole: Assessment.ServiceState] = [:],
        observedAt: Timestamp? = nil, imagePull: ImagePull? = nil
    ) {
        self.service = service
        self.state = state
        self.roles = roles
        self.observedAt = observedAt
        self.imagePull = imagePull
    }

    /// What it is doing in a role.
    public func state(of role: ServiceRole) -> Assessment.ServiceState { roles[role] ?? state }
}

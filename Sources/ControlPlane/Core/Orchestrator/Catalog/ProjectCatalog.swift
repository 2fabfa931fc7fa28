public import ProjectModel
public import Reconciler

/// Requests to projects. Requests change records and ask for a pass; the state of running projects comes from the
/// ``ProjectObserver``.
public struct ProjectCatalog: Sendable {
    /// Attempts to find leases that a concurrent request does not take. Where the broker draws at random, a second one
    /// is rare; where it takes the lowest, this is also the number of concurrent requests that all succeed.
    static let leaseAttemptsMax = 64
    /// Attempts to change a status that is changed concurrently, as a rule by the loop.
    static let requestAttemptsMax = 8

    let store: any ProjectStore
    let custody: any CustodyStore
    let templates: TemplateLibrary
    let minter: any KeyMinter
    let broker: LeaseBroker
    let observer: any ProjectObserver
    let redactors: Redactors
    let memory: any DatabaseMemory
    let organizationLimit: Int?
    let time: any TimeSource
    let drawRef: @Sendable () -> ProjectRef

    /// A catalogue on its ports.
    ///
    /// - Parameters:
    ///   - organizationLimit: Projects that an organization may have; nil for any number.
    ///   - redactors: Shared with the loop, so that each project's is built once.
    ///   - drawRef: Draws the ref of a new project; simulations bring their own.
    public init(
        store: any ProjectStore, custody: any CustodyStore, templates: TemplateLibrary, minter: any KeyMinter,
        broker: LeaseBroker, observer: any ProjectObserver, memory: any DatabaseMemory,
        organizationLimit: Int? = nil, redactors: Redactors = Redactors(), time: any TimeSource = SystemTime(),
        drawRef: @escaping @Sendable () -> ProjectRef = ProjectCatalog.randomRef
    ) {
        self.store = store
        self.custody = custody
        self.templates = templates
        self.minter = minter
        self.broker = broker
        self.observer = observer
        self.redactors = redactors
        self.memory = memory
        self.organizationLimit = organizationLimit
        self.time = time
        self.drawRef = drawRef
    }

    /// A ref from the system's generator.
    public static let randomRef: @Sendable () -> ProjectRef = {
        var generator = SystemRandomNumberGenerator()
        return ProjectRef(using: &generator)
    }

    /// The project, unless it is deleted or there never was one.
    public func project(_ ref: ProjectRef) async throws(CatalogError) -> ProjectRecord {
        guard let record = try await stored({ () async throws(StoreError) in try await store.project(ref) }),
            record.status != .deleted
        else {
            throw .notFound(ref)
        }
        return record
    }

    /// One page of projects.
    public func projects(_ query: ProjectQuery) async throws(CatalogError) -> ProjectPage {
        try await stored { () async throws(StoreError) in try await store.projects(query) }
    }

    /// Outlines of all projects.
    public func outlines() async throws(CatalogError) -> [ProjectRef: RecordOutline] {
        try await stored { () async throws(StoreError) in try await store.outlines() }
    }

    /// The latest events of a project, newest first.
    public func events(of ref: ProjectRef, limit: Int) async throws(CatalogError) -> [ProjectEvent] {
        _ = try await project(ref)
        return try await stored { () async throws(StoreError) in try await store.events(of: ref, limit: limit) }
    }

    /// The project's secrets in the clear. Minted once: every call gives the same.
    public func secrets(of ref: ProjectRef) async throws(CatalogError) -> [String: Secret<String>] {
        let sealed = try await stored { () async throws(StoreError) in try await store.secrets(of: ref) }
        do { return try minter.open(sealed, of: ref) } catch { throw .keys(error) }
    }

    /// Where the project's gateway is reached from outside; nil while it has no ports, and for a project without one.
    public func endpoint(of record: ProjectRecord) async throws(CatalogError) -> ProjectEndpoint? {
        guard let leases = record.leases else { return nil }
        return try await templates.renderer(for: record).endpoint(of: leases)
    }

    /// Whether another version of the project's stack is installed than the one that it has.
    public func isUpgradeAvailable(for record: ProjectRecord) -> Bool { templates.newerVersion(for: record) != nil }

    /// Asks for a change of status: pause, resume, restart or delete. Repeating the request in progress changes nothing
    /// and succeeds.
    ///
    /// - Parameter requester: The requester's e-mail address.
    public func request(
        _ event: ProjectLifecycle.Event, of ref: ProjectRef, by requester: String = ""
    ) async throws(CatalogError) -> ProjectRecord {
        try await request(event, of: ref, cancelling: nil, by: requester)
    }

    func request(
        _ event: ProjectLifecycle.Event, of ref: ProjectRef, cancelling id: String?, by requester: String
    ) async throws(CatalogError) -> ProjectRecord {
        for _ in 1...Self.requestAttemptsMax {
            let record = try await project(ref)
            if let id { try await requireOpen(id, of: ref) }
            switch ProjectLifecycle.answer(to: event, in: record.status) {
            case .stay: return record
            case .refuse: throw try await conflict(record, event)
            case .transition(let status):
                guard try await transition(record, event, to: status, cancelling: id, by: requester) else { continue }
                await AfterCommit.run { await observer.wake(ref) }
                return try await project(ref)
            }
        }
        throw .changedMeanwhile(ref)
    }

    /// False when the status or a lease was changed concurrently: the caller decides again.
    private func transition(
        _ record: ProjectRecord, _ event: ProjectLifecycle.Event, to status: ProjectStatus, cancelling id: String?,
        by requester: String
    ) async throws(CatalogError) -> Bool {
        var transition = try await statusTransition(record, event, to: status)
        transition.cancels = id
        transition.requester = requester.isEmpty ? nil : requester
        transition.opens = ProjectOperationKind(beginningWith: event, in: record.status)
            .map { NewOperation($0, requestedBy: requester) }
        do { return try await store.transition(record.ref, transition) } catch .leaseTaken { return false } catch {
            throw .store(error)
        }
    }

    private func statusTransition(
        _ record: ProjectRecord, _ event: ProjectLifecycle.Event, to status: ProjectStatus
    ) async throws(CatalogError) -> StatusTransition {
        var transition = StatusTransition(from: record.status, to: status, cause: "on request", at: time.now())
        transition.requestsRestart = event == .restartRequested
        if event == .cancelRequested {
            transition.cause = Self.cancelled
            transition.failure = status == .rollingBack ? ProjectFailure(message: Self.cancelled) : record.failure
        }
        if record.status == .failed, status == .provisioning {
            try await reattach(record.ref)
            // Nothing of it exists: it restarts with the installed version, as a new project does.
            let version = try templates.stack(record.stack).version
            let needs = try requirements(record.services.map(\.text), version.renderer)
            do {
                transition.leases = .acquire(try await broker.choose(ports: needs.ports, at: time.now()))
            } catch { throw .leases(error) }
            try await templates.store(version)
            transition.template = version.content.digest
            transition.secrets = try await missingSecrets(needs, of: record.ref)
        }
        return transition
    }

    /// The reason of a cancelled creation.
    static let cancelled = "cancelled on request"

    /// A project with what its stack declares.
    public func stack(of record: ProjectRecord) async throws(CatalogError) -> ProjectStack {
        ProjectStack(record, roles: try await templates.roles(for: record))
    }

    /// What the stack that new projects have by default declares.
    public func roles() throws(CatalogError) -> StackRoles {
        let renderer = try templates.stack(nil).version.renderer
        do { return try renderer.roles() } catch { throw .template(error) }
    }

    func requirements(
        _ services: [String]?, _ renderer: any StackRenderer
    ) throws(CatalogError) -> StackRequirements {
        do { return try renderer.requirements(services: services) } catch { throw .template(error) }
    }

    func stored<Value>(_ body: () async throws(StoreError) -> Value) async throws(CatalogError) -> Value {
        do { return try await body() } catch { throw .store(error) }
    }
}

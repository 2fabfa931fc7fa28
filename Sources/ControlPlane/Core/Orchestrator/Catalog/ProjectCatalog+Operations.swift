public import ProjectModel
public import Reconciler

/// Why an operation has not come further, or how it ended.
public struct OperationExplanation: Sendable, Equatable {
    public var operation: ProjectOperation
    /// The project's status.
    public var status: ProjectStatus
    /// Whether it is past its deadline and still in progress.
    public var isOverdue: Bool
    /// The service that blocks, as this manager sees it.
    public var blocking: Blocking?

    /// A service that blocks.
    public struct Blocking: Sendable, Equatable {
        public var service: ServiceName
        public var state: Assessment.ServiceState?
        /// The result of its last failed probe.
        public var probeOutput: String?
        /// When it was last probed.
        public var observedAt: Timestamp?
        /// The end of its log, without secrets; or why there is none.
        public var logTail: String
    }
}

extension OperationExplanation {
    /// Takes out what a service wrote: its log, and the output of a probe that runs inside of it.
    public mutating func withholdLogs() {
        guard blocking != nil else { return }
        blocking?.logTail = "(needs the permission analytics_logs_read)"
        blocking?.probeOutput = nil
    }
}

extension ProjectCatalog {
    /// Lines of a blocking service's log.
    static let explainedLogLines = 40

    /// The latest operations of a project, newest first.
    public func operations(of ref: ProjectRef, limit: Int) async throws(CatalogError) -> [ProjectOperation] {
        try await stored { () async throws(StoreError) in try await store.operations.operations(of: ref, limit: limit) }
    }

    public func operation(_ id: String, of ref: ProjectRef) async throws(CatalogError) -> ProjectOperation {
        let found = try await stored { () async throws(StoreError) in
            try await store.operations.operation(id, of: ref)
        }
        guard let found else { throw .noOperation(id) }
        return found
    }

    /// The operation in progress of a project, if any.
    public func openOperation(of ref: ProjectRef) async throws(CatalogError) -> ProjectOperation? {
        try await stored { () async throws(StoreError) in try await store.operations.openOperation(of: ref) }
    }

    /// Takes back an operation that has not ended: a creation is rolled back, a pause resumed, a resume paused
    /// again, and an upgrade brings back the version before.
    ///
    /// - Throws: ``CatalogError/notCancellable(_:)`` for one that has ended, and for a restart or a deletion.
    public func cancel(
        _ id: String, of ref: ProjectRef, by requester: String = ""
    ) async throws(CatalogError) -> ProjectOperation {
        switch try await requireOpen(id, of: ref).kind {
        case .create, .pause, .resume, .upgrade, .restore: break
        case .restart:
            throw .notCancellable("a restart cannot be taken back: containers have been stopped for it already")
        case .settingsChange:
            throw .notCancellable(
                "a change of settings cannot be taken back while the database restarts with it: change them again"
                    + " afterwards. Settings with which it does not start are reverted automatically")
        case .delete: throw .notCancellable("a deletion cannot be cancelled: data may already be destroyed")
        }
        _ = try await request(.cancelRequested, of: ref, cancelling: id, by: requester)
        return try await operation(id, of: ref)
    }

    @discardableResult
    func requireOpen(_ id: String, of ref: ProjectRef) async throws(CatalogError) -> ProjectOperation {
        let operation = try await operation(id, of: ref)
        guard operation.state.isOpen else {
            throw .notCancellable("the \(operation.kind.rawValue) has ended already: it \(operation.state.rawValue)")
        }
        return operation
    }

    /// What keeps an operation from getting on: the record of the active manager, and what this one sees.
    public func explain(_ id: String, of ref: ProjectRef) async throws(CatalogError) -> OperationExplanation {
        let operation = try await operation(id, of: ref)
        let record = try await project(ref)
        var explanation = OperationExplanation(
            operation: operation, status: record.status, isOverdue: operation.isOverdue(at: time.now()))
        guard let service = operation.progress.service ?? record.failure?.service else { return explanation }
        let report = await observer.services(of: record).first { $0.service == service }
        let tally = await observer.tallies(of: ref)[service]
        explanation.blocking = OperationExplanation.Blocking(
            service: service, state: report?.state, probeOutput: tally?.lastFailure, observedAt: tally?.observedAt,
            logTail: await log(of: service, record))
        return explanation
    }

    private func log(of service: ServiceName, _ record: ProjectRecord) async -> String {
        if record.failure?.service == service, let tail = record.failure?.logTail { return tail }
        do { return try await tail(of: service, in: record.ref, lines: Self.explainedLogLines) } catch {
            return "(no log: \(error))"
        }
    }

    /// The error of a refused request: names the operation in progress, if any.
    func conflict(_ record: ProjectRecord, _ event: ProjectLifecycle.Event) async throws(CatalogError) -> CatalogError {
        guard let operation = try await openOperation(of: record.ref) else { return .conflict(record.status, event) }
        return .busy(operation, status: record.status, event: event)
    }
}

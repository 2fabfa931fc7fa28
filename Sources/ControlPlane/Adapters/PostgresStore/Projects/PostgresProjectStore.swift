public import EventConsumers
public import Orchestrator
public import PostgresKit
public import ProjectModel
import Reconciler

/// Projects in PostgreSQL. One transaction per method; the SQL of each table is in a file of its own. Reads are cached
/// and valid until the database reports a change.
public struct PostgresProjectStore: ProjectStore {
    let pool: PostgresPool
    private let cache = EditionCache()
    private let lease: ManagerLease?
    private let outbox: EventOutbox
    private let metrics: ManagerMetrics

    /// A store on a pool whose database has been migrated.
    ///
    /// - Parameters:
    ///   - lease: The lease of all writes: a write whose token is not the current one is refused as
    ///     ``StoreError/fenced``, in the same transaction. Nil for requests of users: every manager may store them, and
    ///     announces them to the active one.
    ///   - consumers: What takes part in the transactions of events.
    ///   - metrics: Counts the operations that end.
    public init(
        pool: PostgresPool, under lease: ManagerLease? = nil, consumers: [any EventConsumer] = EventConsumers.all,
        metrics: ManagerMetrics = ManagerMetrics()
    ) {
        self.pool = pool
        self.lease = lease
        self.metrics = metrics
        outbox = EventOutbox(consumers: consumers)
    }

    /// Inserts the project with its leases, secrets and first event.
    public func insert(_ project: NewProject) async throws(StoreError) -> ProjectRecord {
        try await transaction { transaction in
            try await ProjectRows.insert(project, in: transaction)
            try await SecretRows.insert(project.secrets, of: project.ref, in: transaction)
            try await APIKeyRows.save(project.apiKeys, of: project.ref, in: transaction)
            try await LeaseRows.insert(project.leases, of: project.ref, at: project.at, in: transaction)
            let operation = NewOperation(.create, requestedBy: project.requestedBy)
            try await outbox.write(
                project.event(opening: operation), of: EventProject(project), in: transaction)
            try await OperationRows.insert(operation, of: project.ref, at: project.at, in: transaction)
            guard let record = try await ProjectRows.select(project.ref, in: transaction) else {
                throw StoreError.notFound(project.ref)
            }
            try await announce(project.ref, in: transaction)
            return record
        }
    }

    /// Selects one project with its leases.
    public func project(_ ref: ProjectRef) async throws(StoreError) -> ProjectRecord? {
        try await reading {
            // A unit of work sees its own changes, which others do not see yet.
            if let current = AmbientTransaction.current { return try await ProjectRows.select(ref, in: current) }
            return try await cache.record(ref, edition: edition) {
                try await ProjectRows.selectWithEdition(ref, in: pool)
            }
        }
    }

    /// Selects one page and counts all.
    public func projects(_ query: ProjectQuery) async throws(StoreError) -> ProjectPage {
        try await reading {
            if let current = AmbientTransaction.current { return try await ProjectRows.page(query, in: current) }
            return try await cache.page(query, edition: edition) { try await ProjectRows.page(query, in: pool) }
        }
    }

    /// Selects four columns of all projects that are not deleted.
    public func outlines() async throws(StoreError) -> [ProjectRef: RecordOutline] {
        try await reading { try await ProjectRows.outlines(in: AmbientTransaction.session(pool)) }
    }

    /// Selects the sealed secrets.
    public func secrets(of ref: ProjectRef) async throws(StoreError) -> SealedSecrets {
        let sealed = try await reading { try await SecretRows.select(ref, in: AmbientTransaction.session(pool)) }
        guard let sealed else { throw .notFound(ref) }
        return sealed
    }

    /// Selects the sealed configuration.
    public func configuration(of ref: ProjectRef) async throws(StoreError) -> StoredConfiguration {
        let found = try await reading {
            try await ConfigurationRows.select(ref, in: AmbientTransaction.session(pool))
        }
        guard let found else { throw .notFound(ref) }
        return found
    }

    /// Changes the configuration if its revision is as expected.
    public func change(_ ref: ProjectRef, _ change: ConfigurationChange) async throws(StoreError) -> Bool {
        try await transaction { transaction in
            guard try await ConfigurationRows.change(ref, change, in: transaction) else { return false }
            // The row is locked, and its status was checked with the change.
            if let transition = change.trialTransition, try await !self.transition(ref, transition, in: transaction) {
                throw StoreError.refused("a project on trial did not change its status")
            }
            try await announce(ref, in: transaction)
            return true
        }
    }

    /// Updates the name.
    public func rename(_ ref: ProjectRef, to name: ProjectName, at time: Timestamp) async throws(StoreError) {
        let isRenamed = try await transaction { try await ConfigurationRows.rename(ref, to: name, at: time, in: $0) }
        guard isRenamed else { throw .notFound(ref) }
    }

    /// Updates the pin if there is none.
    public func pin(
        _ ref: ProjectRef, to template: TemplateDigest, at time: Timestamp
    ) async throws(StoreError) -> Bool {
        try await transaction { try await ProjectRows.pin(ref, to: template, at: time, in: $0) }
    }

    /// Updates the status if it is as expected, and the leases and secrets with it.
    public func transition(_ ref: ProjectRef, _ transition: StatusTransition) async throws(StoreError) -> Bool {
        try await transaction { transaction in try await self.transition(ref, transition, in: transaction) }
    }

    private func transition(
        _ ref: ProjectRef, _ transition: StatusTransition, in transaction: PostgresTransaction
    ) async throws -> Bool {
        guard let project = try await ProjectRows.lock(ref, with: transition.from, in: transaction) else {
            return false
        }
        let operation = try await OperationRows.open(ref, in: transaction)
        guard transition.isOf(operation), try await ProjectRows.update(ref, transition, in: transaction) else {
            return false
        }
        try await SettingRows.endTrial(transition, of: ref, in: transaction)
        try await SecretRows.replace(transition.secrets, of: ref, in: transaction)
        switch transition.leases {
        case .keep: break
        case .release: try await LeaseRows.release(ref, at: transition.at, in: transaction)
        case .releaseAndForgetSecrets:
            try await LeaseRows.release(ref, at: transition.at, in: transaction)
            try await SecretRows.delete(ref, in: transaction)
            try await ConfigurationRows.delete(ref, in: transaction)
        case .acquire(let leases): try await LeaseRows.insert(leases, of: ref, at: transition.at, in: transaction)
        case .extend(let ports): try await LeaseRows.insert(ports: ports, of: ref, at: transition.at, in: transaction)
        case .keepPorts(let variables):
            try await LeaseRows.release(ref, portsExcept: variables, at: transition.at, in: transaction)
        }
        try await outbox.write(
            transition.event(of: project.versions, during: operation), of: project, in: transaction)
        try await OperationRows.apply(transition, to: operation, of: ref, in: transaction)
        if let operation, let end = transition.end(of: operation.kind) {
            let took = transition.at.since(operation.requestedAt)
            await AfterCommit.run { [metrics] in
                metrics.operations.count(operation.kind.rawValue, outcome: end.state.rawValue, took: took)
            }
        }
        try await announce(ref, in: transaction)
        return true
    }

    /// Selects what is leased or in quarantine.
    public func leases(at time: Timestamp) async throws(StoreError) -> TakenLeases {
        try await reading { try await LeaseRows.taken(at: time, in: AmbientTransaction.session(pool)) }
    }

    /// Releases one port into quarantine and leases another.
    public func replacePort(
        _ variable: String, of ref: ProjectRef, with port: UInt16, at time: Timestamp
    ) async throws(StoreError) {
        try await transaction { transaction in
            try await LeaseRows.replacePort(variable, of: ref, with: port, at: time, in: transaction)
        }
    }

    /// Releases the subnet into quarantine and leases another.
    public func replaceSubnet(
        of ref: ProjectRef, with subnet: IPv4Network, at time: Timestamp
    ) async throws(StoreError) {
        try await transaction { transaction in
            try await LeaseRows.replaceSubnet(of: ref, with: subnet, at: time, in: transaction)
        }
    }

    /// Inserts events.
    public func note(_ events: [ProjectEvent], of ref: ProjectRef) async throws(StoreError) {
        try await transaction { transaction in
            // Numbers of events become visible in their order only when one transaction at a time writes them.
            guard let project = try await ProjectRows.lock(ref, in: transaction) else { return }
            for event in events { try await outbox.write(event, of: project, in: transaction) }
        }
    }

    /// Selects the latest events.
    public func events(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectEvent] {
        try await reading { try await EventRows.latest(ref, limit: limit, in: AmbientTransaction.session(pool)) }
    }

    /// Makes one round trip.
    public func ping() async throws(StoreError) {
        try await reading { try await pool.ping() }
    }
}

extension PostgresProjectStore: ProjectEventFeed {
    /// Selects by number.
    public func events(
        of ref: ProjectRef, after number: Int64, limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try await reading {
            try await EventRows.after(number, of: ref, limit: limit, in: AmbientTransaction.session(pool))
        }
    }
}

// MARK: - Operations

extension PostgresProjectStore: ProjectOperationStore {
    /// The same database.
    public var operations: any ProjectOperationStore { self }

    /// Selects the latest operations.
    public func operations(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectOperation] {
        try await reading { try await OperationRows.latest(ref, limit: limit, in: AmbientTransaction.session(pool)) }
    }

    /// Selects one operation.
    public func operation(_ id: String, of ref: ProjectRef) async throws(StoreError) -> ProjectOperation? {
        try await reading { try await OperationRows.select(id, of: ref, in: AmbientTransaction.session(pool)) }
    }

    /// Selects the operation that has not ended.
    public func openOperation(of ref: ProjectRef) async throws(StoreError) -> ProjectOperation? {
        try await reading { try await OperationRows.open(ref, in: AmbientTransaction.session(pool)) }
    }

    /// Updates an operation that has not ended.
    public func note(_ progress: OperationProgress, of id: String) async throws(StoreError) {
        try await transaction { try await OperationRows.note(progress, of: id, in: $0) }
    }
}

// MARK: - Errors

extension PostgresProjectStore {
    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        let fenced: @Sendable (PostgresTransaction) async throws -> Value = { [lease] transaction in
            if let lease { try await ManagerLeaseRow.hold(lease.token, in: transaction) }
            return try await body(transaction)
        }
        do {
            return try await AfterCommit.collecting { try await AmbientTransaction.run(on: pool, fenced) }
        } catch { throw Self.storeError(error) }
    }

    /// Notifies the active manager of a request. The manager's own writes need no notification.
    private func announce(_ ref: ProjectRef, in transaction: PostgresTransaction) async throws {
        if lease == nil { try await ProjectChannel.announce(ref, in: transaction) }
    }

    private func reading<Value>(_ body: () async throws -> Value) async throws(StoreError) -> Value {
        do { return try await body() } catch { throw Self.storeError(error) }
    }

    private func edition() async throws -> ProjectEdition { try await ProjectRows.edition(in: pool) }

    /// The only place where a database error gets a meaning.
    static func storeError(_ error: any Error) -> StoreError {
        switch error {
        case let known as StoreError: return known
        case let postgres as PostgresError:
            switch postgres.constraint {
            case "projects_ref_key", "port_leases_pkey", "subnet_leases_pkey", "subnet_leases_subnet_excl",
                "port_leases_ref_variable_key", "subnet_leases_ref_key":
                return .leaseTaken
            // "Disk full" of the appendix on SQLSTATEs. The message names files inside of the database.
            case _ where postgres.sqlState == "53100": return .full
            // The one who asked has gone, or the manager is being stopped: the database refused nothing.
            case _ where postgres == .cancelled || postgres == .closed: return .unavailable("\(postgres)")
            default: return postgres.isTransient ? .unavailable("\(postgres)") : .refused("\(postgres)")
            }
        case is CancellationError: return .unavailable("the call was cancelled")
        default: return .refused("\(error)")
        }
    }
}

extension Timestamp {
    /// From the first year to the last that microseconds in 64 bits reach.
    private static let postgresMilliseconds = Int64(-62_135_596_800_000)...(Int64.max / 1_000)

    /// The time in PostgreSQL's resolution and range; clamped to it.
    var postgres: PostgresTimestamp {
        let range = Self.postgresMilliseconds
        let bounded = min(max(milliseconds, range.lowerBound), range.upperBound)
        return PostgresTimestamp(microsecondsSinceEpoch: bounded * 1_000)
    }

    /// A time from PostgreSQL, rounded down to milliseconds.
    init(_ time: PostgresTimestamp) {
        self.init(milliseconds: time.microsecondsSinceEpoch / 1_000)
    }
}

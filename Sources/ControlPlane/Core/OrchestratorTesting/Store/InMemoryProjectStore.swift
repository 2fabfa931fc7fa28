public import EventConsumers
import Locks
public import Orchestrator
public import ProjectModel
import Reconciler

/// Projects in memory, under the same rules as in PostgreSQL: unique refs, names, ports and subnets, quarantine after
/// release, conditional transitions. ``ProjectStoreContract`` holds both to the same.
public final class InMemoryProjectStore: ProjectStore, ProjectEventFeed, Revertible {
    /// Default time for which a released port or subnet is not leased again.
    public static let quarantineDefault: Duration = .seconds(600)

    private final class Tables: Sendable {
        let state: Lock<StoreState>

        init(quarantine: Duration, consumers: [any EventConsumer]) {
            state = Lock(StoreState(quarantine: quarantine, consumers: consumers))
        }
    }

    private let tables: Tables
    private let fence: (@Sendable () -> Bool)?

    /// An empty store.
    ///
    /// - Parameter consumers: What takes part in the transactions of events.
    public init(
        quarantine: Duration = InMemoryProjectStore.quarantineDefault,
        consumers: [any EventConsumer] = EventConsumers.all
    ) {
        tables = Tables(quarantine: quarantine, consumers: consumers)
        fence = nil
    }

    private init(_ tables: Tables, fence: @escaping @Sendable () -> Bool) {
        self.tables = tables
        self.fence = fence
    }

    /// The same projects, written under a lease: what is written under a token that is not the current one any more is
    /// refused as ``StoreError/fenced``.
    public func under(_ lease: ManagerLease, in leases: InMemoryManagerLeaseStore) -> InMemoryProjectStore {
        InMemoryProjectStore(tables) { lease.token.map { leases.holds($0) } ?? false }
    }

    /// All records, tombstones included, with their events.
    var everything: [(record: ProjectRecord, events: [ProjectEvent])] {
        tables.state.withLock { state in
            state.records.values.sorted { $0.number < $1.number }.map { ($0, state.events[$0.ref] ?? []) }
        }
    }

    /// Makes every call fail as if the database were away, or ends that.
    public func setDown(_ isDown: Bool) { tables.state.withLock { $0.isDown = isDown } }

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = tables.state.withLock { $0 }
        return { [self] in tables.state.withLock { $0 = copy } }
    }

    /// Reads or changes the tables of the stores that share this one's database.
    func withTables<Value: Sendable, Failure: Error>(
        _ body: (inout StoreState) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try tables.state.withLock { state throws(Failure) in try body(&state) }
    }

    func transaction<Value: Sendable>(
        writes: Bool = false, _ body: (inout StoreState) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        await Task.yield()
        return try tables.state.withLock { state throws(StoreError) in
            if state.isDown { throw .unavailable("connection refused") }
            if writes, let fence, !fence() { throw .fenced }
            // What fails half-way leaves nothing behind, as a transaction does.
            var copy = state
            let value = try body(&copy)
            state = copy
            return value
        }
    }

    /// A transaction that changes projects: they have another edition afterwards.
    private func changing<Value: Sendable>(
        _ body: (inout StoreState) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await transaction(writes: true) { state throws(StoreError) in
            state.renewEdition()
            return try body(&state)
        }
    }

    /// Stores a new project.
    public func insert(_ project: NewProject) async throws(StoreError) -> ProjectRecord {
        try await changing { state throws(StoreError) in try state.insert(project) }
    }

    /// Takes an organization away unless it has projects; gives their number. From then on no project can be stored in
    /// it, until ``reopenOrganization(_:)``.
    public func closeOrganization(_ slug: String) async throws(StoreError) -> Int {
        try await transaction { state in
            let count = state.records.values.count { $0.status != .deleted && $0.organizationSlug == slug }
            if count == 0 { state.goneOrganizations.insert(slug) }
            return count
        }
    }

    /// Projects can be stored in an organization of this name again.
    public func reopenOrganization(_ slug: String) async throws(StoreError) {
        try await transaction { state in _ = state.goneOrganizations.remove(slug) }
    }

    /// The record of a project, tombstones included.
    public func project(_ ref: ProjectRef) async throws(StoreError) -> ProjectRecord? {
        try await transaction { $0.record(ref) }
    }

    /// One page of projects that are not deleted.
    public func projects(_ query: ProjectQuery) async throws(StoreError) -> ProjectPage {
        try await transaction { $0.page(query) }
    }

    /// Outlines of projects that are not deleted.
    public func outlines() async throws(StoreError) -> [ProjectRef: RecordOutline] {
        try await transaction { state in state.records.filter { $0.value.status != .deleted }.mapValues(\.outline) }
    }

    /// The sealed secrets of a project.
    public func secrets(of ref: ProjectRef) async throws(StoreError) -> SealedSecrets {
        try await transaction { state throws(StoreError) in
            guard let secrets = state.secrets[ref] else { throw .notFound(ref) }
            return secrets
        }
    }

    /// The sealed configuration of a project.
    public func configuration(of ref: ProjectRef) async throws(StoreError) -> StoredConfiguration {
        try await transaction { state throws(StoreError) in
            guard let configuration = state.configurations[ref] else { throw .notFound(ref) }
            return configuration
        }
    }

    /// Changes the configuration if its revision still is the one that the change was made from.
    public func change(_ ref: ProjectRef, _ change: ConfigurationChange) async throws(StoreError) -> Bool {
        try await changing { state throws(StoreError) in try state.change(ref, change) }
    }

    /// Gives a project another name.
    public func rename(_ ref: ProjectRef, to name: ProjectName, at time: Timestamp) async throws(StoreError) {
        try await changing { state throws(StoreError) in try state.rename(ref, to: name, at: time) }
    }

    /// Adds events to the history of a project.
    public func note(_ events: [ProjectEvent], of ref: ProjectRef) async throws(StoreError) {
        try await changing { state throws(StoreError) in try state.note(events, of: ref) }
    }

    /// Pins a project that is pinned to none.
    public func pin(
        _ ref: ProjectRef, to template: TemplateDigest, at time: Timestamp
    ) async throws(StoreError) -> Bool {
        try await changing { state throws(StoreError) in try state.pin(ref, to: template, at: time) }
    }

    /// Changes the status if it still is what the transition starts from.
    public func transition(_ ref: ProjectRef, _ transition: StatusTransition) async throws(StoreError) -> Bool {
        try await changing { state throws(StoreError) in try state.transition(ref, transition) }
    }

    /// Everything leased or in quarantine.
    public func leases(at time: Timestamp) async throws(StoreError) -> TakenLeases {
        try await transaction { state in
            state.freeQuarantined(at: time)
            return TakenLeases(ports: Set(state.ports.keys), subnets: Set(state.subnets.keys))
        }
    }

    /// Another port for one variable.
    public func replacePort(
        _ variable: String, of ref: ProjectRef, with port: UInt16, at time: Timestamp
    ) async throws(StoreError) {
        try await changing { state throws(StoreError) in
            try state.replacePort(variable, of: ref, with: port, at: time)
        }
    }

    /// Another subnet.
    public func replaceSubnet(
        of ref: ProjectRef, with subnet: IPv4Network, at time: Timestamp
    ) async throws(StoreError) {
        try await changing { state throws(StoreError) in
            try state.replaceSubnet(of: ref, with: subnet, at: time)
        }
    }

    /// Events by number.
    public func events(
        of ref: ProjectRef, after number: Int64, limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try await transaction { $0.recordedEvents(of: ref).filter { $0.number > number }.suffix(limit) }
    }

    /// The latest events, newest first.
    public func events(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectEvent] {
        try await transaction { Array(($0.events[ref] ?? []).reversed().prefix(limit)) }
    }

    /// Whether it is there.
    public func ping() async throws(StoreError) { try await transaction { _ in } }
}

extension InMemoryProjectStore: ProjectOperationStore {
    /// The same tables.
    public var operations: any ProjectOperationStore { self }

    /// The latest operations of a project, newest first.
    public func operations(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectOperation] {
        try await transaction { Array(($0.operations[ref] ?? []).reversed().prefix(limit)) }
    }

    public func operation(_ id: String, of ref: ProjectRef) async throws(StoreError) -> ProjectOperation? {
        try await transaction { $0.operations[ref]?.first { $0.id == id } }
    }

    /// The operation in progress.
    public func openOperation(of ref: ProjectRef) async throws(StoreError) -> ProjectOperation? {
        try await transaction { $0.operations[ref]?.last { $0.state.isOpen } }
    }

    /// Notes how one goes.
    public func note(_ progress: OperationProgress, of id: String) async throws(StoreError) {
        try await transaction(writes: true) { $0.note(progress, of: id) }
    }
}

extension InMemoryProjectStore: TemplateVersionStore {
    /// Stores a content, unless it is there.
    public func save(_ content: TemplateContent) async throws(StoreError) {
        try await transaction { state in
            if state.templates[content.digest] == nil { state.templates[content.digest] = content }
        }
    }

    /// The content with this digest.
    public func content(of digest: TemplateDigest) async throws(StoreError) -> TemplateContent? {
        try await transaction { $0.templates[digest] }
    }

    /// Removes what no project uses.
    public func removeUnused(
        keeping installed: Set<TemplateDigest>
    ) async throws(StoreError) -> Set<TemplateDigest> {
        try await transaction { $0.removeUnusedTemplates(keeping: installed) }
    }
}

extension ProjectStore {
    /// Refs of all projects that are not deleted, in order.
    public func refs() async throws(StoreError) -> [ProjectRef] { try await outlines().keys.sorted() }
}

extension InMemoryProjectStore {
    /// Makes a project one from before template versions were stored.
    public func unpin(_ ref: ProjectRef) async throws(StoreError) {
        try await changing { $0.records[ref]?.template = nil }
    }
}

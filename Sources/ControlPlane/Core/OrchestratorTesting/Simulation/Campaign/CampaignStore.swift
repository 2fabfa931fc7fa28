import Orchestrator
import ProjectModel

/// The database as a manager of a simulation run sees it, with the auditor's checks.
struct CampaignStore: ProjectStore {
    let base: InMemoryProjectStore
    let life: ManagerLife
    let weather: Weather
    let auditor: SimulationAuditor
    let mistake: PlantedMistake?
    /// Whether its manager holds the lease under which alone it may write; nil where there is one manager only, and for
    /// what users ask.
    var holdsLease: (@Sendable () -> Bool)?
    /// The template version that is on disk.
    var installed: TemplateDigest?
    /// The process that makes the calls, where it can be stopped.
    var process: StoppableProcess?

    var operations: any ProjectOperationStore { base.operations }

    private func call<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        await process?.pass()
        guard life.isAlive else { throw .unavailable("the manager is dead") }
        switch weather.fateOfStoreCall() {
        case .fine:
            let value = try await body()
            await process?.pass()
            guard life.isAlive else { throw .unavailable("the manager is dead") }
            return value
        case .refusedBefore: throw .unavailable("the connection was reset")
        case .lostAfter:
            _ = try await body()
            throw .unavailable("the connection was reset before the answer")
        }
    }

    func insert(_ project: NewProject) async throws(StoreError) -> ProjectRecord {
        try await call { () async throws(StoreError) in
            let record = try await base.insert(project)
            auditor.noteBirth(of: project)
            return record
        }
    }
    func project(_ ref: ProjectRef) async throws(StoreError) -> ProjectRecord? {
        try await call { () async throws(StoreError) in
            var record = try await base.project(ref)
            if mistake == .rollOverAtStart, let installed, record?.template != nil { record?.template = installed }
            return record
        }
    }
    func projects(_ query: ProjectQuery) async throws(StoreError) -> ProjectPage {
        try await call { () async throws(StoreError) in try await base.projects(query) }
    }
    func outlines() async throws(StoreError) -> [ProjectRef: RecordOutline] {
        if mistake == .forgetRelist { return [:] }
        return try await call { () async throws(StoreError) in try await base.outlines() }
    }
    func secrets(of ref: ProjectRef) async throws(StoreError) -> SealedSecrets {
        try await call { () async throws(StoreError) in try await base.secrets(of: ref) }
    }

    func configuration(of ref: ProjectRef) async throws(StoreError) -> StoredConfiguration {
        try await call { () async throws(StoreError) in try await base.configuration(of: ref) }
    }
    func change(_ ref: ProjectRef, _ change: ConfigurationChange) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in
            let isStored = try await base.change(ref, change)
            if isStored, let transition = change.trialTransition {
                auditor.events.noteChange(StatusEdge(from: transition.from, to: transition.to), of: ref)
            }
            return isStored
        }
    }
    func rename(_ ref: ProjectRef, to name: ProjectName, at time: Timestamp) async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.rename(ref, to: name, at: time) }
    }
    func pin(_ ref: ProjectRef, to template: TemplateDigest, at time: Timestamp) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in try await base.pin(ref, to: template, at: time) }
    }

    func transition(_ ref: ProjectRef, _ transition: StatusTransition) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in
            let transition = try await tampered(transition, of: ref)
            let isStored = try await base.transition(ref, transition)
            if isStored, holdsLease?() == false { auditor.violated("a manager without the lease has moved a project") }
            if isStored { spoilHistory(of: ref) }
            if isStored { auditor.noteTransition(of: ref, transition) }
            return isStored
        }
    }

    func leases(at time: Timestamp) async throws(StoreError) -> TakenLeases {
        try await call { () async throws(StoreError) in try await base.leases(at: time) }
    }
    func replacePort(
        _ variable: String, of ref: ProjectRef, with port: UInt16, at time: Timestamp
    ) async throws(StoreError) {
        try await call { () async throws(StoreError) in
            try await base.replacePort(variable, of: ref, with: port, at: time)
        }
    }
    func replaceSubnet(of ref: ProjectRef, with subnet: IPv4Network, at time: Timestamp) async throws(StoreError) {
        try await call { () async throws(StoreError) in
            try await base.replaceSubnet(of: ref, with: subnet, at: time)
        }
    }
    func note(_ events: [ProjectEvent], of ref: ProjectRef) async throws(StoreError) {
        try await call { () async throws(StoreError) in
            if mistake == .loseRestarts { return }
            try await base.note(events, of: ref)
            if let finding = auditor.events.noteWritten(events, of: ref) { auditor.violated(finding) }
        }
    }
    func events(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectEvent] {
        try await call { () async throws(StoreError) in try await base.events(of: ref, limit: limit) }
    }
    func ping() async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.ping() }
    }

    // MARK: Mistakes

    private func spoilHistory(of ref: ProjectRef) {
        switch mistake {
        case .loseTransitionEvent: base.withTables { _ = $0.events[ref]?.popLast() }
        case .mixUpFacts:
            base.withTables { tables in
                guard var history = tables.events[ref], let last = history.indices.last, last > 0 else { return }
                history[last].facts = history[last - 1].facts
                tables.events[ref] = history
            }
        default: break
        }
    }

    private func tampered(_ transition: StatusTransition, of ref: ProjectRef) async throws(StoreError)
        -> StatusTransition
    {
        var transition = transition
        switch mistake {
        case .writeStatusBlindly: if let now = try await base.project(ref)?.status { transition.from = now }
        case .skipStatus where transition.to == .resuming: transition.to = .active
        case .freeLeasesEarly where transition.to == .deleting: transition.leases = .release
        case .keepSecrets where transition.to == .deleted: transition.leases = .release
        case .keepLeases where transition.to == .deleted: transition.leases = .keep
        case .dropFailureCause where transition.to == .failed: transition.failure = nil
        case .forgetPreviousVersion where transition.to == .upgrading:
            transition.template = transition.upgrade?.template
        default: break
        }
        return transition
    }
}

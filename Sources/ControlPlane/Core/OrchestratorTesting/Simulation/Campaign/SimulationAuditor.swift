import Orchestrator
import ProjectModel
import Reconciler
import Synchronization

/// Checks the invariants after every step. It is independent of the program: its table of legal transitions is its own.
final class SimulationAuditor: Sendable {
    /// Longest time for which a project may be called ACTIVE while a service of it does not answer, with manager,
    /// engine and database all there and no fault meanwhile. The bound of the loops: the next probe comes within the
    /// upper bound of ``ProbeSchedule/ready``, one after that within ``ProbeSchedule/doubting``, and each takes at most its
    /// deadline; then the project is woken, and the next pass stores the result. The last two seconds are for a pass in
    /// progress, and for the 250 ms between two checks of the auditor.
    static let lieMaxUndisturbed: Duration = {
        let pace = ProbeSchedule()
        return pace.ready.upperBound + pace.doubting + pace.probeDeadline * 2 + .seconds(2)
    }()
    /// The same with a fault meanwhile: a refused call, an old view or a lost response may cost the one pass that the
    /// probes asked for. Then the next full list finds it.
    static let lieMaxDisturbed: Duration = ReconcileLoop.resyncInterval + lieMaxUndisturbed

    /// A project may be gone before its network only when the engine has refused to remove that so often in a row.
    static let networkRefusalsMin = 4

    /// A service that has answered for so long must not be restarted because of its probes: the manager has had the
    /// time to see it, and a call that was decided on before has been made.
    static let answeringMin: Duration = PlanExecutor.verdictAgeMax + ProbeSchedule().probeDeadline + .seconds(3)

    /// Most time between a call and its repetition.
    static let repetitionMax: Duration = .seconds(1)

    private struct State {
        var violations: [String] = []
        var edges: [StatusEdge: Int] = [:]
        var statuses: [ProjectStatus: Int] = [:]
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        var steps = 0
        /// Since when a project has been called ACTIVE wrongly, and the number of faults by then.
        var lies: [ProjectRef: (since: Timestamp, faults: Int)] = [:]
        /// Every secret that a project ever had.
        var secrets: Set<String> = []
        /// Since when runs of containers have been answering.
        var answering: [FakeEngine.Run: Timestamp] = [:]
        /// Restarts that were asked for and are not done.
        var restarts: [ProjectRef: RestartRequest] = [:]
        /// Volumes that hold data, by project.
        var data: [ProjectRef: [String: Int]] = [:]
    }

    /// A requested restart: of all services, when none is named.
    private struct RestartRequest {
        let at: Timestamp
        let services: Set<ServiceName>?
    }

    private let state = Mutex(State())
    private let host: SimulatedHost
    private let weather: Weather
    private let foreign: [String]
    let versions: VersionAudit
    let events: EventAudit

    init(host: SimulatedHost, weather: Weather) {
        self.host = host
        self.weather = weather
        foreign = host.engine.foreignObjects
        versions = VersionAudit(host)
        events = EventAudit(host)
    }

    var violations: [String] { state.withLock(\.violations) }

    func report(
        _ body: (_ steps: Int, _ edges: [StatusEdge: Int], _ statuses: [ProjectStatus: Int], _ digest: UInt64) -> Void
    ) {
        state.withLock { body($0.steps, $0.edges, $0.statuses, $0.digest) }
    }

    /// Only the first violation of a kind is worth reading.
    func violated(_ text: String) {
        state.withLock { state in
            if state.violations.count < 20, !state.violations.contains(text) { state.violations.append(text) }
        }
    }

    // MARK: Changes of status

    static let legal: [ProjectStatus: Set<ProjectStatus>] = [
        .provisioning: [.starting, .active, .rollingBack, .deleting],
        .starting: [.active, .rollingBack, .deleting],
        .active: [.degraded, .pausing, .restarting, .upgrading, .restoring, .deleting],
        .degraded: [.active, .pausing, .restarting, .upgrading, .restoring, .deleting],
        .upgrading: [.active, .reverting, .deleting],
        .reverting: [.active, .degraded, .deleting],
        .restoring: [.resuming, .deleting],
        .pausing: [.paused, .resuming, .deleting],
        .paused: [.resuming, .deleting],
        .resuming: [.active, .degraded, .pausing, .deleting],
        .restarting: [.active, .degraded, .deleting],
        .rollingBack: [.failed, .deleting],
        .failed: [.provisioning, .deleting],
        .deleting: [.deleted],
        .deleted: [],
    ]

    /// A change of status was stored.
    func noteTransition(of ref: ProjectRef, _ transition: StatusTransition) {
        let edge = StatusEdge(from: transition.from, to: transition.to)
        // A transition to the same status only writes down what is in the way.
        if transition.from != transition.to, Self.legal[transition.from]?.contains(transition.to) != true {
            violated("\(edge) (\(transition.cause)) is no step of the status machine")
        }
        if transition.to == .failed, transition.failure == nil { violated("a project failed without a cause") }
        if transition.to == .active {
            let volumes = host.engine.volumeMarks(of: ref)
            state.withLock { $0.data[ref] = $0.data[ref] ?? volumes }
        }
        if transition.to == .deleting || transition.to == .rollingBack { state.withLock { $0.data[ref] = nil } }
        if transition.to == .active, transition.from == .upgrading || transition.from == .reverting,
            !versions.silent(of: ref).isEmpty
        {
            violated("a change of version is called done before all services have answered")
        }
        noteRequest(ref, transition)
        if transition.from != transition.to { events.noteChange(edge, of: ref) }
        if transition.to == .paused { checkPaused(ref) }
        if transition.to == .deleted || transition.to == .failed { checkGone(ref, transition.to) }
        state.withLock { state in
            if transition.from != transition.to {
                state.edges[edge, default: 0] += 1
                state.statuses[transition.to, default: 0] += 1
            }
            Self.mix("\(ref) \(edge) \(transition.at.milliseconds)", into: &state.digest)
            state.steps += 1
        }
    }

    private func noteRequest(_ ref: ProjectRef, _ transition: StatusTransition) {
        let now = host.time.steady
        state.withLock { state in
            if transition.requestsRestart {
                state.restarts[ref] = RestartRequest(at: now, services: transition.restartServices.map { Set($0) })
            } else if transition.fulfilsRestart {
                state.restarts[ref] = nil
            }
        }
    }

    /// A manager restarts a container. It may on request, when the container is frozen, and when it has observed that
    /// the service does not answer.
    func noteRestart(of run: FakeEngine.Run, _ ref: ProjectRef, wasProbed: Bool) {
        let now = host.time.steady
        let (request, answering) = state.withLock { ($0.restarts[ref], $0.answering[run]) }
        // While a request is not fulfilled it may be carried out twice: its response was lost, a pass was decided on an
        // older view, or a clock that was set back makes the new run seem older than the request.
        let isRequested =
            request.map { request in run.service.map { request.services?.contains($0) ?? true } ?? false } ?? false
        // A run that has just begun is hit by the repetition of a call whose answer was lost, or that an older view
        // asked for: the first one thawed the container, or carried the request out.
        guard !run.isFrozen, !isRequested, now.since(run.startedAt) > Self.repetitionMax else { return }
        if !wasProbed { violated("a service is restarted that its manager has not probed") }
        if let answering, now.since(answering) > Self.answeringMin {
            violated("a service that answers is restarted")
        }
    }

    private func noteAnswers() {
        let now = host.time.steady
        let present = host.engine.answeringRuns
        state.withLock { state in
            var next: [FakeEngine.Run: Timestamp] = [:]
            for run in present { next[run] = state.answering[run] ?? now }
            state.answering = next
        }
    }

    private func checkPaused(_ ref: ProjectRef) {
        if host.engine.occupants.contains(where: { $0.ref == ref }) {
            violated("a project counts as PAUSED while a container of it runs")
        }
    }

    private func checkGone(_ ref: ProjectRef, _ status: ProjectStatus) {
        if host.folders.prepared.contains(ref) { violated("a project is \(status.rawValue) and its folder is there") }
        // A call whose response was lost may create an object after the last pass. That is removed later: see the end.
        var left = host.engine.knownContents(of: ref)
        left.networks.removeAll { host.engine.hasRefused(toRemoveNetwork: $0.id, times: Self.networkRefusalsMin) }
        if !left.isEmpty {
            violated("a project becomes \(status.rawValue) while the engine holds objects of it")
        }
    }

    /// A project was stored. Its secrets must not be seen anywhere, also when it is long gone.
    func noteBirth(of project: NewProject) {
        let secrets = (try? host.minter.open(project.secrets, of: project.ref)) ?? [:]
        state.withLock { state in
            state.statuses[.provisioning, default: 0] += 1
            state.secrets.formUnion(secrets.values.map { $0.reveal() })
        }
        noteStep("stored \(project.ref)")
    }

    /// A manager begins: there was no observation before.
    func noteNewManager() {
        state.withLock { $0.lies = [:] }
        versions.noteNewManager()
        events.noteNewManager()
    }

    /// A manager is about to change something.
    func noteCall(_ operation: EngineOperation, of ref: ProjectRef) async {
        guard let record = try? await host.store.project(ref), versions.disturbsUntouched(operation, of: record) else {
            return
        }
        violated("an upgrade touches a service that is the same in both versions and answers")
    }

    /// Something else happened.
    func noteStep(_ text: String) {
        state.withLock { state in
            state.steps += 1
            Self.mix("\(text) \(host.time.steady.milliseconds)", into: &state.digest)
        }
    }

    private static func mix(_ text: String, into digest: inout UInt64) {
        for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    // MARK: Invariants

    /// Checks the invariants. `isQuiet` says whether manager, engine and database are all available.
    func look(isQuiet: Bool) async {
        noteAnswers()
        if host.engine.foreignObjects != foreign { violated("foreign objects have changed") }
        let occupants = host.engine.occupants
        guard let records = try? await records() else { return }
        checkPorts(occupants, records)
        checkSubnets(records)
        checkData(records)
        checkActive(occupants, records, isQuiet: isQuiet)
        for record in records.values where versions.isMixed(record, isQuiet: isQuiet) {
            violated("a project counts as ACTIVE and has containers of another template version")
        }
    }

    private func records() async throws -> [ProjectRef: ProjectRecord] {
        var found: [ProjectRef: ProjectRecord] = [:]
        for record in try await host.store.projects(ProjectQuery()).projects { found[record.ref] = record }
        return found
    }

    /// A port in use belongs to its lease holder.
    private func checkPorts(_ occupants: [FakeEngine.Occupant], _ records: [ProjectRef: ProjectRecord]) {
        var owners: [UInt16: ProjectRef] = [:]
        for record in records.values {
            for port in record.leases?.ports.values.map({ $0 }) ?? [] {
                if owners.updateValue(record.ref, forKey: port) != nil { violated("a port is leased twice") }
            }
        }
        for occupant in occupants {
            for port in occupant.ports where owners[port] != occupant.ref {
                violated("a running container of a project holds a port that the project has not leased")
            }
        }
    }

    /// No two subnets overlap, and no network of one project lies on the subnet of another.
    private func checkSubnets(_ records: [ProjectRef: ProjectRecord]) {
        let leased = records.values.compactMap { record in record.leases.map { (ref: record.ref, subnet: $0.subnet) } }
        for (index, lease) in leased.enumerated()
        where leased.dropFirst(index + 1).contains(where: { $0.subnet.overlaps(lease.subnet) }) {
            violated("a subnet is leased twice")
        }
        for network in host.engine.projectSubnets
        where leased.contains(where: { $0.ref != network.ref && $0.subnet.overlaps(network.subnet) }) {
            violated("a network of a project lies on the subnet of another project")
        }
    }

    /// Volumes of a project that has been ACTIVE stay the very same until its deletion.
    private func checkData(_ records: [ProjectRef: ProjectRecord]) {
        for (ref, marks) in state.withLock(\.data) where records[ref] != nil {
            guard records[ref]?.status.goal != .absent else { continue }
            if host.engine.volumeMarks(of: ref) != marks { violated("a volume with data is gone or another one") }
        }
    }

    private func checkActive(
        _ occupants: [FakeEngine.Occupant], _ records: [ProjectRef: ProjectRecord], isQuiet: Bool
    ) {
        let now = host.time.steady
        for record in records.values {
            let up = Set(occupants.filter { $0.ref == record.ref && $0.isAnswering }.compactMap(\.service))
            let isLie = record.status == .active && !record.services.allSatisfy(up.contains)
            let faults = weather.counts.values.reduce(0, +)
            let lie = state.withLock { state -> (since: Timestamp, faults: Int)? in
                guard isLie, isQuiet else {
                    state.lies[record.ref] = nil
                    return nil
                }
                if state.lies[record.ref] == nil { state.lies[record.ref] = (now, faults) }
                return state.lies[record.ref]
            }
            let longest = lie?.faults == faults ? Self.lieMaxUndisturbed : Self.lieMaxDisturbed
            if let lie, now.since(lie.since) > longest {
                violated("a project counts as ACTIVE while a service of it does not answer")
            }
        }
    }

    // MARK: The end

    /// Checks what must have become true after everything has been well for long enough.
    func checkEnd(acknowledged: Set<ProjectRef>) async throws {
        // A project whose creator got no response must end well, too.
        let unacknowledged = try await host.store.refs()
        for ref in acknowledged.union(unacknowledged).sorted(by: { $0.text < $1.text }) {
            guard let record = try await host.store.project(ref) else {
                violated("an acknowledged project has no record")
                continue
            }
            switch record.status {
            case .active:
                if let mixture = versions.mixture(record) { violated("a project is ACTIVE and mixed: \(mixture)") }
            case .paused: break
            case .failed where record.failure != nil: break
            case .deleted, .failed: checkNothingLeft(ref, record.status)
            case let status: violated("a project is stuck in \(status.rawValue)")
            }
            if record.status == .deleted { await checkForgotten(record) }
            if record.upgrade != nil { violated("a project that is \(record.status.rawValue) is on its way elsewhere") }
        }
        checkHistory()
        await look(isQuiet: true)
    }

    /// The history has everything that happened.
    private func checkHistory() {
        for project in host.store.everything {
            for finding in events.findings(of: project.record, project.events) { violated(finding) }
        }
        if events.isRestartMissing { violated("a restart is not in the history of its project") }
    }

    /// A deleted project leaves a tombstone, and nothing that could be used.
    private func checkForgotten(_ record: ProjectRecord) async {
        if record.leases != nil { violated("a deleted project holds ports and a subnet") }
        if (try? await host.store.secrets(of: record.ref)) != nil { violated("a deleted project has its secrets") }
        if host.store.withTables({ !$0.notifications.marks(of: record.ref).isEmpty }) {
            violated("a deleted project has its notifications")
        }
    }

    /// No secret in any line of the log, nor in any stored message.
    func checkSecrets(_ log: SecretWatch) async {
        let secrets = state.withLock(\.secrets).sorted()
        if log.shows(secrets) { violated("the log shows a secret") }
        for record in host.store.everything {
            let texts = [record.record.failure?.message, record.record.failure?.logTail].compactMap { $0 }
            let told = record.events.flatMap { [$0.cause, $0.facts.failure?.message ?? ""] }
            if (texts + told).contains(where: { text in secrets.contains { text.contains($0) } }) {
                violated("the record of a project shows a secret")
            }
        }
    }

    private func checkNothingLeft(_ ref: ProjectRef, _ status: ProjectStatus) {
        if !host.engine.contents(of: ref).isEmpty {
            violated("a project is \(status.rawValue) and the engine holds objects of it")
        }
    }
}

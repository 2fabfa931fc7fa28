import Orchestrator
import ProjectModel
import Reconciler
import Synchronization

/// What the auditor holds about the history of projects: it says what has happened, each thing once.
final class EventAudit: Sendable {
    /// Longest time from a restart to its event, with everything available. An event is written when the plan that it
    /// belongs to is carried out.
    static let delayMax: Duration = .seconds(10)

    private struct State {
        /// Changes of status that were stored.
        var changes: [ProjectRef: [StatusEdge: Int]] = [:]
        /// Restarts that the present manager has made and not written down yet.
        var unwritten: [Restart] = []
    }

    /// A restart, as the engine has seen it.
    struct Restart: Sendable {
        let ref: ProjectRef
        let service: ServiceName
        let at: Timestamp
    }

    private let state = Mutex(State())
    private let host: SimulatedHost

    init(_ host: SimulatedHost) { self.host = host }

    // MARK: What has happened

    /// A change of status was stored.
    func noteChange(_ edge: StatusEdge, of ref: ProjectRef) {
        state.withLock { $0.changes[ref, default: [:]][edge, default: 0] += 1 }
    }

    /// A manager begins, ends, or was not there: what it had not written down may be lost with it.
    func noteNewManager() { state.withLock { $0.unwritten = [] } }

    /// The restart that a call will be, if it is one: the first run of a container is none, nor is one that begins while
    /// the project is started on request.
    func restart(by operation: EngineOperation, of ref: ProjectRef) -> Restart? {
        let now = host.time.steady
        switch operation {
        case .restartContainer(_, let service, _): return Restart(ref: ref, service: service, at: now)
        case .startContainer(_, let service):
            guard let status = host.store.withTables({ $0.records[ref]?.status }),
                status == .active || status == .degraded,
                host.engine.container(service, of: ref)?.startedAt != nil
            else { return nil }
            return Restart(ref: ref, service: service, at: now)
        default: return nil
        }
    }

    /// A manager knows that it has restarted a service.
    func note(_ restart: Restart) { state.withLock { $0.unwritten.append(restart) } }

    /// Events beside changes of status were stored. Says what is wrong with them.
    func noteWritten(_ events: [ProjectEvent], of ref: ProjectRef) -> String? {
        let restarts = events.filter { $0.kind == .servicesRestarted }
        let services = Set(restarts.flatMap { $0.facts.services.map(\.service) })
        state.withLock { state in
            state.unwritten.removeAll { $0.ref == ref && services.contains($0.service) }
        }
        if events.contains(where: { $0.kind.isOfTransition || $0.kind == .created || $0.kind == .unknown }) {
            return "an event beside changes of status does not say what it is about"
        }
        if restarts.contains(where: { $0.facts.services.isEmpty || $0.facts.restart == nil || $0.cause.isEmpty }) {
            return "the event of a restart does not say which service was restarted, how and why"
        }
        return nil
    }

    // MARK: The end

    /// What is wrong with the history of a project. It may be one that has been shortened: then its beginning is not
    /// known.
    func findings(of record: ProjectRecord, _ events: [ProjectEvent]) -> [String] {
        guard events.count < ProjectEvent.keptMax else { return [] }
        var findings: Set<String> = []
        var status: ProjectStatus?
        var changes: [StatusEdge: Int] = [:]
        for event in events where event.kind.isOfTransition || event.kind == .created {
            let facts = event.facts
            if facts.statusBefore != status || facts.statusAfter != event.status {
                findings.insert("the facts of an event are not those of its change of status")
            }
            if let before = facts.statusBefore, let after = facts.statusAfter, event.kind == .statusChanged {
                changes[StatusEdge(from: before, to: after), default: 0] += 1
            }
            if (event.kind == .stateNoted) != (facts.statusBefore == facts.statusAfter) {
                findings.insert("an event is called a change of status, and there was none, or the other way round")
            }
            status = event.status
        }
        if status != record.status { findings.insert("the history does not lead to the status of its project") }
        if changes != state.withLock({ $0.changes[record.ref] ?? [:] }) {
            findings.insert("the history does not have each change of status exactly once")
        }
        return findings.sorted()
    }

    /// Whether a restart of the present manager is missing from the history.
    var isRestartMissing: Bool {
        let now = host.time.steady
        return state.withLock { $0.unwritten.contains { now.since($0.at) > Self.delayMax } }
    }
}

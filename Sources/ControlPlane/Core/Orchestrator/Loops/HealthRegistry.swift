import ProjectModel
import Reconciler

/// Probe results of all projects, and the active watch of each service. In memory only: it is rebuilt by probing.
actor HealthRegistry {
    private struct Watch {
        var health: ServiceHealth
        /// The same for each role, where the service has several.
        var roles: [ServiceRole: ServiceHealth] = [:]
        /// Grows with every watch that is begun, so that of two watches of a service the earlier one knows its end.
        var turn: Int
    }

    private var watches: [ProjectRef: [ServiceName: Watch]] = [:]
    private var lastTurn = 0
    private let time: any TimeSource

    init(_ time: any TimeSource) { self.time = time }

    /// Sets the current runs. Returns the services to watch from the beginning, with the turn of each: those whose run
    /// is new and, when a run is new or gone, those that answered until now.
    func track(_ runs: [ServiceName: Incarnation], of ref: ProjectRef) -> [ServiceName: Int] {
        let present = watches[ref] ?? [:]
        guard present.mapValues(\.health.incarnation) != runs else { return [:] }
        var begun: [ServiceName: Int] = [:]
        var next: [ServiceName: Watch] = [:]
        for (service, run) in runs {
            var watch = Watch(health: ServiceHealth(of: run), turn: 0)
            if let known = present[service], known.health.incarnation == run { watch = known }
            if watch.turn == 0 || watch.health.verdict == .ready {
                lastTurn += 1
                watch.turn = lastTurn
                begun[service] = lastTurn
            }
            next[service] = watch
        }
        watches[ref] = next.isEmpty ? nil : next
        return begun
    }

    /// Whether a watch is the latest of its service.
    func isCurrent(_ turn: Int, of service: ServiceName, in ref: ProjectRef) -> Bool {
        watches[ref]?[service]?.turn == turn
    }

    /// Takes a watch's result in; returns the verdict before and the health after. Nil when another watch of the
    /// service has begun, or watching has ended.
    func record(
        _ answer: ProbeAnswer, of service: ServiceName, in ref: ProjectRef, turn: Int
    ) -> (before: ServiceHealth.Verdict, after: ServiceHealth)? {
        guard var watch = watches[ref]?[service], watch.turn == turn else { return nil }
        let before = watch.health.verdict
        let (now, uptime) = (time.now(), time.uptime())
        watch.health.record(answer.whole, of: watch.health.incarnation, at: now, uptime: uptime)
        for (role, result) in answer.roles {
            watch.roles[role, default: ServiceHealth(of: watch.health.incarnation)]
                .record(result, of: watch.health.incarnation, at: now, uptime: uptime)
        }
        watches[ref]?[service] = watch
        return (before, watch.health)
    }

    /// The health of the roles of a project, by their service.
    func roleTallies(of ref: ProjectRef) -> [ServiceName: [ServiceRole: ServiceHealth]] {
        watches[ref]?.mapValues(\.roles) ?? [:]
    }

    /// The health of a project's services.
    func tallies(of ref: ProjectRef) -> [ServiceName: ServiceHealth] { watches[ref]?.mapValues(\.health) ?? [:] }
}

import ProjectModel
import Reconciler

/// Probe tallies of all projects. Nothing here has to survive: it is rebuilt by probing.
actor HealthBoard {
    private var tallies: [ProjectRef: [ServiceName: ServiceHealth]] = [:]

    /// Sets which runs count now. Returns the services whose run is new, that is, which nobody probes yet.
    func track(_ runs: [ServiceName: Incarnation], of ref: ProjectRef) -> Set<ServiceName> {
        let present = tallies[ref] ?? [:]
        var fresh: Set<ServiceName> = []
        var next: [ServiceName: ServiceHealth] = [:]
        for (service, run) in runs {
            if let tally = present[service], tally.incarnation == run {
                next[service] = tally
            } else {
                next[service] = ServiceHealth(of: run)
                fresh.insert(service)
            }
        }
        tallies[ref] = next.isEmpty ? nil : next
        return fresh
    }

    /// Takes a result in and gives the verdict before and after; nothing when the run does not count any more.
    func record(
        _ result: ProbeResult, of service: ServiceName, in ref: ProjectRef, run: Incarnation, at time: Timestamp
    ) -> (before: ServiceHealth.Verdict, after: ServiceHealth.Verdict)? {
        guard var tally = tallies[ref]?[service], tally.incarnation == run else { return nil }
        let before = tally.verdict
        tally.record(result, of: run, at: time)
        tallies[ref]?[service] = tally
        return (before, tally.verdict)
    }

    func tallies(of ref: ProjectRef) -> [ServiceName: ServiceHealth] { tallies[ref] ?? [:] }
}

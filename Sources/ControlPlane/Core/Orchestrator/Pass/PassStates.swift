import ProjectModel
import Reconciler

/// What the loop remembers of all projects. One pass over a project runs at a time, so take and put cannot cross.
actor PassStates {
    /// What the last pass found, for those who ask.
    struct Finding: Sendable {
        var states: [ServiceName: Assessment.ServiceState]
        /// Where containers are reached, by the host port that they publish.
        var addresses: [UInt16: ServiceAddress]
        /// Images that the pass pulls, by the service that waits for them.
        var pulls: [ServiceName: String] = [:]
    }

    private let time: any TimeSource
    private var watch: ClockWatch
    private var epoch: ReconcileState.Epoch
    private var all: [ProjectRef: PassState] = [:]
    private var findings: [ProjectRef: Finding] = [:]
    /// Full lists made so far.
    private var round = 0

    init(_ time: any TimeSource) {
        self.time = time
        watch = ClockWatch(time)
        epoch = ReconcileState.Epoch(since: time.now(), isOfClock: false)
    }

    /// What is remembered of a project, in the present epoch.
    func take(_ ref: ProjectRef) -> PassState {
        checkTime()
        var state = all[ref] ?? PassState(epoch: epoch)
        state.decisions.enter(epoch)
        return state
    }

    /// Remembers a project; nil forgets it.
    func put(_ state: PassState?, of ref: ProjectRef) {
        all[ref] = state
        if state == nil { findings[ref] = nil }
    }

    /// Makes known what a pass has found, before it acts: a plan may take long.
    func publish(_ finding: Finding, of ref: ProjectRef) { findings[ref] = finding }

    /// What the last pass over a project found.
    func finding(of ref: ProjectRef) -> Finding? {
        checkTime()
        return findings[ref]
    }

    /// Begins a new epoch when the clock was set or the process was not there.
    func checkTime() {
        guard let gap = watch.check(time) else { return }
        epoch = ReconcileState.Epoch(since: time.now(), isOfClock: epoch.isOfClock || gap == .clockSet)
    }

    /// Projects for which a full list is a reason for a pass.
    func due(_ list: Relist) -> [ProjectRef] {
        round += 1
        return list.due(inRound: round) { all[$0]?.basis }
    }

    /// Forgets everything: a manager that stood by has not been waiting.
    func reset() {
        watch = ClockWatch(time)
        epoch = ReconcileState.Epoch(since: time.now(), isOfClock: false)
        (all, findings) = ([:], [:])
    }
}

import ProjectModel

/// Time between two passes of which the second confirms a terminal state that the first has found.
private let confirmationPause: Duration = .milliseconds(50)
/// Passes in a row that must find the same end before a project counts as paused or gone.
private let confirmationsMin = 2

/// Says what a pass does about what it has read. Pure: no clock, no engine, no store.
public func decide(_ observation: Observation, _ state: ReconcileState) -> Decision {
    switch observation {
    case .project(let project): decide(project, assessment: assess(project.assessmentInput(state)), state: state)
    case .unrecorded(let observed, let isNews):
        Decision(observed.isEmpty ? .forget : .leaveAlone(isNews: isNews))
    case .unrenderable(let record, let reason):
        Decision(.fail(reason: reason, report: TroubleReport(unrenderable: record, reason)))
    case .engineUnavailable(let record, let reason, let health, _):
        Decision(.fail(reason: reason, report: TroubleReport(withoutEngine: record, reason, health)))
    case .unreadable(let reason): Decision(.fail(reason: reason, report: nil))
    }
}

/// The same for a project with a record that has been judged: total over statuses and judgements.
func decide(_ project: ObservedProject, assessment: Assessment, state: ReconcileState) -> Decision {
    // A call in progress when the last manager died may take effect after the project is gone.
    if project.record.status == .deleted, project.observed.isEmpty {
        return Decision(project.keepsVolumes ? .rest : .forget)
    }
    let requeue = Requeue(assessment.requeueAt)
    guard project.isActing else { return Decision(.standBy(requeue), assessment) }
    if (1..<confirmationsMin).contains(state.confirmations(of: assessment.event)) {
        return Decision(.confirm(.at(project.now + confirmationPause)), assessment)
    }
    if let transition = TransitionDecision(project, assessment) { return Decision(.transition(transition), assessment) }
    let plan = PlanDecision(
        reconcile(project.reconcileInput(assessment, state)),
        report: TroubleReport(refusal: assessment, project.record), requeue: requeue)
    return Decision(.carryOut(plan), assessment)
}

extension TroubleReport {
    /// A template or keys that cannot be used: a start fails for it, and what was active is so no longer.
    fileprivate init?(unrenderable record: RecordedProject, _ reason: String) {
        let failure = FailureChange.record(FailureReason(message: reason))
        for event in [ProjectLifecycle.Event.startFailed, .serviceNotReady] {
            guard case .transition(let status) = ProjectLifecycle.answer(to: event, in: record.status) else { continue }
            self.init(status: status, cause: reason, failure: failure)
            return
        }
        guard record.status == .degraded, record.failure?.message != reason else { return nil }
        self.init(status: .degraded, cause: reason, failure: failure)
    }

    /// While the engine does not answer, a project whose probes fail as well is not active.
    fileprivate init?(withoutEngine record: RecordedProject, _ reason: String, _ health: [ServiceName: ServiceHealth]) {
        let fails = health.values.contains { $0.verdict == .failing || $0.verdict == .unresponsive }
        guard record.status == .active, fails else { return nil }
        self.init(status: .degraded, cause: "services do not answer, and \(reason)", failure: .keep)
    }

    /// Why a project that should run is not allowed to.
    fileprivate init?(refusal assessment: Assessment, _ record: RecordedProject) {
        guard record.status == .degraded, let failed = assessment.failure, record.failure?.message != failed.message
        else { return nil }
        self.init(
            status: .degraded, cause: "\(failed.service): \(failed.message)",
            failure: .record(FailureReason(service: failed.service, message: failed.message)))
    }
}

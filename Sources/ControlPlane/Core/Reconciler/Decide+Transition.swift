import ProjectModel

extension TransitionDecision {
    /// The transition that a judgement means for a project; nil when it says nothing new in its status.
    init?(_ project: ObservedProject, _ assessment: Assessment) {
        let record = project.record
        guard let event = assessment.event,
            case .transition(let status) = ProjectLifecycle.answer(to: event, in: record.status)
        else { return nil }
        self.init(from: record.status, to: status, event: event, cause: assessment.cause, failure: .keep)
        switch event {
        case .startFailed: failure = FailureChange(assessment, project.observed)
        case .serviceNotReady where assessment.failure != nil: failure = FailureChange(assessment, project.observed)
        case .allReady:
            failure = .clear
            fulfilsRestart = !assessment.isRestartOutstanding
        default: break
        }
        describeUpgrade(record)
        takeBackSettings(record)
    }

    /// The upgrade's part of a transition: the reason, and ports that are no longer needed. Which version the engine
    /// should hold follows from the record alone.
    private mutating func describeUpgrade(_ record: RecordedProject) {
        let version = record.template?.short ?? ""
        switch (from, to) {
        case (.upgrading, .active):
            cause = "the upgrade to template version \(version) is done"
            releasesUnusedPorts = true
        case (.upgrading, .reverting): beginWayBack(record)
        case (.reverting, .active):
            let reason = record.failure.map { "the upgrade failed: \($0.inWords)" } ?? "the upgrade was cancelled"
            cause = "\(reason); the project is back at template version \(version)"
            // The ports of an unknown version are not known.
            releasesUnusedPorts = record.template != nil
        case (.reverting, .degraded):
            let reason = record.failure.map { " after: \($0.inWords)" } ?? ""
            cause = "the way back to template version \(version) failed\(reason): \(cause)"
            releasesUnusedPorts = true
        default: break
        }
    }

    /// A project whose version before is not known cannot go back: it stays at the new one and is healed there.
    private mutating func beginWayBack(_ record: RecordedProject) {
        let reason = failure.reason?.inWords ?? cause
        guard !record.hasTemplateBefore else {
            cause = "the upgrade failed: \(reason). The version before is brought back"
            return
        }
        to = .degraded
        cause = "the upgrade failed: \(reason). The template version before is not known: there is no way back"
        if case .record(var failed, let log) = failure {
            failed.message += " (during an upgrade without a way back)"
            failure = .record(failed, logOf: log)
        }
        releasesUnusedPorts = true
    }

    /// A start that failed with new settings is followed by one with the previous settings. The operation has failed by
    /// then; the way back is a restart of its own, and fails as every restart does.
    private mutating func takeBackSettings(_ record: RecordedProject) {
        guard from == .restarting, to == .degraded, record.operation == .settingsChange else { return }
        to = .restarting
        restoresSettings = true
        cause =
            "the new settings of the database were taken back, the previous settings are in force again: with the new"
            + " ones the project did not come up (\(failure.reason?.inWords ?? cause))"
    }
}

extension FailureChange {
    /// The failure that a judgement names, with the log of the service to blame.
    fileprivate init(_ assessment: Assessment, _ observed: ObservedStack) {
        guard let failed = assessment.failure else {
            self = .record(FailureReason(message: assessment.cause))
            return
        }
        self = .record(
            FailureReason(service: failed.service, message: failed.message),
            logOf: observed.container(of: failed.service)?.id)
    }

    fileprivate var reason: FailureReason? { if case .record(let reason, _) = self { reason } else { nil } }
}

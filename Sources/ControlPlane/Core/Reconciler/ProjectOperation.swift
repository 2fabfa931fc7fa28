public import ProjectModel

/// What a user requested of a project as a whole.
public enum ProjectOperationKind: String, Sendable, CaseIterable {
    case create
    case pause
    case resume
    case restart
    case delete
    /// Another template version, or other services.
    case upgrade
    /// The database as it was at an earlier time, in another volume.
    case restore
    /// Settings of the database, which are tried and taken back when it does not come up with them.
    case settingsChange = "settings_change"

    /// Longest time that it may take before it counts as failed or overdue. Starts have the deadline of every start;
    /// waiting for an image or for the engine does not count.
    public var deadline: Duration {
        switch self {
        case .create, .resume, .restart, .settingsChange: Assessment.startDeadline
        case .pause, .delete: .seconds(300)
        case .upgrade: Assessment.upgradeDeadline
        case .restore: .seconds(7_200)
        }
    }

    /// The operation that a request begins, in the status that the project has.
    public init?(beginningWith event: ProjectLifecycle.Event, in status: ProjectStatus) {
        guard case .transition = ProjectLifecycle.answer(to: event, in: status) else { return nil }
        switch event {
        case .pauseRequested: self = .pause
        // A failed project has nothing left to resume: its start is tried again from the beginning.
        case .resumeRequested: self = status == .failed ? .create : .resume
        case .restartRequested: self = .restart
        case .deleteRequested: self = .delete
        case .upgradeRequested: self = .upgrade
        case .restoreRequested: self = .restore
        // Taking a cancelled operation back is an operation of its own; a rollback is the end of the creation.
        case .cancelRequested: self.init(takingBackFrom: status)
        default: return nil
        }
    }

    private init?(takingBackFrom status: ProjectStatus) {
        switch status {
        case .pausing, .restoring: self = .resume
        case .resuming: self = .pause
        default: return nil
        }
    }
}

public enum ProjectOperationState: String, Sendable, CaseIterable {
    /// Stored, not begun.
    case pending
    /// Under way.
    case running
    /// Done.
    case succeeded
    /// Ended without reaching its goal.
    case failed
    /// Taken back on request.
    case cancelled
    /// Given up for a later request.
    case superseded

    /// Whether it is in progress.
    public var isOpen: Bool { self == .pending || self == .running }
}

/// The mapping of a project's status to its operation. Pure.
public enum ProjectOperationRules {
    /// The state of an operation once the project has reached a status; nil while it is in progress.
    public static func end(of kind: ProjectOperationKind, at status: ProjectStatus) -> ProjectOperationState? {
        switch kind {
        case .create: endOfStart(status, isFirst: true, whileIn: [.provisioning, .starting])
        case .resume: endOfStart(status, isFirst: false, whileIn: [.resuming])
        case .restore: endOfStart(status, isFirst: false, whileIn: [.restoring, .resuming])
        case .restart, .settingsChange: endOfStart(status, isFirst: false, whileIn: [.restarting])
        case .pause: endOfStop(status, whileIn: .pausing, success: .paused)
        case .delete: endOfStop(status, whileIn: .deleting, success: .deleted)
        case .upgrade: endOfUpgrade(status)
        }
    }

    private static func endOfStart(
        _ status: ProjectStatus, isFirst: Bool, whileIn transitional: Set<ProjectStatus>
    ) -> ProjectOperationState? {
        if transitional.contains(status) { return nil }
        switch status {
        case .active: return .succeeded
        // A first start that fails is rolled back; any other leaves a project that keeps healing.
        case .rollingBack, .failed: return isFirst ? .failed : .superseded
        case .degraded: return isFirst ? .superseded : .failed
        default: return .superseded
        }
    }

    /// The status alone does not show how a way back ended: the previous version runs as well.
    private static func endOfUpgrade(_ status: ProjectStatus) -> ProjectOperationState? {
        switch status {
        case .upgrading, .reverting: nil
        case .active: .succeeded
        case .degraded: .failed
        default: .superseded
        }
    }

    private static func endOfStop(
        _ status: ProjectStatus, whileIn transitional: ProjectStatus, success: ProjectStatus
    ) -> ProjectOperationState? {
        if status == transitional { return nil }
        return status == success ? .succeeded : .superseded
    }
}

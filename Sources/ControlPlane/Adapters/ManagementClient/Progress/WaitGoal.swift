public import ProjectModel

public enum WaitGoal: Sendable, Equatable, CaseIterable {
    /// The project runs and is healthy.
    case running
    /// The project is paused.
    case paused
    /// The project is gone.
    case gone

    /// The meaning of a status for a wait.
    public enum Verdict: Sendable, Equatable {
        /// Not yet.
        case waiting
        case reached
        /// It can no longer be reached; the reason, as users read it.
        case missed(String)
    }

    /// What a status means; nil stands for a project that is not there. Pure and total.
    public func judge(_ status: StudioStatus?) -> Verdict {
        switch self {
        case .running: Self.judgeRunning(status)
        case .paused: Self.judgePaused(status)
        case .gone: status == nil || status == .removed ? .reached : .waiting
        }
    }

    private static func judgeRunning(_ status: StudioStatus?) -> Verdict {
        switch status {
        case .activeHealthy: .reached
        case .initFailed: .missed("it failed to start")
        case .restoreFailed: .missed("it failed to resume")
        case .pauseFailed: .missed("it failed to pause")
        case .inactive, .pausing: .missed("it was paused meanwhile")
        case nil, .removed, .goingDown: .missed("it was deleted meanwhile")
        case .activeUnhealthy, .comingUp, .unknown, .restoring, .upgrading, .restarting, .resizing: .waiting
        }
    }

    private static func judgePaused(_ status: StudioStatus?) -> Verdict {
        switch status {
        case .inactive: .reached
        case .pauseFailed: .missed("it failed to pause")
        case .initFailed, .restoreFailed: .missed("it failed")
        case nil, .removed, .goingDown: .missed("it was deleted meanwhile")
        case .activeHealthy, .activeUnhealthy, .comingUp, .unknown, .restoring, .upgrading, .pausing, .restarting,
            .resizing:
            .waiting
        }
    }
}

/// How a wait ended.
public enum WaitOutcome: Sendable, Equatable {
    case reached
    /// It can no longer be reached: the reason, and the project's last state.
    case missed(String, ProjectProgress?)
    /// The time was up: the project as it was last seen.
    case timedOut(ProjectProgress?)
}

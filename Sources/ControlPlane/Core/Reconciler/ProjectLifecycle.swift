public import ProjectModel

/// The status machine of one project, as a value: a status and an event in, one answer out. It holds no clock, socket
/// or task.
public enum ProjectLifecycle {
    /// The events of a project's lifecycle.
    public enum Event: Sendable, Equatable, CaseIterable {
        /// A user requests a pause.
        case pauseRequested
        /// A user requests a resume (Studio: restore).
        case resumeRequested
        /// A user requests a restart.
        case restartRequested
        /// A user requests the deletion.
        case deleteRequested
        /// A user cancels the last request, as far as that is safe.
        case cancelRequested
        /// A user requests another template version, or other services.
        case upgradeRequested
        /// A user requests that the database becomes what it was at an earlier time.
        case restoreRequested
        /// The restore is over: another volume is in use from now on, or the same one as before.
        case restoreEnded
        /// Every container exists.
        case containersCreated
        /// Every required service is ready, and no restart is outstanding.
        case allReady
        /// At least one required service is not ready.
        case serviceNotReady
        /// A start has failed for good: a deadline has passed or a service keeps ending.
        case startFailed
        /// No container runs.
        case allStopped
        /// Nothing with the project's label is left on the engine that is worth waiting for, and its folder is gone.
        case nothingLeft
    }

    /// The reaction.
    public enum Answer: Sendable, Equatable {
        /// The status changes.
        case transition(to: ProjectStatus)
        /// Nothing changes: the event says nothing new in this status.
        case stay
        /// A request that is not possible in this status: HTTP 409.
        case refuse
    }

    /// The answer to an event. Total: every status knows every event.
    public static func answer(to event: Event, in status: ProjectStatus) -> Answer {
        switch event {
        case .pauseRequested, .resumeRequested, .restartRequested, .deleteRequested, .cancelRequested,
            .upgradeRequested, .restoreRequested:
            answer(toRequest: event, in: status)
        case .containersCreated: status == .provisioning ? .transition(to: .starting) : .stay
        case .restoreEnded: status == .restoring ? .transition(to: .resuming) : .stay
        case .allReady: readiness(in: status)
        case .serviceNotReady: status == .active ? .transition(to: .degraded) : .stay
        case .startFailed: failure(in: status)
        case .allStopped: status == .pausing ? .transition(to: .paused) : .stay
        case .nothingLeft: absence(in: status)
        }
    }

    private static func answer(toRequest event: Event, in status: ProjectStatus) -> Answer {
        switch (event, status) {
        case (.deleteRequested, .deleting): .stay
        case (.deleteRequested, .deleted): .refuse
        case (.deleteRequested, _): .transition(to: .deleting)
        case (.pauseRequested, .active), (.pauseRequested, .degraded): .transition(to: .pausing)
        case (.pauseRequested, .pausing), (.pauseRequested, .paused): .stay
        case (.resumeRequested, .paused): .transition(to: .resuming)
        case (.resumeRequested, .failed): .transition(to: .provisioning)
        case (.resumeRequested, .resuming): .stay
        case (.restartRequested, .active), (.restartRequested, .degraded): .transition(to: .restarting)
        case (.restartRequested, .restarting): .stay
        // Not while paused: services are replaced behind a check that they come up.
        case (.upgradeRequested, .active), (.upgradeRequested, .degraded): .transition(to: .upgrading)
        case (.restoreRequested, .active), (.restoreRequested, .degraded): .transition(to: .restoring)
        case (.cancelRequested, .upgrading): .transition(to: .reverting)
        // A restart may have stopped a service by now, and a deletion has removed it: neither can be cancelled.
        case (.cancelRequested, .provisioning), (.cancelRequested, .starting): .transition(to: .rollingBack)
        // Nothing of what the project had was touched.
        case (.cancelRequested, .pausing), (.cancelRequested, .restoring): .transition(to: .resuming)
        case (.cancelRequested, .resuming): .transition(to: .pausing)
        default: .refuse
        }
    }

    private static func readiness(in status: ProjectStatus) -> Answer {
        switch status {
        case .provisioning, .starting, .degraded, .resuming, .restarting, .upgrading, .reverting:
            .transition(to: .active)
        case .active, .pausing, .paused, .restoring, .rollingBack, .failed, .deleting, .deleted: .stay
        }
    }

    /// A first start that fails is rolled back, and an upgrade that fails brings back the version before. A project
    /// that has been active has data: it is never torn down, but keeps healing as DEGRADED.
    private static func failure(in status: ProjectStatus) -> Answer {
        switch status {
        case .provisioning, .starting: .transition(to: .rollingBack)
        case .resuming, .restarting, .reverting: .transition(to: .degraded)
        case .upgrading: .transition(to: .reverting)
        case .active, .degraded, .pausing, .paused, .restoring, .rollingBack, .failed, .deleting, .deleted: .stay
        }
    }

    private static func absence(in status: ProjectStatus) -> Answer {
        switch status {
        case .rollingBack: .transition(to: .failed)
        case .deleting: .transition(to: .deleted)
        case .provisioning, .starting, .active, .degraded, .pausing, .paused, .resuming, .restarting, .upgrading,
            .reverting, .restoring, .failed, .deleted:
            .stay
        }
    }
}

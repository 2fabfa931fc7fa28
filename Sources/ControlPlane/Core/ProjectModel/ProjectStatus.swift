/// What a project is doing, in the manager's own words. The stored value is the raw value.
public enum ProjectStatus: String, CaseIterable, Sendable {
    /// Accepted; containers are being created. Next: STARTING, ACTIVE, ROLLING_BACK or DELETING.
    case provisioning = "PROVISIONING"
    /// All containers exist; services become ready in the order of their dependencies. Next as for PROVISIONING.
    case starting = "STARTING"
    /// Every required service is ready. Next: DEGRADED, PAUSING, RESTARTING or DELETING.
    case active = "ACTIVE"
    /// At least one required service is not ready; the manager is healing it. Next as for ACTIVE, and ACTIVE.
    case degraded = "DEGRADED"
    /// Containers are being stopped on request. Next: PAUSED, RESUMING or DELETING.
    case pausing = "PAUSING"
    /// No container runs; data, ports and subnet are kept. Next: RESUMING or DELETING.
    case paused = "PAUSED"
    /// Containers are being started again on request. Next: ACTIVE, DEGRADED, PAUSING or DELETING.
    case resuming = "RESUMING"
    /// Containers are being restarted on request. Next: ACTIVE, DEGRADED or DELETING.
    case restarting = "RESTARTING"
    /// Services are being replaced by those of another template version, or added and removed, on request. Next:
    /// ACTIVE, REVERTING, DEGRADED or DELETING.
    case upgrading = "UPGRADING"
    /// The upgrade failed or was cancelled; the version before is being brought back. Next: ACTIVE, DEGRADED or
    /// DELETING.
    case reverting = "REVERTING"
    /// The services stand still while a new generation of the database's volume is made from a backup. Next: RESUMING,
    /// on the new volume, or on the previous one where that failed or was cancelled; or DELETING.
    case restoring = "RESTORING"
    /// The first start failed; what it made is being removed. Next: FAILED or DELETING.
    case rollingBack = "ROLLING_BACK"
    /// The first start failed and only the record and the reason are left; a network that the engine cannot remove may
    /// remain, as after DELETING. Next: PROVISIONING or DELETING.
    case failed = "FAILED"
    /// Everything is being removed on request. Next: DELETED.
    case deleting = "DELETING"
    /// Only kept volumes and networks that the engine cannot remove are left. The record is kept as a tombstone and
    /// shown nowhere.
    case deleted = "DELETED"

    /// The desired state of a project with this status.
    public var goal: Goal {
        switch self {
        case .provisioning, .starting, .active, .degraded, .resuming, .restarting, .upgrading, .reverting: .running
        case .pausing, .paused, .restoring: .stopped
        case .rollingBack, .failed, .deleting, .deleted: .absent
        }
    }

    /// The desired state of a project. It is derived from the status, never stored beside it.
    public enum Goal: Sendable, Equatable, CaseIterable {
        /// All services run.
        case running
        /// All containers exist or not, none runs; volumes are kept.
        case stopped
        /// No container, network or volume exists.
        case absent
    }
}

/// The fifteen project statuses that Studio, the Supabase CLI and the Terraform provider know. No other value ever
/// leaves the API.
public enum StudioStatus: String, CaseIterable, Sendable {
    case inactive = "INACTIVE"
    case activeHealthy = "ACTIVE_HEALTHY"
    case activeUnhealthy = "ACTIVE_UNHEALTHY"
    case comingUp = "COMING_UP"
    case unknown = "UNKNOWN"
    case goingDown = "GOING_DOWN"
    case initFailed = "INIT_FAILED"
    case removed = "REMOVED"
    case restoring = "RESTORING"
    case upgrading = "UPGRADING"
    case pausing = "PAUSING"
    case restoreFailed = "RESTORE_FAILED"
    case restarting = "RESTARTING"
    case pauseFailed = "PAUSE_FAILED"
    case resizing = "RESIZING"
}

extension ProjectStatus {
    /// The status on the wire. ROLLING_BACK still reads COMING_UP: the Terraform provider stops at INIT_FAILED, and
    /// until the remains are gone the project is not in a final state.
    public var studioStatus: StudioStatus {
        switch self {
        case .provisioning, .starting, .rollingBack: .comingUp
        case .active: .activeHealthy
        case .degraded: .activeUnhealthy
        case .pausing: .pausing
        case .paused: .inactive
        case .resuming, .restoring: .restoring
        case .restarting: .restarting
        case .upgrading, .reverting: .upgrading
        case .failed: .initFailed
        case .deleting: .goingDown
        case .deleted: .removed
        }
    }
}

package import ProjectModel

extension StudioStatus {
    /// The statuses that the contract knows for databases.
    package static let databaseStatuses = [
        "ACTIVE_HEALTHY", "ACTIVE_UNHEALTHY", "COMING_UP", "GOING_DOWN", "INIT_FAILED", "REMOVED", "RESTORING",
        "UNKNOWN", "INIT_READ_REPLICA", "INIT_READ_REPLICA_FAILED", "RESTARTING", "RESIZING",
    ]

    /// What a project's status says about its database, in the narrower words that the contract has for those.
    package var databaseStatus: String {
        switch self {
        case .inactive: Self.unknown.rawValue
        case .pausing: Self.goingDown.rawValue
        case .upgrading: Self.comingUp.rawValue
        case .restoreFailed: Self.initFailed.rawValue
        case .pauseFailed: Self.activeUnhealthy.rawValue
        case .activeHealthy, .activeUnhealthy, .comingUp, .unknown, .goingDown, .initFailed, .removed, .restoring,
            .restarting, .resizing:
            rawValue
        }
    }
}

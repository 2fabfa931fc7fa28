import ProjectModel
import Testing

@Suite("Statuses")
struct StatusTests {
    /// Studio's own list, written down once more so that a change of the enum shows.
    static let studio = [
        "INACTIVE", "ACTIVE_HEALTHY", "ACTIVE_UNHEALTHY", "COMING_UP", "UNKNOWN", "GOING_DOWN", "INIT_FAILED",
        "REMOVED", "RESTORING", "UPGRADING", "PAUSING", "RESTORE_FAILED", "RESTARTING", "PAUSE_FAILED", "RESIZING",
    ]

    @Test("the wire knows exactly Studio's fifteen statuses")
    func fifteen() {
        #expect(StudioStatus.allCases.map(\.rawValue).sorted() == Self.studio.sorted())
    }

    @Test(
        "every status has one on the wire, a goal and a stored name",
        arguments: [
            (.provisioning, "PROVISIONING", .comingUp, .running), (.starting, "STARTING", .comingUp, .running),
            (.active, "ACTIVE", .activeHealthy, .running), (.degraded, "DEGRADED", .activeUnhealthy, .running),
            (.pausing, "PAUSING", .pausing, .stopped), (.paused, "PAUSED", .inactive, .stopped),
            (.resuming, "RESUMING", .restoring, .running), (.restarting, "RESTARTING", .restarting, .running),
            (.upgrading, "UPGRADING", .upgrading, .running), (.reverting, "REVERTING", .upgrading, .running),
            (.restoring, "RESTORING", .restoring, .stopped),
            (.rollingBack, "ROLLING_BACK", .comingUp, .absent), (.failed, "FAILED", .initFailed, .absent),
            (.deleting, "DELETING", .goingDown, .absent), (.deleted, "DELETED", .removed, .absent),
        ] as [(ProjectStatus, String, StudioStatus, ProjectStatus.Goal)])
    func mapping(status: ProjectStatus, stored: String, studio: StudioStatus, goal: ProjectStatus.Goal) {
        #expect(status.rawValue == stored)
        #expect(status.studioStatus == studio)
        #expect(status.goal == goal)
    }

    @Test("the table above leaves no status out")
    func complete() {
        #expect(ProjectStatus.allCases.count == 15)
        #expect(Set(ProjectStatus.allCases.map(\.studioStatus)).isSubset(of: StudioStatus.allCases))
    }
}

import ProjectModel
import Reconciler

/// What the manager knows of a project without asking the engine: where it changes, containers may have.
struct ProjectSigns: Sendable, Equatable {
    var record: RecordOutline
    /// The runs that passes have found.
    var runs: [ServiceName: Incarnation]
}

/// When the containers of one project are looked at for the readers of its logs.
struct LookSchedule: Sendable, Equatable {
    typealias Instant = ContinuousClock.Instant

    private let interval: Duration
    private let restMax: Duration
    private var signs: ProjectSigns?
    private var pause: Duration
    /// Whether something has changed since the last look.
    private var isNews = true
    private(set) var lastAt: Instant?

    /// A schedule whose first look is due.
    ///
    /// - Parameters:
    ///   - interval: Shortest time between two looks.
    ///   - restMax: Longest time between two looks at a project that does not change.
    init(interval: Duration, restMax: Duration) {
        self.interval = interval
        self.restMax = max(interval, restMax)
        pause = interval
    }

    /// Whether a look is due. Signs that changed, and a reader that knows of a change, end a long pause.
    mutating func isDue(_ present: ProjectSigns, isUrgent: Bool, at now: Instant) -> Bool {
        if signs != present || isUrgent { (isNews, pause) = (true, interval) }
        signs = present
        return lastAt.map { now >= $0 + pause } ?? true
    }

    /// A look was made. When it was due and the project is at rest, the next one has time. A project on its way from one
    /// state to another is looked at each interval: on a manager that does not act, no run announces itself.
    mutating func noteLook(at now: Instant) {
        let isAtRest = signs?.record.status.isAtRest ?? false
        if isNews || !isAtRest {
            pause = interval
        } else if let lastAt, now >= lastAt + pause {
            pause = min(restMax, pause * 2)
        }
        (isNews, lastAt) = (false, now)
    }

    /// The engine did not answer: that is no reason to look less often.
    mutating func noteFailure(at now: Instant) { (isNews, lastAt, pause) = (true, now, interval) }
}

extension ProjectStatus {
    /// Whether nothing is being done to the project.
    fileprivate var isAtRest: Bool {
        switch self {
        case .active, .paused, .failed, .deleted: true
        case .provisioning, .starting, .degraded, .pausing, .resuming, .restarting, .upgrading, .reverting,
            .restoring, .rollingBack, .deleting:
            false
        }
    }
}

/// Looks at the containers of projects, one for all readers of a project's logs.
actor LogLooks {
    /// Shortest time between two looks at a project.
    static let interval: Duration = .seconds(1)
    /// Longest time between two looks at a project that does not change.
    static let restMax: Duration = .seconds(10)
    /// How long a look is remembered that no reader asks for any more.
    private static let memory: Duration = .seconds(60)

    /// What was seen, and when.
    struct Look: Sendable {
        let at: ContinuousClock.Instant
        let stack: ObservedStack
    }

    private struct Project {
        var schedule: LookSchedule
        var look: Look?
        var isLooking = false
        var askedAt: ContinuousClock.Instant
    }

    private let interval: Duration
    private let restMax: Duration
    private var projects: [ProjectRef: Project] = [:]

    init(interval: Duration = interval, restMax: Duration = restMax) {
        self.interval = interval
        self.restMax = restMax
    }

    /// A look that is later than `after`; nil when there is none and none is due. Without `after`, for a reader that
    /// begins, there is always one, of which others may know for an interval.
    func look(
        at ref: ProjectRef, _ signs: ProjectSigns, after: ContinuousClock.Instant?, isUrgent: Bool,
        on engine: any ContainerEngine
    ) async throws(EngineError) -> Look? {
        let now = ContinuousClock.now
        var project =
            projects[ref] ?? Project(schedule: LookSchedule(interval: interval, restMax: restMax), askedAt: now)
        project.askedAt = now
        let isDue = project.schedule.isDue(signs, isUrgent: isUrgent, at: now)
        projects[ref] = project
        if let look = project.look, after.map({ look.at > $0 }) ?? (look.at + interval > now) { return look }
        guard after == nil || isDue && !project.isLooking else { return nil }
        forget(at: now)
        projects[ref]?.isLooking = true
        defer { projects[ref]?.isLooking = false }
        do throws(EngineError) {
            let look = Look(at: now, stack: try await engine.observe(ref))
            projects[ref]?.schedule.noteLook(at: now)
            projects[ref]?.look = look
            return look
        } catch {
            projects[ref]?.schedule.noteFailure(at: now)
            throw error
        }
    }

    private func forget(at now: ContinuousClock.Instant) {
        projects = projects.filter { $0.value.isLooking || now - $0.value.askedAt < Self.memory }
    }
}

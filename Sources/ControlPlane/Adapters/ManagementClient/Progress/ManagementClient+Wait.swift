public import ProjectModel

/// A project as it was seen during a wait.
public struct ProjectSighting: Sendable, Equatable {
    /// The project; nil when it is gone.
    public var progress: ProjectProgress?
    /// New events, oldest first.
    public var events: [ProjectEvent]

    public init(progress: ProjectProgress?, events: [ProjectEvent] = []) {
        self.progress = progress
        self.events = events
    }
}

// Waits.
extension ManagementClient {
    /// Latest events that a poll asks for.
    static let eventsPerLook = 20
    /// Poll interval, at first and after ``quickPhase``: a start takes seconds or minutes, and the API counts requests
    /// by the minute.
    static let quickInterval: Duration = .milliseconds(500)
    static let usualInterval: Duration = .seconds(1)
    static let quickPhase: Duration = .seconds(10)
    /// Longest Retry-After that is respected between two polls.
    static let lookPauseMax: Duration = .seconds(60)

    /// Polls a project until it has the desired status, can no longer reach it, or the deadline passes.
    ///
    /// A manager that is away for a while, because it restarts for instance, does not end the wait.
    ///
    /// - Parameters:
    ///   - last: the newest event that is known already.
    ///   - seen: called with every poll's result, and the time since the wait began.
    /// - Throws: the last poll's error, if the API could not be reached at the deadline; a permanent error at once.
    public func wait(
        for goal: WaitGoal, of ref: ProjectRef, timeout: Duration, eventsAfter last: ProjectEvent? = nil,
        seen: (ProjectSighting, Duration) -> Void
    ) async throws(ClientError) -> WaitOutcome {
        let start = ContinuousClock.now
        var history = EventHistory(last: last)
        var latest: ProjectProgress?
        while true {
            var trouble: ClientError?
            do throws(ClientError) {
                let sighting = try await look(at: ref, &history)
                latest = sighting.progress ?? latest
                seen(sighting, ContinuousClock.now - start)
                switch goal.judge(sighting.progress?.state) {
                case .reached: return .reached
                case .missed(let reason): return .missed(reason, latest)
                case .waiting: break
                }
            } catch {
                guard error.isPassing else { throw error }
                trouble = error
            }
            let elapsed = ContinuousClock.now - start
            guard elapsed < timeout else {
                if let trouble { throw trouble }
                return .timedOut(latest)
            }
            do { try await pause(min(interval(elapsed, trouble), timeout - elapsed)) } catch {
                return .timedOut(latest)
            }
        }
    }

    /// The newest line of a project's history.
    public func lastEvent(of ref: ProjectRef) async throws(ClientError) -> ProjectEvent? {
        try await events(of: ref, limit: 1).last
    }

    private func look(at ref: ProjectRef, _ history: inout EventHistory) async throws(ClientError) -> ProjectSighting {
        do throws(ClientError) {
            // The state first: the history then contains everything that led to it.
            let progress = try await progress(of: ref)
            let events = history.new(in: try await events(of: ref, limit: Self.eventsPerLook))
            return ProjectSighting(progress: progress, events: events)
        } catch {
            guard case .refused(let refusal) = error, refusal.status == 404 else { throw error }
            return ProjectSighting(progress: nil)
        }
    }

    private func interval(_ elapsed: Duration, _ trouble: ClientError?) -> Duration {
        if case .refused(let refusal) = trouble, let seconds = refusal.retryAfter {
            return min(.seconds(max(1, seconds)), Self.lookPauseMax)
        }
        return elapsed < Self.quickPhase ? Self.quickInterval : Self.usualInterval
    }
}

/// Separates the new events of a history from those already seen. Pure.
public struct EventHistory: Sendable, Equatable {
    private var last: ProjectEvent?
    /// Those seen with the time of `last`: several may share one millisecond.
    private var seenAtLast: Set<ProjectEvent> = []

    /// A history that was seen up to a line.
    public init(last: ProjectEvent? = nil) {
        self.last = last
        if let last { seenAtLast = [last] }
    }

    /// The lines that are new among the latest ones, oldest first.
    public mutating func new(in events: [ProjectEvent]) -> [ProjectEvent] {
        let new = events.filter { event in
            guard let last else { return true }
            return event.at > last.at || event.at == last.at && !seenAtLast.contains(event)
        }
        for event in new {
            if event.at != last?.at { seenAtLast = [] }
            last = event
            seenAtLast.insert(event)
        }
        return new
    }
}

import ProjectModel

/// The containers that a requested restart still has to replace. The time of the request is the manager's, start times
/// are the engine's: they can be compared unless the clock is set in between. After that, what this manager has
/// restarted counts as done regardless of the times, and while a project is RESTARTING a start that lies in the future
/// counts as one before the request.
struct RestartOrder: Sendable, Equatable {
    /// Containers that were started before are restarted.
    var before: Timestamp?
    /// The services that this is about; nil for all.
    var services: Set<ServiceName>?

    init(_ project: ObservedProject, _ state: ReconcileState) {
        let (record, now) = (project.record, project.now)
        before = record.restartRequestedAt
        services = record.restartServices
        guard let request = before else { return }
        let done = state.restartsDone(for: request)
        if request > now || state.epoch.isOfClock, !done.isEmpty {
            services = (services ?? Set(project.desired?.services.keys.map { $0 } ?? [])).subtracting(done)
        }
        let isFromFuture = project.observed.containers.contains { $0.startedAt.map { $0 > now } ?? false }
        if record.status == .restarting, isFromFuture { before = Timestamp(milliseconds: .max) }
    }
}

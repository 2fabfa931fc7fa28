import ProjectModel
import Reconciler

/// What a requested restart still is about. The time of the request is the manager's, start times are the engine's: they
/// can be compared unless somebody sets the clock in between. After that, what this manager has restarted counts as done
/// whatever the times say, and while a project is RESTARTING a start that lies in the future counts as one before the
/// request.
struct RestartOrder: Sendable, Equatable {
    /// Containers that were started before are to be restarted.
    var before: Timestamp?
    /// The services that this is about; nil for all.
    var services: Set<ServiceName>?

    init(
        _ record: ProjectRecord, _ desired: DesiredStack?, _ observed: ObservedStack, _ memory: ProjectMemory,
        now: Timestamp
    ) {
        before = record.restartRequestedAt
        services = record.restartServices.map { Set($0) }
        guard let request = before else { return }
        let done = memory.restartsDone(for: record)
        if request > now || memory.epoch.isOfClock, !done.isEmpty {
            services = (services ?? Set(desired?.services.keys.map { $0 } ?? [])).subtracting(done)
        }
        let isFromFuture = observed.containers.contains { $0.startedAt.map { $0 > now } ?? false }
        if record.status == .restarting, isFromFuture { before = Timestamp(milliseconds: .max) }
    }
}

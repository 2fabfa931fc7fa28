import ProjectModel
import Reconciler

/// A service that the manager has restarted, with the reason for the event log.
struct PerformedRestart: Sendable, Equatable {
    let action: RestartAction
    var cause: String
    var facts: ServiceFacts

    var service: ServiceName { facts.service }

    init(of service: ServiceName, _ action: RestartAction, cause: String, before: ObservedContainer?) {
        self.action = action
        self.cause = cause
        facts = ServiceFacts(
            service: service, container: before?.id, exitCode: before?.exitCode,
            isOutOfMemory: before?.isOutOfMemory ?? false)
    }
}

/// Which services a plan has restarted, in the order of the calls. Pure.
///
/// - Parameters:
///   - status: The project's status at the time. The first run of a container is no restart, nor are the runs that a
///     start which was asked for begins.
///   - observed: What the plan was made from.
func performedRestarts(
    _ outcomes: [PlanExecutor.Outcome], in status: ProjectStatus, from observed: ObservedStack
) -> [PerformedRestart] {
    let done = outcomes.filter { $0.error == nil }.map(\.step)
    let created = Set(
        done.compactMap { if case .createContainer(let desired) = $0.operation { desired.name } else { nil } })
    return done.compactMap { step in
        guard let service = step.operation.service else { return nil }
        let before = observed.container(of: service)
        switch step.operation {
        case .restartContainer:
            return PerformedRestart(of: service, .restarted, cause: step.cause, before: before)
        case .createContainer where before != nil || status.isUnderWatch:
            return PerformedRestart(of: service, .replaced, cause: step.cause, before: before)
        case .startContainer where status.isUnderWatch && !created.contains(service) && before?.startedAt != nil:
            return PerformedRestart(of: service, .startedAgain, cause: step.cause, before: before)
        default: return nil
        }
    }
}

/// The same for the history: one event for each cause, however many services it concerns.
///
/// - Parameter operation: The operation that the restarts belong to.
func events(
    of restarts: [PerformedRestart], in status: ProjectStatus, at time: Timestamp, during operation: TrackedOperation?
) -> [ProjectEvent] {
    var groups: [(action: RestartAction, cause: String, services: [ServiceFacts])] = []
    for restart in restarts {
        if let index = groups.firstIndex(where: { $0.action == restart.action && $0.cause == restart.cause }) {
            groups[index].services.append(restart.facts)
        } else {
            groups.append((restart.action, restart.cause, [restart.facts]))
        }
    }
    return groups.map { group in
        let names = group.services.map(\.service.text).joined(separator: ", ")
        let verb = group.services.count == 1 ? "was" : "were"
        var facts = EventFacts(during: operation)
        facts.restart = group.action
        facts.services = group.services
        return ProjectEvent(
            at: time, status: status, cause: "\(names) \(verb) \(group.action.words): \(group.cause)",
            kind: .servicesRestarted, facts: facts)
    }
}

extension EventFacts {
    /// Facts about something that is done for an operation.
    init(during operation: TrackedOperation?) {
        self.init()
        self.operation = operation?.id
        actor = operation.flatMap { $0.requestedBy.isEmpty ? nil : $0.requestedBy }
    }
}

extension ProjectStatus {
    /// Whether its services run without a request for a start.
    fileprivate var isUnderWatch: Bool { self == .active || self == .degraded }
}

import ProjectModel
import Reconciler

/// A container that the manager has restarted, with the reason for the event log.
struct PerformedRestart: Sendable, Equatable {
    /// The action.
    enum Kind: String, Sendable {
        case restarted
        case replaced
        case startedAgain = "started again"
    }

    let service: ServiceName
    let kind: Kind
    let cause: String
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
        case .restartContainer: return PerformedRestart(service: service, kind: .restarted, cause: step.cause)
        case .createContainer where before != nil || status.isUnderWatch:
            return PerformedRestart(service: service, kind: .replaced, cause: step.cause)
        case .startContainer where status.isUnderWatch && !created.contains(service) && before?.startedAt != nil:
            return PerformedRestart(service: service, kind: .startedAgain, cause: step.cause)
        default: return nil
        }
    }
}

/// The same for the history: one event for each cause, however many services it concerns.
func events(of restarts: [PerformedRestart], in status: ProjectStatus, at time: Timestamp) -> [ProjectEvent] {
    var groups: [(kind: PerformedRestart.Kind, cause: String, services: [ServiceName])] = []
    for restart in restarts {
        if let index = groups.firstIndex(where: { $0.kind == restart.kind && $0.cause == restart.cause }) {
            groups[index].services.append(restart.service)
        } else {
            groups.append((restart.kind, restart.cause, [restart.service]))
        }
    }
    return groups.map { group in
        let names = group.services.map(\.text).joined(separator: ", ")
        let verb = group.services.count == 1 ? "was" : "were"
        return ProjectEvent(at: time, status: status, cause: "\(names) \(verb) \(group.kind.rawValue): \(group.cause)")
    }
}

extension ProjectStatus {
    /// Whether its services run without a request for a start.
    fileprivate var isUnderWatch: Bool { self == .active || self == .degraded }
}

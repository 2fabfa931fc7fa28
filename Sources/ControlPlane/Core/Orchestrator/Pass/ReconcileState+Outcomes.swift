import ProjectModel
import Reconciler

/// What the outcomes of a plan's calls mean for the decisions of later passes.
extension ReconcileState {
    /// Takes in which services a plan has started or restarted, where a restart was asked for.
    mutating func noteRestarts(_ outcomes: [PlanExecutor.Outcome], for request: Timestamp?) {
        guard let request else { return }
        let started = outcomes.compactMap { outcome -> ServiceName? in
            switch (outcome.error, outcome.step.operation) {
            case (nil, .startContainer(_, let service)), (nil, .restartContainer(_, let service, _)): service
            default: nil
            }
        }
        noteRestarts(of: Set(started), for: request)
    }

    /// Takes in how the calls of a plan ended.
    mutating func note(_ outcomes: [PlanExecutor.Outcome], of plan: Plan, at time: Timestamp) {
        for outcome in outcomes { note(outcome, of: plan, at: time) }
        noteNetworks(outcomes)
        let refused = outcomes.last { $0.error != nil }
        troubles = refused == nil ? 0 : troubles + 1
        calls.plans += 1
        calls.last = outcomes.last.map { "\($0.step.operation)" } ?? calls.last
        calls.lastError = refused.flatMap { outcome in outcome.error.map { "\(outcome.step.operation): \($0)" } }
        calls.nextRetryAt = refused == nil ? nil : time + patience
        if refused == nil { replacements = 0 }
        if outcomes.contains(where: \.step.operation.isPull) { waitedUntil = time }
    }

    /// When the next pass is due after calls.
    func requeueAfterCalls(at time: Timestamp) -> Requeue { troubles == 0 ? .now : .at(time + patience) }

    private mutating func note(_ outcome: PlanExecutor.Outcome, of plan: Plan, at time: Timestamp) {
        let operation = outcome.step.operation
        if let error = outcome.error {
            if error.isTransient {
                waitedUntil = time
                return
            }
            for service in plan.services(concernedBy: outcome.step) {
                let count = error.isPermanent ? operation.refusalsMax : (callFailures[service]?.count ?? 0) + 1
                callFailures[service] = CallFailures(
                    count: count, countMax: operation.refusalsMax, message: "\(operation): \(error)")
            }
        }
        guard let service = operation.service else { return }
        if outcome.error == nil { callFailures[service] = nil }
        switch operation {
        case .startContainer, .restartContainer: backoffs[service, default: RestartBackoff()].noteStart(at: time)
        default: break
        }
    }

    private mutating func noteNetworks(_ outcomes: [PlanExecutor.Outcome]) {
        for case (.removeNetwork(let id, _), let error) in outcomes.map({ ($0.step.operation, $0.error) }) {
            switch error {
            case .networkInUse: networkRefusals.noteRefusal(of: id)
            // An engine that did not answer has not removed it either.
            case .some(let error) where error.isTransient: continue
            default: networkRefusals.forget(id)
            }
        }
    }
}

extension EngineOperation {
    var isPull: Bool { pulledImage != nil }

    var pulledImage: String? { if case .pullImage(let image) = self { image } else { nil } }

    fileprivate var refusalsMax: Int { isPull ? CallFailures.pullsUntilFailed : CallFailures.countUntilFailed }
}

extension Plan {
    /// Images that its steps pull.
    var pulledImages: Set<String> { Set(steps.compactMap(\.operation.pulledImage)) }

    /// The service that a step is about; for a network, a volume or an image the services whose steps wait for it, also
    /// through another such step: a network that is removed first.
    fileprivate func services(concernedBy step: Step) -> Set<ServiceName> {
        if let service = step.operation.service { return [service] }
        if case .pullImage(let image) = step.operation, let waiting = pulls[image] { return waiting }
        var services: Set<ServiceName> = []
        var blocked: Set = [step.number]
        // A step comes after those that it waits for.
        for other in steps where !blocked.isDisjoint(with: other.after) {
            if let service = other.operation.service {
                services.insert(service)
            } else {
                blocked.insert(other.number)
            }
        }
        return services
    }
}

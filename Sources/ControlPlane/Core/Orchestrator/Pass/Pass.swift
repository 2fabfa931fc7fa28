import Logging
import ProjectModel
import Reconciler

/// One pass over a project: observe, decide, apply.
///
/// It takes no hint of what has changed: a restart of the manager, a timer, an event and a request all lead to the
/// same. What it has read is one ``Observation``, and `decide` makes one `Decision` of it, which is everything that the
/// pass does. What is remembered of the project is taken and put here and nowhere else.
extension ReconcileLoop {
    func pass(over ref: ProjectRef, as role: ManagerRole = .active) async -> Requeue {
        var state = await states.take(ref)
        let input = await observe(ref, as: role, &state)
        state.decisions.note(input.observation)
        let decision = decide(input.observation, state.decisions)
        state.decisions.note(decision)
        if let finding = input.finding(decision, by: state.redactor) { await states.publish(finding, of: ref) }
        let (next, requeue) = await applySafely(decision, to: input, state, as: role)
        await states.put(next, of: ref)
        return requeue
    }

    /// Carries a decision out. Returns the project's new state, nil for a dropped one, and when the next pass is due.
    /// After a failure it is the previous state with one more failure.
    private func applySafely(
        _ decision: Decision, to input: PassInput, _ state: PassState, as role: ManagerRole
    ) async -> (PassState?, Requeue) {
        var next = state
        do {
            let requeue = try await apply(decision, to: input, &next)
            return (decision.action == .forget ? nil : next, requeue)
        } catch {
            // What was written into the history is there, and what was done is still to be written.
            var state = state
            state.pendingEvents = next.pendingEvents
            if Task.isCancelled { return (state, .whenWoken) }
            return await failed(error, state, over: input.ref, as: role)
        }
    }

    private func failed(
        _ error: any Error, _ state: PassState, over ref: ProjectRef, as role: ManagerRole
    ) async -> (PassState?, Requeue) {
        var state = state
        state.decisions.troubles += 1
        state.basis = nil
        if role == .active { await noteFailure(error, of: ref, &state) }
        let patience = state.decisions.patience
        logger.warning(
            "a pass over a project failed",
            metadata: [
                "project": "\(ref)", "error": "\(state.redactor.redacted("\(error)", open: .end))",
                "retry_in": "\(patience)",
            ])
        return (state, .at(time.now() + patience))
    }
}

/// What a pass has read: what the decision rests on, and what carrying it out needs besides.
struct PassInput: Sendable {
    let ref: ProjectRef
    let observation: Observation
    /// The record with what is in force; nil where there is none or it could not be read.
    var record: ProjectRecord?
    var inventory = ProjectInventory()

    /// The project that a decision is about.
    func project() throws(PassFailure) -> (record: ProjectRecord, observed: ObservedProject) {
        guard let record, case .project(let observed) = observation else {
            throw PassFailure(description: "there is a decision about the project, and nothing was observed of it")
        }
        return (record, observed)
    }

    /// What is published for those who ask, without secrets; nil when nothing was judged.
    func finding(_ decision: Decision, by redactor: Redactor) -> PassStates.Finding? {
        guard case .project(let project) = observation, let assessment = decision.assessment else { return nil }
        return PassStates.Finding(
            states: assessment.services.mapValues(redactor.redacted),
            addresses: project.desired?.addresses(in: project.observed) ?? [:],
            pulls: pulls(decision, for: project.desired))
    }

    private func pulls(_ decision: Decision, for desired: DesiredStack?) -> [ServiceName: String] {
        guard case .carryOut(let decided) = decision.action, let desired else { return [:] }
        let images = decided.plan.pulledImages
        let waiting = desired.services.values.filter { images.contains($0.spec.image) }
        return Dictionary(waiting.map { ($0.name, $0.spec.image) }) { first, _ in first }
    }
}

/// A pass that failed while observing.
struct PassFailure: Error, CustomStringConvertible {
    let description: String
}

extension Redactor {
    /// A state whose reason holds no secret: it may be what the service answered a probe.
    func redacted(_ state: Assessment.ServiceState) -> Assessment.ServiceState {
        switch state {
        case .ready: .ready
        case .unknown(let text): .unknown(redacted(text, open: .end))
        case .comingUp(let text): .comingUp(redacted(text, open: .end))
        case .failing(let text): .failing(redacted(text, open: .end))
        }
    }
}

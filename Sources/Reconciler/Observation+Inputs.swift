import ProjectModel

extension ObservedProject {
    /// The input of the assessment.
    func assessmentInput(_ state: ReconcileState) -> AssessmentInput {
        let order = RestartOrder(self, state)
        return AssessmentInput(
            status: record.status, statusSince: state.statusSince(record.statusChangedAt, now: now), desired: desired,
            observed: observed, refusals: data.refusals, health: health, backoffs: state.backoffs,
            callFailures: state.callFailures, networkRefusals: state.networkRefusals,
            restartRequestedAt: order.before, restartServices: order.services, now: now)
    }

    /// The input of the plan.
    func reconcileInput(_ assessment: Assessment, _ state: ReconcileState) -> ReconcileInput {
        let order = RestartOrder(self, state)
        return ReconcileInput(
            goal: record.status.goal, desired: desired, observed: observed, ready: assessment.ready,
            missingImages: missingImages, restartBefore: order.before, restartServices: order.services,
            backingOff: assessment.backingOff, unresponsive: assessment.unresponsive, data: data,
            replacesOneByOne: record.status == .upgrading)
    }

    /// Images of the containers that a plan may create; only then does the pass ask which of them the engine has.
    public func imagesInQuestion(_ state: ReconcileState) -> Set<String> {
        guard record.status.goal == .running, let desired else { return [] }
        let images = desired.services.values.filter { service in
            observed.container(of: service.name)?.configHash != service.configHash
        }.map(\.spec.image)
        guard !images.isEmpty else { return [] }
        var state = state
        state.note(.project(self))
        guard case .carryOut = decide(.project(self), state).action else { return [] }
        return Set(images)
    }
}

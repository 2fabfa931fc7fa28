import ProjectModel

extension ObservedProject {
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

    /// Notes which of the images in question the engine does not have. A service whose image is made on the host, and
    /// so pulled from nowhere, is refused without it: another of the same name from a registry is not that image.
    public mutating func note(missingImages missing: Set<String>) {
        missingImages = missing
        for service in desired?.services.values.sorted(by: { $0.name < $1.name }) ?? []
        where !service.spec.pullsImage && missing.contains(service.spec.image) {
            data.refusals[service.name] =
                data.refusals[service.name]
                ?? "its image \(service.spec.image) is made on this host, never pulled, and is not there: make the "
                + "images of its stack again"
        }
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

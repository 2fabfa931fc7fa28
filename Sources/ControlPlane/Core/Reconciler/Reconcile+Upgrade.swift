import ProjectModel

/// Plans an upgrade: what the project is on its way to replaces what it has, one service after the other.
extension RunningPlanner {
    /// Pulls every image first, while nothing is touched. Then removes what the target has no place for, and replaces
    /// services in the order of dependence. A service is not touched before all required ones that come before it are
    /// of the target and ready: when one does not come up, the rest is as it was.
    mutating func planUpgrade() {
        guard !planPulls() else { return }
        planNetworks()
        planVolumes()
        planUnknownContainers()
        var gate: ServiceName?
        for name in startOrder(desired.services) {
            guard let service = desired.services[name] else { continue }
            if isSettled(service) {
                planService(service)
            } else if let gate {
                plan.wait(name, for: "\(gate) is not ready")
                continue
            } else {
                planService(service)
            }
            if gate == nil, !service.isOptional, !input.ready.contains(name) { gate = name }
        }
    }

    /// Whether an image is missing: then only pulls are planned.
    private mutating func planPulls() -> Bool {
        var isMissing = false
        for name in startOrder(desired.services) {
            guard let service = desired.services[name], !isSettled(service),
                planImage(of: service) != nil
            else { continue }
            isMissing = true
            plan.wait(name, forImage: service.spec.image)
        }
        return isMissing
    }

    /// Whether the service's container is the target's already.
    private func isSettled(_ service: DesiredService) -> Bool {
        input.observed.container(of: service.name)?.configHash == service.configHash
    }
}

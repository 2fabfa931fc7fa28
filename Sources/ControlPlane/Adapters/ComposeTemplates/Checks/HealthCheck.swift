/// Whether the health of a service is observable: by its probe, else by its `healthcheck`.
struct HealthCheck {
    let service: ComposeService
    /// All services that run together.
    let services: [String: ComposeService]
    let log: ProblemLog

    func run() {
        let path = "services.\(service.name)"
        for (name, dependency) in service.dependsOn.sorted(by: { $0.key < $1.key })
        where dependency.condition == .healthy {
            guard let other = services[name], !other.isProbed else { continue }
            log.add(
                .unsupported, path: "\(path).depends_on.\(name)",
                "\(name) has neither a healthcheck nor x-supamanager.probe, so its health is unknown: "
                    + "give it one, or wait for service_started")
        }
        guard let check = service.healthcheck else { return }
        if !service.manifest.isProbed, check.test == nil, !check.isDisabled {
            log.add(
                .unsupported, path: "\(path).healthcheck",
                "without a test it is the image's own, which the manager does not run: write the test")
        }
        if let period = check.startPeriod, period > .seconds(ServiceManifest.maximumBootSeconds) {
            log.add(
                .invalid, path: "\(path).healthcheck.start_period",
                "must be at most \(ServiceManifest.maximumBootSeconds) seconds")
        }
    }
}

extension ServiceManifest {
    fileprivate var isProbed: Bool { probe != nil || !probes.isEmpty }
}

extension ComposeService {
    fileprivate var isProbed: Bool { manifest.isProbed || readinessProbe != nil }

    /// How the manager finds out that the service is ready: its own probe, else the command of `healthcheck`, run in
    /// the container at the manager's pace. Nil where only the container is watched.
    var readinessProbe: ServiceProbe? {
        if let probe = manifest.probe { return probe }
        guard let check = healthcheck, !check.isDisabled, let test = check.test, test.count > 1 else { return nil }
        switch test[0] {
        case "CMD": return .exec(command: Array(test.dropFirst()))
        case "CMD-SHELL": return .exec(command: ["/bin/sh", "-c"] + test.dropFirst())
        default: return nil
        }
    }
}

extension ComposeProject {
    /// The project with the named services alone.
    ///
    /// A dependency that is not required is dropped without a word. When the log collector is left out, the services
    /// that log to it get its fallback.
    /// - Throws: `ServiceSelectionError` with every unknown service and every missing dependency.
    public func selecting(services names: Set<String>) throws(ServiceSelectionError) -> ComposeProject {
        let unknown = names.filter { services[$0] == nil }.sorted()
        var missing: [ServiceSelectionError.MissingDependency] = []
        var selected = self
        selected.services = services.filter { names.contains($0.key) }
        for (name, service) in selected.services.sorted(by: { $0.key < $1.key }) {
            for (other, dependency) in service.dependsOn.sorted(by: { $0.key < $1.key }) where !names.contains(other) {
                selected.services[name]?.dependsOn[other] = nil
                if dependency.isRequired { missing.append(.init(service: name, dependency: other)) }
            }
        }
        guard unknown.isEmpty, missing.isEmpty, !names.isEmpty else {
            throw ServiceSelectionError(unknown: unknown, known: services.keys.sorted(), missing: missing)
        }
        if let collector = manifest.logCollector, !names.contains(collector.service) {
            let rule = LogCollectorFallback(collector: collector, collectorService: services[collector.service])
            selected.services = selected.services.mapValues { rule.apply(to: $0) }
        }
        return selected
    }

    /// The project without networks, volumes and configs that no service uses.
    public func withoutUnusedResources() -> ComposeProject {
        let users = services.values
        let usedNetworks = Set(users.flatMap(\.networks.keys))
        let usedVolumes = Set(users.flatMap(\.volumes).filter { $0.kind == .volume }.compactMap(\.source))
        let usedConfigs = Set(users.flatMap(\.configs).map(\.source))
        var project = self
        project.networks = networks.filter { usedNetworks.contains($0.key) }
        project.volumes = volumes.filter { usedVolumes.contains($0.key) }
        project.configs = configs.filter { usedConfigs.contains($0.key) }
        return project
    }
}

/// Why a choice of services makes no project.
public struct ServiceSelectionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A chosen service and what it cannot do without.
    public struct MissingDependency: Sendable, Hashable {
        /// The chosen service.
        public let service: String
        /// The service it needs, which is not chosen.
        public let dependency: String
    }

    /// Chosen names that the template has no service for.
    public let unknown: [String]
    /// The services that the template has.
    public let known: [String]
    /// Required dependencies that are not chosen.
    public let missing: [MissingDependency]

    /// One sentence per mistake.
    public var description: String {
        var sentences: [String] = []
        if unknown.isEmpty, missing.isEmpty { sentences.append("no service is chosen") }
        if !unknown.isEmpty {
            sentences.append(
                "unknown service \(unknown.joined(separator: ", ")); there are \(known.joined(separator: ", "))")
        }
        sentences += missing.map { "\($0.service) needs \($0.dependency)" }
        return sentences.joined(separator: "; ")
    }
}

/// Replaces the logging of services that log to a collector which is not there.
///
/// A service logs to the collector when its driver sends lines over the network, and, where the collector has a fixed
/// address, one of the driver's options names it.
struct LogCollectorFallback {
    /// The engine's drivers that send lines over the network.
    static let networkDrivers: Set<String> = ["fluentd", "gelf", "splunk", "syslog"]

    let collector: LogCollector
    let collectorService: ComposeService?

    func apply(to service: ComposeService) -> ComposeService {
        guard let logging = service.logging, let driver = logging.driver, Self.networkDrivers.contains(driver) else {
            return service
        }
        let addresses = collectorService?.networks.values.compactMap(\.ipv4Address) ?? []
        let namesCollector = logging.options.values.contains { value in
            let parts = value.split { "/:@[]".contains($0) }.map(String.init)
            return addresses.contains { parts.contains($0) }
        }
        guard addresses.isEmpty || namesCollector else { return service }
        var changed = service
        changed.logging = collector.fallback
        return changed
    }
}

import Orchestrator
import ProjectModel
import Reconciler

extension StackRendering {
    /// Docker's `nano CPUs` in one processor.
    private static let nanoPerCPU = 1_000_000_000.0

    func containerSpec(_ compose: ComposeService) throws(TemplateError) -> ContainerSpec {
        guard let image = compose.image else { throw .broken("service \(compose.name) has no image") }
        var spec = ContainerSpec(
            image: settings.imageRegistry.map { "\($0)/\(image)" } ?? image,
            environment: compose.environment.compactMapValues { $0 })
        spec.command = compose.command
        spec.entrypoint = compose.entrypoint
        spec.labels = compose.labels
        spec.user = compose.user
        spec.workingDirectory = compose.workingDir
        spec.hostname = compose.hostname
        spec.stopSignal = compose.stopSignal
        if let period = compose.stopGracePeriod { spec.stopGracePeriod = period }
        spec.usesInit = compose.initProcess
        spec.isReadOnly = compose.readOnly ?? false
        spec.mounts = try mounts(of: compose)
        spec.ports = try ports(of: compose)
        spec.exposedPorts = compose.expose.map { $0.contains("/") ? $0 : "\($0)/tcp" }
        spec.restartPolicy = restartPolicy(compose.restart)
        spec.logging = compose.logging.flatMap { logging in
            logging.driver.map { ContainerSpec.Logging(driver: $0, options: logging.options) }
        }
        spec.resources = resources(of: compose)
        spec.ulimits = compose.ulimits.mapValues { .init(soft: Int64($0.soft), hard: Int64($0.hard)) }
        spec.addedCapabilities = compose.capAdd
        spec.droppedCapabilities = compose.capDrop
        spec.securityOptions = compose.securityOpt
        spec.extraHosts = compose.extraHosts.map { line in
            let parts = line.split(separator: "=", maxSplits: 1)
            return parts.count == 2 ? "\(parts[0]):\(parts[1])" : line
        }
        spec.sharedMemoryBytes = compose.shmSizeBytes.map { Int64($0) }
        return spec
    }

    private func mounts(of compose: ComposeService) throws(TemplateError) -> [ContainerSpec.Mount] {
        var mounts: [ContainerSpec.Mount] = []
        for mount in compose.volumes {
            let source: ContainerSpec.Mount.Source
            switch (mount.kind, mount.source) {
            case (.bind, let path?): source = .bind(path: absolute(path))
            case (.volume, let key?): source = .volume(name: volumeName(key))
            case (.tmpfs, _):
                source = .tmpfs(sizeBytes: mount.tmpfs?.sizeBytes.map { Int64($0) }, mode: mount.tmpfs?.mode)
            case (.bind, nil), (.volume, nil):
                throw .broken("service \(compose.name): the mount at \(mount.target) has no source")
            }
            mounts.append(.init(source: source, target: mount.target, isReadOnly: mount.readOnly))
        }
        for line in compose.tmpfs { mounts.append(try tmpfs(line, of: compose)) }
        for config in compose.configs {
            guard let definition = project.configs[config.source] else { continue }
            var path = Self.configPath(config.source)
            if case .file(let file) = definition.source { path = file }
            mounts.append(.init(source: .bind(path: absolute(path)), target: config.path, isReadOnly: true))
        }
        return mounts
    }

    /// `path` or `path:options`, the short form of an in-memory mount.
    private func tmpfs(_ line: String, of compose: ComposeService) throws(TemplateError) -> ContainerSpec.Mount {
        let parts = line.split(separator: ":", maxSplits: 1)
        var sizeBytes: Int64?
        var mode: Int?
        for option in parts.dropFirst().flatMap({ $0.split(separator: ",") }) {
            let pair = option.split(separator: "=", maxSplits: 1)
            switch (pair.first, pair.count == 2 ? pair[1] : nil) {
            case ("size", let text?) where Self.bytes(text) != nil: sizeBytes = Self.bytes(text)
            case ("mode", let text?) where Int(text, radix: 8) != nil: mode = Int(text, radix: 8)
            default: throw .broken("service \(compose.name): tmpfs option \"\(option)\" is not supported")
            }
        }
        return .init(source: .tmpfs(sizeBytes: sizeBytes, mode: mode), target: String(parts.first ?? ""))
    }

    /// A number of bytes with the suffixes of mount options: k, m and g.
    private static func bytes(_ text: Substring) -> Int64? {
        let factors: [Character: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
        guard let last = text.last?.lowercased().first, let factor = factors[last] else { return Int64(text) }
        return Int64(text.dropLast()).map { $0 * factor }
    }

    private func absolute(_ path: String) -> String {
        path.hasPrefix("./") ? folder + path.dropFirst(1) : folder + "/" + path
    }

    private func ports(of compose: ComposeService) throws(TemplateError) -> [ContainerSpec.PublishedPort] {
        var ports: [ContainerSpec.PublishedPort] = []
        for published in compose.ports {
            guard let number = published.publishedPort else {
                throw .broken("service \(compose.name): port \(published.target) needs exactly one host port")
            }
            ports.append(
                .init(
                    hostAddress: published.hostIP ?? settings.bindAddress, hostPort: try port(number),
                    containerPort: try port(published.target), transport: published.transport.rawValue))
        }
        return ports
    }

    private func restartPolicy(_ restart: ComposeRestart?) -> ContainerSpec.RestartPolicy {
        switch restart {
        case nil, .never?: .no
        case .always?: .always
        case .unlessStopped?: .unlessStopped
        case .onFailure(let retries)?: .onFailure(maximumRetries: retries)
        }
    }

    private func resources(of compose: ComposeService) -> ContainerSpec.Resources {
        var resources = ContainerSpec.Resources()
        resources.memoryBytes = compose.memoryLimitBytes.map { Int64($0) }
        resources.memorySwapBytes = compose.memSwapLimitBytes.map { Int64($0) }
        resources.memoryReservationBytes = compose.memoryReservationBytes.map { Int64($0) }
        resources.nanoCPUs = compose.cpuLimit.map { Int64(($0 * Self.nanoPerCPU).rounded()) }
        resources.cpuShares = compose.cpuShares.map { Int64($0) }
        resources.processesMax = compose.processLimit.map { Int64($0) }
        return resources
    }
}

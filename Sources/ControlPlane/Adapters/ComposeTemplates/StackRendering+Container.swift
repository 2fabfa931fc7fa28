import Orchestrator
import ProjectModel
import Reconciler

extension StackRendering {
    /// Docker's `nano CPUs` in one processor.
    private static let nanoPerCPU = 1_000_000_000.0

    func containerSpec(_ compose: ComposeService) throws(TemplateError) -> ContainerSpec {
        guard let image = compose.image else { throw .broken("service \(compose.name) has no image") }
        var spec = ContainerSpec(
            image: settings.name(ofImage: image, pulled: compose.pullsImage),
            environment: compose.environment.compactMapValues { $0 })
        spec.pullsImage = compose.pullsImage
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
        for text in compose.expose { spec.exposedPorts += try exposed(text) }
        spec.restartPolicy = restartPolicy(compose.restart)
        spec.logging = compose.logging.flatMap { logging in
            logging.driver.map { ContainerSpec.Logging(driver: $0, options: logging.options) }
        }
        spec.resources = try resources(of: compose)
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
        for line in compose.tmpfs {
            do throws(TmpfsSyntax.Failure) {
                let tmpfs = try TmpfsSyntax(line)
                let size = tmpfs.sizeBytes.map { Int64($0) }
                mounts.append(.init(source: .tmpfs(sizeBytes: size, mode: tmpfs.mode), target: tmpfs.target))
            } catch { throw .broken("service \(compose.name): \(error.reason)") }
        }
        for config in compose.configs {
            guard let definition = project.configs[config.source] else { continue }
            var path = Self.configPath(config.source)
            if case .file(let file) = definition.source { path = file }
            mounts.append(.init(source: .bind(path: absolute(path)), target: config.path, isReadOnly: true))
        }
        return mounts
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

    /// The ports that an element of `expose` stands for, ranges written out.
    private func exposed(_ text: String) throws(TemplateError) -> [String] {
        let parts = text.split(separator: "/", maxSplits: 1)
        do throws(PortSyntax.Failure) {
            let transport = parts.count == 2 ? String(parts[1]) : ComposePort.TransportProtocol.tcp.rawValue
            return try PortSyntax.range(String(parts.first ?? "")).map { "\($0)/\(transport)" }
        } catch { throw .broken("expose: \(error.reason)") }
    }

    private func restartPolicy(_ restart: ComposeRestart?) -> ContainerSpec.RestartPolicy {
        switch restart {
        case nil, .never?: .no
        case .always?: .always
        case .unlessStopped?: .unlessStopped
        case .onFailure(let retries)?: .onFailure(maximumRetries: retries)
        }
    }

    private func resources(of compose: ComposeService) throws(TemplateError) -> ContainerSpec.Resources {
        var resources = ContainerSpec.Resources()
        resources.memoryBytes = compose.memoryLimitBytes.map { Int64($0) }
        resources.memorySwapBytes = compose.memSwapLimitBytes.map { Int64($0) }
        resources.memoryReservationBytes = compose.memoryReservationBytes.map { Int64($0) }
        if let processors = compose.cpuLimit {
            guard let nano = Int64(exactly: (processors * Self.nanoPerCPU).rounded()) else {
                throw .broken("service \(compose.name): \(processors) processors are too many")
            }
            resources.nanoCPUs = nano
        }
        resources.cpuShares = compose.cpuShares.map { Int64($0) }
        resources.processesMax = compose.processLimit.map { Int64($0) }
        return resources
    }
}

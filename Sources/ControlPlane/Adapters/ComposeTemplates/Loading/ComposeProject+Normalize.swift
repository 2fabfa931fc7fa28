extension ComposeProject {
    /// The network of services that name none.
    static let defaultNetwork = "default"

    /// Fills in what the Compose Specification says about things that are not written: the default network, the names
    /// of networks, volumes and configs at the engine, and paths in their shortest form.
    mutating func normalize() {
        for name in services.keys.sorted() {
            guard var service = services[name] else { continue }
            if service.networks.isEmpty, service.networkMode == nil {
                service.networks[Self.defaultNetwork] = ComposeNetworkAttachment()
            }
            if service.networks[Self.defaultNetwork] != nil, networks[Self.defaultNetwork] == nil {
                networks[Self.defaultNetwork] = ComposeNetwork()
            }
            service.volumes = service.volumes.map { $0.normalized() }
            services[name] = service
        }
        for (key, network) in networks where network.name == nil {
            networks[key]?.name = network.isExternal ? key : "\(name)_\(key)"
        }
        for (key, volume) in volumes where volume.name == nil {
            volumes[key]?.name = volume.isExternal ? key : "\(name)_\(key)"
        }
        for (key, config) in configs where config.name == nil { configs[key]?.name = "\(name)_\(key)" }
    }
}

extension ComposeMount {
    /// The same mount with its paths in their shortest form; a relative source keeps its `./`.
    fileprivate func normalized() -> ComposeMount {
        var mount = self
        mount.target = ProjectPath.cleaned(target)
        if kind == .bind, let source, ProjectPath.isInside(source) {
            let path = ProjectPath.cleaned(source)
            mount.source = path == "." ? "." : "./" + path
        }
        return mount
    }
}

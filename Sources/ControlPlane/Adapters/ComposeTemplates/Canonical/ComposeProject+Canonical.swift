public import YAMLKit

extension ComposeProject {
    /// The normalised file as JSON, as `docker compose config --format json` prints it: services and keys in order.
    /// `x-…` keys are left out unless asked for.
    public func json(includingExtensions: Bool = false) -> String {
        JSONEmitter.emit(canonicalNode(includingExtensions: includingExtensions))
    }

    /// The normalised file as YAML, as `docker compose config` prints it. A `$` is doubled, so that the text can be
    /// read again as a Compose file and gives the same project.
    public func yaml(includingExtensions: Bool = false) -> String {
        YAMLEmitter.emit(canonicalNode(includingExtensions: includingExtensions).escapingDollars(isTopLevel: true))
    }

    /// The normalised file as a tree.
    public func canonicalNode(includingExtensions: Bool = false) -> YAMLNode {
        var map = CanonicalMap()
        map.add("name", name)
        map.add("services", .sortedMap(services) { $0.canonicalNode(includingExtensions: includingExtensions) })
        map.add("networks", networks) { $0.canonicalNode }
        map.add("volumes", volumes) { $0.canonicalNode }
        map.add("configs", configs) { $0.canonicalNode }
        if includingExtensions { map.add(extensions) }
        return map.node
    }
}

extension YAMLNode {
    /// Doubles every `$` of a value that a load will interpolate.
    fileprivate func escapingDollars(isTopLevel: Bool = false) -> YAMLNode {
        switch content {
        case .scalar(let scalar):
            guard scalar.text.utf8.contains(UInt8(ascii: "$")) else { return self }
            return .string(scalar.text.replacing("$", with: "$$"))
        case .sequence(let elements): return .list(elements.map { $0.escapingDollars() })
        case .mapping(let mapping):
            let changed = mapping.mapValues { entry in
                isTopLevel && entry.key == TemplateManifest.key ? entry.value : entry.value.escapingDollars()
            }
            return YAMLNode(.mapping(changed))
        }
    }
}

extension ComposeNetwork {
    var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("name", name)
        map.add("driver", driver)
        map.add("driver_opts", driverOptions)
        map.add("ipam", ipam.canonicalNode)
        map.add("external", isExternal ? true : nil)
        map.add("internal", isInternal ? true : nil)
        map.add("attachable", isAttachable ? true : nil)
        map.add("labels", labels)
        return map.node
    }
}

extension ComposeIPAM {
    fileprivate var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("driver", driver)
        map.add("config", pools.isEmpty ? nil : YAMLNode.list(pools.map(\.canonicalNode)))
        map.add("options", options)
        return map.node
    }
}

extension ComposeIPAM.Pool {
    fileprivate var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("subnet", subnet)
        map.add("gateway", gateway)
        map.add("ip_range", ipRange)
        map.add("aux_addresses", auxiliaryAddresses)
        return map.node
    }
}

extension ComposeVolume {
    var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("name", name)
        map.add("driver", driver)
        map.add("driver_opts", driverOptions)
        map.add("external", isExternal ? true : nil)
        map.add("labels", labels)
        return map.node
    }
}

extension ComposeConfig {
    var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("name", name)
        switch source {
        case .file(let path): map.add("file", path)
        case .content(let text): map.add("content", text)
        case .environment(let name): map.add("environment", name)
        }
        return map.node
    }
}

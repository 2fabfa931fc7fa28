import YAMLKit

extension ComposePort {
    var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("name", name)
        map.add("mode", mode.rawValue)
        map.add("host_ip", hostIP)
        map.add("target", target)
        map.add("published", published)
        map.add("protocol", transport.rawValue)
        return map.node
    }
}

extension ComposeMount {
    var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("type", kind.rawValue)
        map.add("source", source)
        map.add("target", target)
        map.add("read_only", readOnly ? true : nil)
        map.add("bind", bind.map { $0.createsHostPath ? .map([]) : .map([("create_host_path", .boolean(false))]) })
        map.add("volume", volume.map { $0.noCopy ? .map([("nocopy", .boolean(true))]) : .map([]) })
        map.add("tmpfs", tmpfs?.canonicalNode)
        return map.node
    }
}

extension ComposeMount.TmpfsOptions {
    fileprivate var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("size", bytes: sizeBytes)
        map.add("mode", mode: mode)
        return map.node
    }
}

extension ComposeConfigMount {
    var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("source", source)
        map.add("target", target)
        map.add("uid", uid)
        map.add("gid", gid)
        map.add("mode", mode: mode)
        return map.node
    }
}

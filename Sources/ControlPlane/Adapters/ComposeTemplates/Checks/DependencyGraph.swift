/// The `depends_on` relation of services.
struct DependencyGraph {
    private let dependencies: [String: [String]]

    /// The relation within `services`; dependencies on others are left out.
    init(_ services: [String: ComposeService]) {
        dependencies = services.mapValues { service in
            service.dependsOn.keys.filter { services[$0] != nil }.sorted()
        }
    }

    /// One cycle for every knot of services that wait for each other, each starting with its first service by name.
    func cycles() -> [[String]] {
        var finished: Set<String> = []
        return dependencies.keys.sorted().compactMap { cycle(from: $0, path: [], finished: &finished) }
    }

    /// Depth first; a path holds each service once, so `ComposeProject.maximumServices` bounds the recursion.
    private func cycle(from name: String, path: [String], finished: inout Set<String>) -> [String]? {
        if let start = path.firstIndex(of: name) { return Array(path[start...]) }
        guard !finished.contains(name) else { return nil }
        var found: [String]?
        for next in dependencies[name] ?? [] where found == nil {
            found = cycle(from: next, path: path + [name], finished: &finished)
        }
        finished.insert(name)
        return found
    }

    /// The services in levels: each depends on earlier levels only. Services of a cycle, and what depends on them, are
    /// left out.
    func levels() -> [[String]] {
        var open = dependencies
        var levels: [[String]] = []
        while true {
            let level = open.filter { $0.value.allSatisfy { open[$0] == nil } }.keys.sorted()
            guard !level.isEmpty else { return levels }
            levels.append(level)
            for name in level { open[name] = nil }
        }
    }
}

extension ComposeProject {
    /// The services in levels for starting: each one depends on services of earlier levels only.
    public var startOrder: [[String]] { DependencyGraph(services).levels() }
}

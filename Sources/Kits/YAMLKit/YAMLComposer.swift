/// Builds the tree from the parser's events.
struct YAMLComposer {
    /// A finished subtree with its size, so that the cost of an alias is known before it is followed.
    struct Subtree {
        var node: YAMLNode
        /// Nodes in it, aliases followed.
        var nodes: Int
        /// Levels of nesting below and with it; a scalar has 0.
        var depth: Int
    }

    let source: YAMLEventSource
    let limits: YAMLLimits
    private var anchors: [String: Subtree] = [:]
    private var openAnchors: [String] = []
    private var nodeCount = 0

    init(source: YAMLEventSource, limits: YAMLLimits) {
        self.source = source
        self.limits = limits
    }

    mutating func document() throws(YAMLError) -> YAMLNode? {
        _ = try source.next()
        guard case .documentStart = try source.next().kind else { return nil }
        let root = try subtree(try source.next(), level: 0).node
        _ = try source.next()
        let after = try source.next()
        guard case .streamEnd = after.kind else {
            throw YAMLError(.multipleDocuments, at: after.mark, "a second document; one file holds one document")
        }
        return root
    }

    /// Builds the node that starts with `event`, `level` collections deep.
    private mutating func subtree(_ event: YAMLEvent, level: Int) throws(YAMLError) -> Subtree {
        if case .alias(let name) = event.kind { return try followed(name, at: event.mark, level: level) }
        if let anchor = event.anchor { openAnchors.append(anchor) }
        try count(1, at: event.mark)
        let result: Subtree
        switch event.kind {
        case .scalar(let text, let style):
            let scalar = try YAMLScalar(text, style: style, tag: event.tag, at: event.mark)
            result = Subtree(node: YAMLNode(.scalar(scalar), mark: event.mark), nodes: 1, depth: 0)
        case .sequenceStart:
            try check(tag: event.tag, is: "tag:yaml.org,2002:seq", at: event.mark)
            result = try sequence(from: event, level: try deeper(level, at: event.mark))
        case .mappingStart:
            try check(tag: event.tag, is: "tag:yaml.org,2002:map", at: event.mark)
            result = try mapping(from: event, level: try deeper(level, at: event.mark))
        default:
            throw YAMLError(.syntax, at: event.mark, "a value was expected here")
        }
        if let anchor = event.anchor {
            openAnchors.removeLast()
            anchors[anchor] = result
        }
        return result
    }

    private mutating func sequence(from start: YAMLEvent, level: Int) throws(YAMLError) -> Subtree {
        var elements: [YAMLNode] = []
        var size = Size()
        while true {
            let event = try source.next()
            if case .sequenceEnd = event.kind { break }
            let element = try subtree(event, level: level)
            size.add(element)
            elements.append(element.node)
        }
        return size.subtree(YAMLNode(.sequence(elements), mark: start.mark))
    }

    private mutating func mapping(from start: YAMLEvent, level: Int) throws(YAMLError) -> Subtree {
        var builder = YAMLMappingBuilder()
        var size = Size()
        while true {
            let event = try source.next()
            if case .mappingEnd = event.kind { break }
            let key = try subtree(event, level: level)
            guard let scalar = key.node.scalar else {
                throw YAMLError(
                    .complexKey, at: event.mark, "a mapping key must be a single value, not a \(key.node.typeName)")
            }
            guard scalar.text.utf8.count <= limits.keyBytes else {
                throw YAMLError(.limit, at: event.mark, "a key of more than \(limits.keyBytes) bytes")
            }
            let value = try subtree(try source.next(), level: level)
            size.add(key)
            size.add(value)
            let entry = YAMLMapping.Entry(scalar, at: event.mark, value: value.node)
            if scalar.style == .plain, scalar.text == "<<", scalar.tag == nil {
                try builder.merge(entry)
            } else {
                try builder.add(entry)
            }
        }
        return size.subtree(YAMLNode(.mapping(builder.mapping), mark: start.mark))
    }

    private mutating func followed(_ name: String, at mark: YAMLMark, level: Int) throws(YAMLError) -> Subtree {
        guard !openAnchors.contains(name) else {
            throw YAMLError(.alias, at: mark, "*\(name) stands inside what &\(name) names: it would contain itself")
        }
        guard let target = anchors[name] else {
            throw YAMLError(.alias, at: mark, "*\(name) has no anchor &\(name) before it")
        }
        guard level + target.depth <= limits.depth else { throw tooDeep(at: mark) }
        try count(target.nodes, at: mark)
        return target
    }

    private mutating func count(_ nodes: Int, at mark: YAMLMark) throws(YAMLError) {
        nodeCount += nodes
        guard nodeCount <= limits.nodes else {
            throw YAMLError(.limit, at: mark, "more than \(limits.nodes) nodes, aliases followed")
        }
    }

    private func deeper(_ level: Int, at mark: YAMLMark) throws(YAMLError) -> Int {
        guard level < limits.depth else { throw tooDeep(at: mark) }
        return level + 1
    }

    private func tooDeep(at mark: YAMLMark) -> YAMLError {
        YAMLError(.limit, at: mark, "nested more than \(limits.depth) levels deep")
    }

    private func check(tag: String?, is expected: String, at mark: YAMLMark) throws(YAMLError) {
        guard let tag, tag != expected, tag != "!" else { return }
        throw YAMLError(.tag, at: mark, "the tag \(YAMLScalar.display(tag)) is not supported here")
    }
}

/// Adds up the size of a collection.
private struct Size {
    var nodes = 1
    var depth = 0

    mutating func add(_ child: YAMLComposer.Subtree) {
        nodes += child.nodes
        depth = max(depth, child.depth)
    }

    func subtree(_ node: YAMLNode) -> YAMLComposer.Subtree {
        YAMLComposer.Subtree(node: node, nodes: nodes, depth: depth + 1)
    }
}

import YAMLKit

/// A node on the way from text to model: knows its key path and where to report what is wrong with it.
/// A reader that finds a problem reports it and gives nil, so that one run finds them all.
struct NodeCursor {
    let node: YAMLNode
    let path: String
    let log: ProblemLog

    func fail(_ kind: TemplateProblem.Kind, _ reason: String) {
        log.add(kind, at: node.mark, path: path, reason)
    }

    func fail(_ reason: String) { fail(.invalid, reason) }

    /// The scalar as it stands in the file, shortened, for messages: never the value of a variable.
    var shown: String {
        let template = log.template(at: path)
        let text = template ?? node.scalar?.text ?? ""
        if template == nil, !text.isEmpty, !isString { return text }
        return "\"\(text.prefix(Self.maximumShown))\(text.count > Self.maximumShown ? "…" : "")\""
    }

    private var isString: Bool {
        if case .string? = node.scalar?.value { true } else { false }
    }

    /// Characters of a value that a message shows.
    private static let maximumShown = 80

    /// The elements of a list, with a problem for anything else. Null is an empty list.
    func elements() -> [NodeCursor] {
        if node.isNull { return [] }
        guard let sequence = node.sequence else {
            fail("must be a list, not a \(node.typeName)")
            return []
        }
        return sequence.enumerated().map { index, element in child("\(path)[\(index)]", element, at: element.mark) }
    }

    /// The entries of a mapping, with a problem for anything else. Null is an empty mapping. Keys must be strings.
    func entries() -> [(key: String, value: NodeCursor)] {
        if node.isNull { return [] }
        guard let mapping = node.mapping else {
            fail("must be a mapping, not a \(node.typeName)")
            return []
        }
        return mapping.entries.map { entry in
            (entry.key, child(joined(entry.key), entry.value, at: entry.keyMark))
        }
    }

    /// The value of `key` where the node is a mapping that has it.
    func child(_ key: String) -> NodeCursor? {
        guard let entry = node.mapping?.entries.first(where: { $0.key == key }) else { return nil }
        return child(joined(key), entry.value, at: entry.keyMark)
    }

    /// Adds a problem that stands at the key, not at its value.
    func failAtKey(_ kind: TemplateProblem.Kind, _ reason: String) { log.add(kind, path: path, reason) }

    private func joined(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func child(_ path: String, _ node: YAMLNode, at mark: YAMLMark) -> NodeCursor {
        log.note(mark, at: path)
        return NodeCursor(node: node, path: path, log: log)
    }
}

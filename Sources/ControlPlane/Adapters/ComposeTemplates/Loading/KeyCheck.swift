import YAMLKit

/// Every key of a Compose file is a string; `123:` or `true:` is a slip. Below `x-…` keys anything goes.
struct KeyCheck {
    let log: ProblemLog

    func run(_ node: YAMLNode, path: String) {
        switch node.content {
        case .scalar: return
        case .sequence(let elements):
            for (index, element) in elements.enumerated() { run(element, path: "\(path)[\(index)]") }
        case .mapping(let mapping):
            for entry in mapping.entries {
                if case .string = entry.keyScalar.value {
                    guard !entry.key.hasPrefix("x-") else { continue }
                    run(entry.value, path: path.isEmpty ? entry.key : "\(path).\(entry.key)")
                } else {
                    let place = path.isEmpty ? "at top level" : "in \(path)"
                    log.add(.invalid, at: entry.keyMark, path: path, "non-string key \(place): \(entry.key)")
                }
            }
        }
    }
}

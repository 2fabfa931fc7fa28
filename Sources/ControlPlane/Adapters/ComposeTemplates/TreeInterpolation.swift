import YAMLKit

/// Substitutes the variables of a whole file. A value that held a `$` is a string afterwards; keys are not
/// interpolated.
struct TreeInterpolation {
    let log: ProblemLog
    let lookup: (String) -> String?

    /// The tree below `node` with its variables substituted; a failing node is reported and kept.
    func apply(to node: YAMLNode, path: String) -> YAMLNode {
        switch node.content {
        case .scalar(let scalar):
            guard scalar.text.utf8.contains(UInt8(ascii: "$")) else { return node }
            return YAMLNode(
                .scalar(YAMLScalar(text(of: scalar, at: node.mark, path: path), style: .doubleQuoted)), mark: node.mark)
        case .sequence(let elements):
            let changed = elements.enumerated().map { apply(to: $0.element, path: "\(path)[\($0.offset)]") }
            return YAMLNode(.sequence(changed), mark: node.mark)
        case .mapping(let mapping):
            let changed = mapping.mapValues { entry in
                let keyPath = path.isEmpty ? entry.key : "\(path).\(entry.key)"
                // What the manager reads there are names and defaults, which it resolves on its own.
                return keyPath == TemplateManifest.key ? entry.value : apply(to: entry.value, path: keyPath)
            }
            return YAMLNode(.mapping(changed), mark: node.mark)
        }
    }

    private func text(of scalar: YAMLScalar, at mark: YAMLMark, path: String) -> String {
        do {
            let outcome = try Interpolation.substitute(scalar.text, lookup: lookup)
            for name in outcome.unset {
                log.warn(.interpolation, at: mark, path: path, "\(name) is not set and stands for an empty text")
            }
            log.note(template: scalar.text, at: path)
            return outcome.text
        } catch {
            log.add(.interpolation, at: mark, path: path, error.description)
            return scalar.text
        }
    }
}

import YAMLKit

/// Collects the problems and warnings of one load, and remembers where each key path stands, so that checks of the
/// finished model can name a place. Used by one load in one task only.
final class ProblemLog {
    /// Problems that are listed; further ones are counted.
    static let maximumProblems = 50

    let file: String
    private(set) var problems: [TemplateProblem] = []
    private(set) var warnings: [TemplateProblem] = []
    private(set) var unlisted = 0
    private var marks: [String: YAMLMark] = [:]
    private var templates: [String: String] = [:]

    init(file: String) { self.file = file }

    func note(_ mark: YAMLMark, at path: String) { marks[path] = mark }

    /// Remembers what stood at `path` before its variables were put in: messages show that, since a variable's value
    /// may be a secret.
    func note(template: String, at path: String) { templates[path] = template }

    func template(at path: String) -> String? { templates[path] }

    /// The place of `path`, or of the nearest key above it that stands in the text.
    func mark(of path: String) -> YAMLMark? {
        var path = path[...]
        while !path.isEmpty {
            if let mark = marks[String(path)] { return mark }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
        return nil
    }

    func add(_ kind: TemplateProblem.Kind, at mark: YAMLMark?, path: String, _ reason: String) {
        guard problems.count < Self.maximumProblems else {
            unlisted += 1
            return
        }
        problems.append(TemplateProblem(kind, file: file, mark: mark, path: path, reason: reason))
    }

    /// Adds a problem at a key path of the text.
    func add(_ kind: TemplateProblem.Kind, path: String, _ reason: String) {
        add(kind, at: mark(of: path), path: path, reason)
    }

    func warn(_ kind: TemplateProblem.Kind, at mark: YAMLMark?, path: String, _ reason: String) {
        guard warnings.count < Self.maximumProblems else { return }
        warnings.append(TemplateProblem(kind, file: file, mark: mark, path: path, reason: reason))
    }

    /// Ends the load when anything was found so far.
    func throwIfRejected() throws(TemplateRejection) {
        guard problems.isEmpty else { throw rejection }
    }

    /// Everything that was found, in the order of the text.
    var rejection: TemplateRejection {
        let ordered = problems.enumerated().sorted { one, other in
            let left = one.element.mark ?? .generated
            let right = other.element.mark ?? .generated
            return left == right ? one.offset < other.offset : left < right
        }
        return TemplateRejection(problems: ordered.map(\.element), unlisted: unlisted, warnings: warnings)
    }
}

public import YAMLKit

/// One thing that is wrong with a template: where, at which key, and why.
public struct TemplateProblem: Sendable, Hashable, CustomStringConvertible {
    public enum Kind: String, Sendable, Hashable {
        /// The file is not one YAML document, or beyond a limit.
        case syntax
        /// A `${…}` that has no value.
        case interpolation
        /// A value of the wrong type or form.
        case invalid
        /// A key or value of Compose that this project does not carry out, or no key of Compose at all.
        case unsupported
        /// Something that a template must not do, see `TemplatePolicy`.
        case refused
        /// A name that points to nothing, or to itself.
        case reference
    }

    public let kind: Kind
    /// The file's name as it was given.
    public let file: String
    /// The place; nil where it concerns the file as a whole.
    public let mark: YAMLMark?
    /// The key path, such as `services.db.ports[0]`; empty for the file as a whole.
    public let path: String
    /// What is wrong and what to do. Never a secret.
    public let reason: String

    /// A problem at `path` of `file`.
    public init(_ kind: Kind, file: String, mark: YAMLMark?, path: String, reason: String) {
        self.kind = kind
        self.file = file
        self.mark = mark
        self.path = path
        self.reason = reason
    }

    /// `file:line:column: path: reason`.
    public var description: String {
        let place = mark.map { "\(file):\($0)" } ?? file
        return path.isEmpty ? "\(place): \(reason)" : "\(place): \(path): \(reason)"
    }
}

/// A template that cannot be used, with every reason found in one run.
public struct TemplateRejection: Error, Sendable, Hashable, CustomStringConvertible {
    /// The problems in the order of the text; never empty.
    public let problems: [TemplateProblem]
    /// Problems beyond `ProblemLog.maximumProblems`, not listed.
    public let unlisted: Int
    /// Warnings, such as variables that are not set.
    public let warnings: [TemplateProblem]

    /// A line per problem.
    public var description: String {
        let lines = problems.map(\.description)
        return (unlisted > 0 ? lines + ["and \(unlisted) more"] : lines).joined(separator: "\n")
    }
}

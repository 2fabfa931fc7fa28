/// Why a text is not the one YAML document that was asked for, and where.
public struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Its kind.
    public enum Code: Sendable, Hashable {
        /// The text is not YAML.
        case syntax
        /// A mapping has a key twice.
        case duplicateKey
        /// A mapping key is a sequence or a mapping.
        case complexKey
        /// An alias without an anchor, or inside what its anchor names.
        case alias
        /// A merge key `<<` whose value is neither a mapping nor a list of mappings.
        case merge
        /// A tag outside the core schema, or one that its value does not fit.
        case tag
        /// More than one document.
        case multipleDocuments
        /// A bound of `YAMLLimits`.
        case limit
    }

    /// Its kind.
    public let code: Code
    /// Its position.
    public let mark: YAMLMark
    /// The message: one sentence.
    public let reason: String

    init(_ code: Code, at mark: YAMLMark, _ reason: String) {
        self.code = code
        self.mark = mark
        self.reason = reason
    }

    /// `line:column: reason`.
    public var description: String { "\(mark): \(reason)" }
}

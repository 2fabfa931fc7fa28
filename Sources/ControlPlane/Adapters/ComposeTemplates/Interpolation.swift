/// Variable substitution as the Compose Specification defines it: `$VAR`, `${VAR}`, `${VAR:-default}`,
/// `${VAR-default}`, `${VAR:?error}`, `${VAR?error}`, `${VAR:+replacement}`, `${VAR+replacement}`, nested in one
/// another; `$$` is a `$`.
///
/// The operand after an operator is evaluated only when it is used. What is put in is not searched again.
/// A `$` that starts none of these forms stands for itself.
public enum Interpolation {
    /// Substitutions inside one another.
    public static let maximumDepth = 32
    /// Size of a template and of its result.
    public static let maximumBytes = 1 << 20

    /// A text with every substitution done.
    public struct Outcome: Sendable, Hashable {
        public var text: String
        /// Variables that were used without a default and are not set: each stands for an empty text. In order of use.
        public var unset: [String]
    }

    /// Substitutes the variables of `template`; `lookup` gives the value of a name, or nil where it is not set.
    public static func substitute(
        _ template: String, lookup: (String) -> String?
    ) throws(InterpolationError) -> Outcome {
        var evaluation = Evaluation(template: template)
        let bytes = Array(template.utf8)
        guard bytes.count <= maximumBytes else { throw .tooLong }
        let result = try evaluation.evaluate(bytes[...], depth: 0, lookup: lookup)
        return Outcome(text: String(decoding: result, as: UTF8.self), unset: evaluation.unset)
    }

    /// Substitutes the variables of `template` from a dictionary.
    public static func substitute(
        _ template: String, variables: [String: String]
    ) throws(InterpolationError) -> Outcome {
        try substitute(template) { variables[$0] }
    }
}

/// One run over a template.
private struct Evaluation {
    let template: String
    var unset: [String] = []

    mutating func evaluate(
        _ bytes: ArraySlice<UInt8>, depth: Int, lookup: (String) -> String?
    ) throws(InterpolationError) -> [UInt8] {
        guard depth <= Interpolation.maximumDepth else { throw .nestedTooDeeply }
        var result: [UInt8] = []
        var rest = bytes
        while let token = try SubstitutionToken.next(&rest, of: template) {
            switch token {
            case .text(let text): result += text
            case .variable(let substitution):
                result += try value(of: substitution, depth: depth, lookup: lookup)
            }
            guard result.count <= Interpolation.maximumBytes else { throw .tooLong }
        }
        return result
    }

    private mutating func value(
        of substitution: Substitution, depth: Int, lookup: (String) -> String?
    ) throws(InterpolationError) -> [UInt8] {
        let name = substitution.name
        let value = lookup(name)
        guard let operation = substitution.operation else {
            if value == nil { unset.append(name) }
            return Array((value ?? "").utf8)
        }
        let counts = operation.countsEmptyAsUnset ? value.map { !$0.isEmpty } ?? false : value != nil
        switch operation.kind {
        case .presence:
            return counts ? try evaluate(substitution.operand, depth: depth + 1, lookup: lookup) : []
        case .fallback where !counts:
            return try evaluate(substitution.operand, depth: depth + 1, lookup: lookup)
        case .required where !counts:
            let message = try evaluate(substitution.operand, depth: depth + 1, lookup: lookup)
            throw .missingVariable(name: name, message: String(decoding: message, as: UTF8.self))
        case .fallback, .required:
            return Array((value ?? "").utf8)
        }
    }
}

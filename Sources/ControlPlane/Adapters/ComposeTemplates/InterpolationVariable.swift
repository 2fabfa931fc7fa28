public import YAMLKit

/// A variable that a text asks for, and what it says about it.
public struct InterpolationVariable: Sendable, Hashable {
    public var name: String
    /// The operand of `:-` or `-`, not evaluated; empty where there is none.
    public var defaultValue = ""
    /// The operand of `:+` or `+`, not evaluated; empty where there is none.
    public var presenceValue = ""
    /// Whether one of its uses fails without a value.
    public var isRequired = false
}

extension Interpolation {
    /// The variables that `template` asks for, in operands too, in the order of the text.
    public static func variables(in template: String) throws(InterpolationError) -> [InterpolationVariable] {
        try variables(in: Array(template.utf8)[...], of: template, depth: 0)
    }

    /// The variables that the scalars below `node` ask for, by name. A variable is required when one of its uses
    /// requires it; of several defaults the first counts.
    public static func variables(in node: YAMLNode) throws(InterpolationError) -> [String: InterpolationVariable] {
        var found: [String: InterpolationVariable] = [:]
        try collect(from: node, into: &found)
        return found
    }

    private static func collect(
        from node: YAMLNode, into found: inout [String: InterpolationVariable]
    ) throws(InterpolationError) {
        switch node.content {
        case .scalar(let scalar):
            guard case .string(let text) = scalar.value else { return }
            for variable in try variables(in: text) {
                found[variable.name] = variable.combined(with: found[variable.name])
            }
        case .sequence(let elements):
            for element in elements { try collect(from: element, into: &found) }
        case .mapping(let mapping):
            for entry in mapping.entries { try collect(from: entry.value, into: &found) }
        }
    }

    private static func variables(
        in bytes: ArraySlice<UInt8>, of template: String, depth: Int
    ) throws(InterpolationError) -> [InterpolationVariable] {
        guard depth <= maximumDepth else { throw .nestedTooDeeply }
        var result: [InterpolationVariable] = []
        var rest = bytes
        while let token = try SubstitutionToken.next(&rest, of: template) {
            guard case .variable(let substitution) = token else { continue }
            result.append(InterpolationVariable(substitution))
            result += try variables(in: substitution.operand, of: template, depth: depth + 1)
        }
        return result
    }
}

extension InterpolationVariable {
    fileprivate init(_ substitution: Substitution) {
        name = substitution.name
        let operand = String(decoding: substitution.operand, as: UTF8.self)
        switch substitution.operation?.kind {
        case .fallback: defaultValue = operand
        case .presence: presenceValue = operand
        case .required: isRequired = true
        case .none: break
        }
    }

    /// Adds this use to what earlier uses said.
    fileprivate func combined(with earlier: InterpolationVariable?) -> InterpolationVariable {
        guard var result = earlier else { return self }
        result.isRequired = result.isRequired || isRequired
        if result.defaultValue.isEmpty { result.defaultValue = defaultValue }
        if result.presenceValue.isEmpty { result.presenceValue = presenceValue }
        return result
    }
}

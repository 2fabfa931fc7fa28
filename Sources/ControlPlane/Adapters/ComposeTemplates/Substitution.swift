/// One `$…` of a template, taken apart but not evaluated.
struct Substitution {
    /// What stands after the name.
    struct Operation {
        enum Kind {
            /// `-`
            case fallback
            /// `?`
            case required
            /// `+`
            case presence
        }

        var kind: Kind
        /// With a colon an empty value counts as unset.
        var countsEmptyAsUnset: Bool
    }

    var name: String
    var operation: Operation?
    var operand: ArraySlice<UInt8>
}

/// The pieces of a template.
enum SubstitutionToken {
    case text(ArraySlice<UInt8>)
    case variable(Substitution)

    /// Takes the next piece from the front of `rest`; nil at the end. `template` is for the error's text.
    static func next(
        _ rest: inout ArraySlice<UInt8>, of template: String
    ) throws(InterpolationError) -> SubstitutionToken? {
        guard let first = rest.first else { return nil }
        guard first == UInt8(ascii: "$") else {
            let end = rest.firstIndex(of: UInt8(ascii: "$")) ?? rest.endIndex
            defer { rest = rest[end...] }
            return .text(rest[..<end])
        }
        let dollar = rest.removeFirst()
        switch rest.first {
        case UInt8(ascii: "$"):
            rest.removeFirst()
            return .text([dollar])
        case UInt8(ascii: "{"):
            return .variable(try braced(&rest, of: template))
        case let byte? where isNameStart(byte):
            return .variable(Substitution(name: name(&rest), operation: nil, operand: []))
        default:
            return .text([dollar])
        }
    }

    /// Reads `{name…}`, `rest` standing at the brace.
    private static func braced(
        _ rest: inout ArraySlice<UInt8>, of template: String
    ) throws(InterpolationError) -> Substitution {
        guard let end = closingBrace(rest) else { throw .invalidTemplate(template) }
        var inner = rest[(rest.startIndex + 1)..<end]
        rest = rest[(end + 1)...]
        guard let first = inner.first, isNameStart(first) else { throw .invalidTemplate(template) }
        let name = name(&inner)
        guard !inner.isEmpty else { return Substitution(name: name, operation: nil, operand: []) }
        guard let operation = operation(&inner) else { throw .invalidTemplate(template) }
        return Substitution(name: name, operation: operation, operand: inner)
    }

    private static func operation(_ inner: inout ArraySlice<UInt8>) -> Substitution.Operation? {
        let hasColon = inner.first == UInt8(ascii: ":")
        if hasColon { inner.removeFirst() }
        let kind: Substitution.Operation.Kind
        switch inner.popFirst() {
        case UInt8(ascii: "-"): kind = .fallback
        case UInt8(ascii: "?"): kind = .required
        case UInt8(ascii: "+"): kind = .presence
        default: return nil
        }
        return Substitution.Operation(kind: kind, countsEmptyAsUnset: hasColon)
    }

    /// The brace that closes the one at the start of `bytes`: braces inside count, so that a JSON text can be a
    /// default. Where they do not balance, the last one closes, as in Compose.
    private static func closingBrace(_ bytes: ArraySlice<UInt8>) -> Int? {
        var open = 0
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "{") { open += 1 }
            guard bytes[index] == UInt8(ascii: "}") else { continue }
            open -= 1
            if open == 0 { return index }
        }
        return bytes.lastIndex(of: UInt8(ascii: "}"))
    }

    private static func name(_ rest: inout ArraySlice<UInt8>) -> String {
        let end = rest.firstIndex { !isNameStart($0) && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let name = rest[..<(end ?? rest.endIndex)]
        rest = rest[name.endIndex...]
        return String(decoding: name, as: UTF8.self)
    }

    static func isNameStart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}

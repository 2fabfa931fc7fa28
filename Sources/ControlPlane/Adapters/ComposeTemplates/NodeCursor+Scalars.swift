import YAMLKit

extension NodeCursor {
    /// A string. A number or a boolean is a problem: quotes make it a string.
    func string() -> String? {
        guard let scalar = node.scalar else { return wrongType("a string") }
        guard case .string(let text) = scalar.value else { return wrongType("a string") }
        return text
    }

    /// A string that is not empty.
    func nonEmptyString() -> String? {
        guard let text = string() else { return nil }
        guard !text.isEmpty else {
            fail("must not be empty")
            return nil
        }
        return text
    }

    /// A string, number or boolean as text; `null` gives `nullText`. A number that another reader of the file would
    /// write in another way (`1.10`, `0755`, `1e3`) is a problem: quotes decide.
    func text(nullText: String? = nil) -> String? {
        guard let scalar = node.scalar else { return wrongType("a boolean, null, number or string") }
        switch scalar.value {
        case .string(let text): return text
        case .boolean(let flag): return flag ? "true" : "false"
        case .null:
            if nullText == nil { return wrongType("a boolean, number or string") }
            return nullText
        case .integer(let number): return unambiguous(scalar.text, canonical: String(number))
        case .float(let number):
            let canonical = String(number)
            return unambiguous(scalar.text, canonical: canonical.hasSuffix(".0") ? "" : canonical)
        }
    }

    private func unambiguous(_ text: String, canonical: String) -> String? {
        guard text != canonical || text.contains("e") else { return text }
        fail("\(text) is a number that can be written in more than one way; put it in quotes")
        return nil
    }

    /// A whole number, or a string that is one (as after interpolation).
    func integer(in range: ClosedRange<Int> = Int.min...Int.max) -> Int? {
        let number: Int?
        switch node.scalar?.value {
        case .integer(let value): number = value
        case .string(let text): number = Int(text)
        default: number = nil
        }
        guard let number else { return wrongType("a whole number") }
        guard range.contains(number) else {
            fail(outside(range))
            return nil
        }
        return number
    }

    private func outside(_ range: ClosedRange<Int>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (let low, .max): "must be greater than or equal to \(low), not \(shown)"
        case (let low, let high): "must be from \(low) to \(high), not \(shown)"
        }
    }

    /// A finite number of at least zero, or a string that is one.
    func number() -> Double? {
        let number: Double?
        switch node.scalar?.value {
        case .integer(let value): number = Double(value)
        case .float(let value): number = value
        case .string(let text): number = Double(text)
        default: number = nil
        }
        guard let number else { return wrongType("a number") }
        guard number.isFinite, number >= 0 else {
            fail("must be a number greater than or equal to 0")
            return nil
        }
        return number
    }

    /// A boolean, or a string `true` or `false` (as after interpolation).
    func boolean() -> Bool? {
        switch node.scalar?.value {
        case .boolean(let flag): return flag
        case .string("true"): return true
        case .string("false"): return false
        default: return wrongType("true or false")
        }
    }

    /// A size such as `64m`, `2gb` or `1024`, in bytes.
    func byteCount() -> Int? {
        let count: Int?
        switch node.scalar?.value {
        case .integer(let value): count = value
        case .string(let text): count = ByteCount.parse(text)
        default: count = nil
        }
        guard let count else { return wrongType("a size such as 512m or 2gb") }
        guard count >= 0 else {
            fail("must be greater than or equal to 0")
            return nil
        }
        return count
    }

    /// A duration such as `10s`, `1m30s` or `500ms`.
    func duration() -> Duration? {
        guard case .string(let text) = node.scalar?.value, let duration = ComposeDuration.parse(text) else {
            return wrongType("a duration such as 10s or 1m30s")
        }
        return duration
    }

    /// A value of an enumeration of strings.
    func option<Option>(_ type: Option.Type) -> Option?
    where Option: RawRepresentable<String> & CaseIterable {
        guard let text = string() else { return nil }
        guard let option = Option(rawValue: text) else {
            fail("must be one of \(Option.allCases.map(\.rawValue).joined(separator: ", ")), not \(shown)")
            return nil
        }
        return option
    }

    /// Reports that the node is not `expected`, and gives nothing.
    func wrongType<Value>(_ expected: String) -> Value? {
        let found: String
        switch node.scalar?.value {
        case .string: found = shown
        case .integer, .float, .boolean: found = "the \(node.typeName) \(node.scalar?.text ?? "")"
        default: found = "a \(node.typeName)"
        }
        fail("must be \(expected), not \(found)")
        return nil
    }
}

/// A column, or a value inside of its JSON.
struct FieldPath: Equatable, Hashable {
    /// Name of the column.
    var name: String
    /// Steps into the column's JSON.
    var jsonPath: [JSONStep] = []

    /// The same for all spellings of one value: of a long name PostgreSQL reads the beginning, and an index may have
    /// zeros in front.
    var canonical: FieldPath {
        FieldPath(
            name: SQLText.identifier(name),
            jsonPath: jsonPath.map { step in
                guard case .index(let index) = step.operand, let number = Int(index) else { return step }
                return JSONStep(isText: step.isText, operand: .index(String(number)))
            })
    }
}

/// One step of a JSON path.
struct JSONStep: Equatable, Hashable {
    enum Operand: Equatable, Hashable {
        case key(String)
        case index(String)
    }

    /// `->>`: the value as text.
    var isText: Bool
    var operand: Operand
}

/// Column names, JSON paths and casts, as `select`, filters and `order` share them.
extension TextScanner {
    static let fieldLabel = "field name (* or [a..z0..9_$])"
    private static let keyLabel = "any non reserved character different from: .,>()"

    /// A name: quoted, or letters, digits, `_`, `$` and blanks with single dashes between.
    mutating func fieldName() throws(ParseFailure) -> String {
        if next == "\"" { return try quoted() }
        let start = position
        var name = take(while: Self.isIdentifier)
        guard !name.isEmpty else {
            expect(Self.fieldLabel)
            throw failure
        }
        while next == "-", peek(1) != ">", peek(1).map(Self.isIdentifier) == true {
            position += 1
            name += "-" + take(while: Self.isIdentifier)
        }
        let trimmed = name.trimmingBlanks
        guard !trimmed.isEmpty else {
            position = start
            expect(Self.fieldLabel)
            throw failure
        }
        return trimmed
    }

    /// A text between double quotes in which a backslash takes the next scalar as it is.
    mutating func quoted() throws(ParseFailure) -> String {
        guard take("\"") else { throw failure }
        var text = String.UnicodeScalarView()
        while let scalar = next, scalar != "\"" {
            position += 1
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            guard let escaped = next else { break }
            text.append(escaped)
            position += 1
        }
        guard take("\"") else { throw failure }
        return String(text)
    }

    /// A column name with its JSON path.
    mutating func fieldPath() throws(ParseFailure) -> FieldPath {
        FieldPath(name: try fieldName(), jsonPath: try jsonPath())
    }

    mutating func jsonPath() throws(ParseFailure) -> [JSONStep] {
        var steps: [JSONStep] = []
        while next == "-", peek(1) == ">" {
            position += 2
            let isText = next == ">"
            if isText { position += 1 }
            steps.append(JSONStep(isText: isText, operand: try jsonOperand()))
        }
        return steps
    }

    private mutating func jsonOperand() throws(ParseFailure) -> JSONStep.Operand {
        let start = position
        var index = ""
        if take("-") { index = "-" }
        let digits = take { ("0"..."9").contains($0) }
        if digits.isEmpty { expect("digit") }
        let isEnded =
            isAtEnd || next == "." || next == "," || (next == "-" && peek(1) == ">")
            || (next == ":" && peek(1) == ":")
        if !digits.isEmpty, isEnded { return .index(index + digits) }
        position = start
        if next == "\"" { return .key(try quoted()) }
        var key = take(while: Self.isJSONKey)
        while next == "-", peek(1).map(Self.isJSONKey) == true {
            position += 1
            key += "-" + take(while: Self.isJSONKey)
        }
        guard !key.isEmpty else {
            expect(Self.keyLabel)
            throw failure
        }
        return .key(key)
    }

    /// The type of a cast after `::`; nil where there is none.
    mutating func cast() throws(ParseFailure) -> String? {
        guard next == ":", peek(1) == ":" else { return nil }
        position += 2
        let type = take { Self.isIdentifier($0) && ($0.isASCII || $0.properties.isAlphabetic) }.trimmingBlanks
        guard !type.isEmpty else {
            expect(Self.fieldLabel)
            throw failure
        }
        return type
    }

    static func isIdentifier(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "$", " ": return true
            default: return false
            }
        }
        return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    private static func isJSONKey(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "(", "-", ":", ".", ",", ">", ")": false
        default: true
        }
    }
}

extension String {
    /// The text without blanks and tabs at both ends.
    var trimmingBlanks: String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}

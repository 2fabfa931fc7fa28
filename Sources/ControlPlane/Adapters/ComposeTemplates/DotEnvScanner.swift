/// Takes a `.env` text apart, statement by statement.
struct DotEnvScanner {
    /// One line, or several where a quoted value continues.
    struct Statement {
        var name: String
        var value: Value?
        var line: Int
    }

    /// A value before its variables are put in.
    struct Value {
        var text: String
        /// Whether it is searched for variables: everything but single quotes.
        var isTemplate: Bool
    }

    private var rest: Substring.UnicodeScalarView
    private let file: String
    private var line = 1

    init(text: String, file: String) {
        rest = text.replacing("\r\n", with: "\n")[...].unicodeScalars
        if rest.first == "\u{FEFF}" { rest.removeFirst() }
        self.file = file
    }

    /// The next statement; nil at the end.
    mutating func next() throws(DotEnvError) -> Statement? {
        skipToStatement()
        guard !rest.isEmpty else { return nil }
        let start = line
        skipExport()
        let (name, hasValue) = try name()
        guard hasValue else { return Statement(name: name, value: nil, line: start) }
        return Statement(name: name, value: try value(), line: start)
    }

    private mutating func skipToStatement() {
        while let first = rest.first {
            if first == "#" {
                skipLine()
            } else if first.properties.isWhitespace {
                advance()
            } else {
                return
            }
        }
    }

    private mutating func skipExport() {
        let word = "export"
        guard rest.starts(with: word.unicodeScalars) else { return }
        let after = rest.dropFirst(word.count)
        guard let next = after.first, isBlank(next) else { return }
        rest = after.drop { isBlank($0) }
    }

    /// Reads the name and the `=` or `:` after it.
    private mutating func name() throws(DotEnvError) -> (name: String, hasValue: Bool) {
        var name = ""
        while let first = rest.first, first != "=", first != ":", first != "\n" {
            let isNamePart =
                first.properties.isAlphabetic || first.properties.numericType != nil
                || "_.-[]".unicodeScalars.contains(first)
            guard isNamePart || isBlank(first) else {
                throw failure("unexpected character \"\(first)\" in a variable's name")
            }
            name.unicodeScalars.append(first)
            rest.removeFirst()
        }
        while let last = name.unicodeScalars.last, isBlank(last) { name.unicodeScalars.removeLast() }
        guard !name.isEmpty else { throw failure("a variable's name is missing") }
        guard !name.unicodeScalars.contains(where: isBlank) else {
            throw failure("a variable's name has a space in it")
        }
        let hasValue = rest.first == "=" || rest.first == ":"
        if hasValue { rest.removeFirst() }
        return (name, hasValue)
    }

    private mutating func value() throws(DotEnvError) -> Value {
        rest = rest.drop { isBlank($0) }
        guard let quote = rest.first, quote == "\"" || quote == "'" else { return unquoted() }
        let start = line
        rest.removeFirst()
        var text = String.UnicodeScalarView()
        while let scalar = advance() {
            if scalar == quote {
                try endOfQuoted()
                let isTemplate = quote == "\""
                return Value(
                    text: isTemplate ? DotEnvEscapes.expand(String(text)) : String(text), isTemplate: isTemplate)
            }
            if scalar == "\\", let next = rest.first {
                if next != quote { text.append(scalar) }
                text.append(next)
                advance()
            } else {
                text.append(scalar)
            }
        }
        throw DotEnvError(file: file, line: start, reason: "the quote is never closed")
    }

    /// Up to the end of the line or a comment; a `#` belongs to the value unless a space stands before it.
    private mutating func unquoted() -> Value {
        var text = String(rest.prefix { $0 != "\n" })
        rest = rest.dropFirst(text.unicodeScalars.count)
        if text.hasPrefix("#") { text = "" }
        if let comment = text.firstRange(of: " #") { text.removeSubrange(comment.lowerBound...) }
        while let last = text.unicodeScalars.last, last.properties.isWhitespace { text.unicodeScalars.removeLast() }
        return Value(text: text, isTemplate: true)
    }

    private mutating func endOfQuoted() throws(DotEnvError) {
        rest = rest.drop { isBlank($0) }
        guard let first = rest.first, first != "\n" else { return }
        guard first == "#" else { throw failure("unexpected text after the closing quote") }
        skipLine()
    }

    private mutating func skipLine() { rest = rest.drop { $0 != "\n" } }

    @discardableResult private mutating func advance() -> Unicode.Scalar? {
        let first = rest.popFirst()
        if first == "\n" { line += 1 }
        return first
    }

    private func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar != "\n" && scalar.properties.isWhitespace }

    private func failure(_ reason: String) -> DotEnvError { DotEnvError(file: file, line: line, reason: reason) }
}

/// The escapes of double quotes.
enum DotEnvEscapes {
    /// Replaces `\n`, `\t`, `\0101` and the like. `\$` becomes `$$`, which interpolation gives back as `$`.
    static func expand(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "\\", let next = rest.first else {
                result.append(scalar)
                continue
            }
            if next == "0" {
                let digits = rest.dropFirst().prefix(3).prefix { ("0"..."7").contains($0) }
                let code = UInt32(String(String.UnicodeScalarView(digits)), radix: 8) ?? 0
                result.append(Unicode.Scalar(code & 0xFF) ?? "\0")
                rest = rest.dropFirst(1 + digits.count)
            } else if let replacement = simple[next] {
                result.append(contentsOf: replacement.unicodeScalars)
                rest.removeFirst()
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    private static let simple: [Unicode.Scalar: String] = [
        "a": "\u{07}", "b": "\u{08}", "c": "\\c", "f": "\u{0C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{0B}",
        "\\": "\\", "\"": "\"", "$": "$$",
    ]
}

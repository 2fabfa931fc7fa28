/// Texts that may become part of a statement.
enum SQLText {
    /// A quoted identifier.
    static func identifier(_ name: String) -> String {
        "\""
            + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            .split(separator: "\u{0}", omittingEmptySubsequences: false).joined() + "\""
    }

    /// Elements as an array literal, each quoted.
    static func arrayLiteral(_ elements: [String]) -> String {
        let quoted = elements.map { element in
            var text = "\""
            for character in element {
                if character == "\"" || character == "\\" { text.append("\\") }
                text.append(character)
            }
            return text + "\""
        }
        return "{" + quoted.joined(separator: ",") + "}"
    }
}

/// A statement under construction: its text and the values that travel apart from it.
struct SQLBuilder {
    /// Values of `$1`, `$2` …
    private(set) var parameters: [String?] = []

    /// Takes a value and gives its place-holder.
    mutating func bind(_ value: String?) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }
}

/// A finished statement. Requests of the same shape have the same text.
struct SQLStatement: Sendable, Equatable {
    var text: String
    var parameters: [String?] = []
}

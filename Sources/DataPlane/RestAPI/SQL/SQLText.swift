import PostgresKit

/// Texts that may become part of a statement. All of it works on scalars: a quote next to a combining or prepending
/// scalar is one `Character` with it, and PostgreSQL sees the quote.
enum SQLText {
    /// A quoted identifier.
    static func identifier(_ name: String) -> String {
        "\"" + PostgresQuoting.doubling("\"", in: withoutNUL(name)) + "\""
    }

    /// A literal that means the same whatever `standard_conforming_strings` is.
    static func literal(_ text: String) -> String {
        let quoted = "'" + PostgresQuoting.doubling("'", in: withoutNUL(text)) + "'"
        return quoted.unicodeScalars.contains("\\") ? "E" + PostgresQuoting.doubling("\\", in: quoted) : quoted
    }

    /// Elements as an array literal, each quoted.
    static func arrayLiteral(_ elements: [String]) -> String {
        let quoted = elements.map { element in
            var text = String.UnicodeScalarView()
            for scalar in element.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { text.append("\\") }
                text.append(scalar)
            }
            return "\"" + String(text) + "\""
        }
        return "{" + quoted.joined(separator: ",") + "}"
    }

    private static func withoutNUL(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\0" }))
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

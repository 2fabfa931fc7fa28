import PostgresKit

/// Texts that may become part of a statement. All of it works on scalars: a quote next to a combining or prepending
/// scalar is one `Character` with it, and PostgreSQL sees the quote.
enum SQLText {
    /// Most bytes of a name: PostgreSQL reads no further.
    static let nameBytesMax = 63

    /// A quoted identifier, as far as PostgreSQL reads it.
    static func identifier(_ name: String) -> String {
        "\"" + PostgresQuoting.doubling("\"", in: cut(withoutNUL(name))) + "\""
    }

    private static func cut(_ name: String) -> String {
        guard name.utf8.count > nameBytesMax else { return name }
        var end = name.utf8.index(name.startIndex, offsetBy: nameBytesMax)
        while end.samePosition(in: name.unicodeScalars) == nil { end = name.utf8.index(before: end) }
        return String(name[..<end])
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
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\0" }))
    }
}

/// A statement under construction: its text and the values that travel apart from it.
///
/// What a request makes of a statement is counted while it is written: parts of a request multiply in it. Beyond the
/// bound nothing is added any more, and there is no statement.
struct SQLBuilder {
    /// Most bytes that a request may make, parts that stand in several levels counted in each: texts, and values of
    /// conditions.
    static let bytesMax = 1 << 20

    private var bytesLeft = bytesMax
    /// Values of `$1`, `$2` …
    private(set) var parameters: [String?] = []

    /// Takes a value and gives its place-holder.
    mutating func bind(_ value: String?) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }

    /// Whether the bound was met; what is written from then on is no SQL.
    var isFull: Bool { bytesLeft < 0 }

    /// Counts a part of the text or a value, and gives it back; nothing of it beyond the bound.
    mutating func counted(_ text: String) -> String {
        guard !isFull else { return "" }
        bytesLeft -= text.utf8.count
        return isFull ? "" : text
    }

    /// The finished statement.
    func statement(_ text: String) throws(RestError) -> SQLStatement {
        guard !isFull else { throw .statementTooLarge(Self.bytesMax) }
        return SQLStatement(text: text, parameters: parameters)
    }
}

/// A finished statement. Requests of the same shape have the same text.
struct SQLStatement: Sendable, Equatable {
    var text: String
    var parameters: [String?] = []
}

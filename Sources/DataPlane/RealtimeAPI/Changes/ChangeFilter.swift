import PostgresKit

/// A condition on a column: `column=[not.]operator.value`.
struct ChangeFilter: Sendable, Hashable {
    enum Operator: String, Sendable, CaseIterable {
        case eq, neq, lt, lte, gt, gte, `in`, like, ilike, `is`, match, imatch, isdistinct
    }

    var column: String
    var `operator`: Operator
    /// For `in` the list as an array literal.
    var value: String
    var isNegated = false

    /// Reads conditions separated by commas; all of them have to hold.
    static func list(_ text: String) throws(ChangeProblem) -> [ChangeFilter] {
        guard text.contains(where: { !$0.isWhitespace }) else { return [] }
        var filters: [ChangeFilter] = []
        for segment in segments(text) { filters.append(try filter(segment)) }
        return filters
    }

    private static func filter(_ segment: String) throws(ChangeProblem) -> ChangeFilter {
        let parts = segment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty else { throw ChangeProblem("\(segment) is no filter") }
        var condition = parts[1]
        let isNegated = condition.hasPrefix("not.")
        if isNegated { condition.removeFirst("not.".count) }
        let words = condition.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 2, let known = Operator(rawValue: words[0]) else {
            throw ChangeProblem("\(segment) has no operator that is known")
        }
        return ChangeFilter(
            column: parts[0], operator: known, value: try known == .in ? array(words[1]) : unquoted(words[1]),
            isNegated: isNegated)
    }

    private static func array(_ text: String) throws(ChangeProblem) -> String {
        guard text.hasPrefix("("), text.hasSuffix(")"), text.count >= 2 else {
            throw ChangeProblem("the list of an in filter stands in parentheses")
        }
        return "{" + text.dropFirst().dropLast() + "}"
    }

    /// A value in double quotes loses them, and the backslashes before its characters; any other one stays.
    private static func unquoted(_ text: String) -> String {
        let characters = Array(text)
        guard characters.count >= 2, characters[0] == "\"",
            closingQuote(in: characters, from: 0) == characters.count - 1
        else { return text }
        var value = ""
        var isEscaped = false
        for character in characters.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                value.append(character)
                isEscaped = false
            }
        }
        return value
    }

    /// Where the quote that opens at an index closes; nil for one that does not.
    private static func closingQuote(in characters: [Character], from start: Int) -> Int? {
        var index = start + 1
        while index < characters.count {
            if characters[index] == "\"" { return index }
            index += characters[index] == "\\" ? 2 : 1
        }
        return nil
    }

    /// Splits at commas outside parentheses and outside quotes that begin a value.
    private static func segments(_ text: String) -> [String] {
        let characters = Array(text)
        var segments: [String] = []
        var start = 0
        var depth = 0
        var index = 0
        while index < characters.count {
            let opens = index > 0 && ".(,".contains(characters[index - 1])
            switch characters[index] {
            case "\"" where opens: index = closingQuote(in: characters, from: index) ?? index
            case "(": depth += 1
            case ")": depth = max(0, depth - 1)
            case "," where depth == 0:
                segments.append(String(characters[start..<index]))
                start = index + 1
            default: break
            }
            index += 1
        }
        segments.append(String(characters[start...]))
        return segments.map { String($0.drop(while: \.isWhitespace)) }
    }
}

/// Why changes are not delivered, for the client's programmer.
struct ChangeProblem: Error, Sendable, Equatable {
    var text: String

    init(_ text: String) { self.text = text }

    init(_ error: PostgresError) {
        if case .server(let report) = error { text = report.message } else { text = "\(error)" }
    }
}

extension PostgresError {
    /// Whether the question itself is at fault, and not the way to PostgreSQL or its state: asked again it fails again.
    var isOfTheQuestion: Bool {
        switch self {
        case .invalidParameter, .resultTooLarge, .deadlineExceeded, .column: true
        case .server(let report):
            !["08", "53", "57P", "58", "XX"].contains { report.sqlState.hasPrefix($0) }
        default: false
        }
    }
}

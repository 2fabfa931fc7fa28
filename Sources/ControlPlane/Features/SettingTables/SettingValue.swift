/// A value of a service's configuration as the Management API carries it.
public enum SettingValue: Sendable, Hashable {
    /// Nothing is set.
    case null
    /// A truth value.
    case flag(Bool)
    /// A whole number.
    case whole(Int64)
    /// Any other number.
    case number(Double)
    case text(String)

    /// Whether it says nothing: clients that send a whole configuration back write what they do not know as one of
    /// these.
    var isNothing: Bool {
        switch self {
        case .null, .flag(false), .text(""): true
        default: false
        }
    }
}

/// How a value stands in a variable, and which values are possible. A value that its service does not understand keeps
/// that service from starting, so everything is checked before.
public enum SettingForm: Sendable, Hashable {
    /// `true` or `false`.
    case flag
    /// A whole number within bounds.
    case whole(ClosedRange<Int64>)
    /// The same, where 0 stands for the service's own choice.
    case wholeOrDefault(ClosedRange<Int64>)
    /// A whole number that the API carries as a text.
    case wholeAsText(ClosedRange<Int64>)
    /// Whole seconds; the variable holds a duration such as `60s`.
    case seconds(ClosedRange<Int64>)
    /// Hours, parts of an hour included; the variable holds a duration, and 0 stands for none.
    case hours
    /// One of some words.
    case oneOf([String])
    /// A size or a time span of PostgreSQL.
    case quantity(PostgresQuantity)
    /// A text that follows a rule.
    case text(TextRule)
    /// A text that is never shown again.
    case secret(TextRule)

    /// Longest duration, in seconds, that is accepted: a hundred years.
    static let secondsMax: Int64 = 3_155_760_000

    /// The variable's text; nil stands for the service's own default.
    func encode(_ value: SettingValue) throws(SettingProblem) -> String? {
        switch (self, value) {
        case (_, .null): nil
        case (.flag, .flag(let truth)): truth ? "true" : "false"
        case (.wholeOrDefault, .whole(0)), (.hours, .whole(0)), (.hours, .number(0)): nil
        case (.whole(let range), .whole(let number)), (.wholeOrDefault(let range), .whole(let number)):
            String(try check(number, range))
        case (.wholeAsText(let range), .whole(let number)): String(try check(number, range))
        case (.wholeAsText, .text("")): nil
        case (.wholeAsText(let range), .text(let text)):
            String(try check(Int64(text) ?? range.lowerBound - 1, range))
        case (.seconds(let range), .whole(let number)): "\(try check(number, range))s"
        case (.hours, .whole(let number)): try duration(hours: Double(number))
        case (.hours, .number(let number)): try duration(hours: number)
        case (.oneOf, .text("")) where !isWord(""): nil
        case (.oneOf, .text(let text)) where isWord(text): text
        case (.quantity(let quantity), .text(let text)): try quantity.checked(text)
        case (.text(let rule), .text(let text)), (.secret(let rule), .text(let text)):
            try rule.stored(text)
        default: throw SettingProblem(expectation)
        }
    }

    /// The value that a variable's text stands for; null for a text that is none.
    func decode(_ text: String) -> SettingValue {
        switch self {
        case .flag: .flag(["true", "t", "1"].contains(text.lowercased()))
        case .whole, .wholeOrDefault: Int64(text).map { .whole($0) } ?? .null
        case .seconds: DurationText.seconds(text).flatMap { Int64(exactly: $0.rounded()) }.map { .whole($0) } ?? .null
        case .hours: DurationText.seconds(text).map { Self.plain($0 / 3_600) } ?? .null
        case .wholeAsText, .oneOf: text.isEmpty && !isWord("") ? .null : .text(text)
        case .quantity: .text(text)
        case .text(let rule): .text(rule.shown(text))
        case .secret: .null
        }
    }

    private static func plain(_ number: Double) -> SettingValue {
        Int64(exactly: number).map { .whole($0) } ?? .number(number)
    }

    private func isWord(_ text: String) -> Bool {
        if case .oneOf(let words) = self { words.contains(text) } else { false }
    }

    private func check(_ number: Int64, _ range: ClosedRange<Int64>) throws(SettingProblem) -> Int64 {
        guard range.contains(number) else { throw SettingProblem(expectation) }
        return number
    }

    private func duration(hours: Double) throws(SettingProblem) -> String {
        let seconds = (hours * 3_600).rounded()
        guard seconds >= 1, seconds <= Double(Self.secondsMax) else { throw SettingProblem(expectation) }
        return "\(Int64(seconds))s"
    }

    /// The expected form, as a phrase that follows the key.
    var expectation: String {
        switch self {
        case .flag: "must be true or false"
        case .whole(let range), .seconds(let range):
            "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .wholeOrDefault(let range): "must be 0 or a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .wholeAsText(let range):
            "must be a text with a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .hours: "must be a number of hours, 0 for none"
        case .oneOf(let words): "must be one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
        case .quantity(let quantity): quantity.expectation
        case .text(let rule), .secret(let rule): rule.expectation
        }
    }
}

/// Why a value cannot be set; the text follows the key and never holds the value.
struct SettingProblem: Error, Equatable {
    let description: String

    init(_ description: String) { self.description = description }
}

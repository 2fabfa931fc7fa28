/// A filter whose values PostgreSQL has brought into their canonical form.
struct FilterTest: Sendable, Hashable {
    let column: String
    let `operator`: ChangeFilter.Operator
    /// One value, or those of an `in` list; nil for a null.
    let values: [String?]
    let isNegated: Bool
    /// The column's type as SQL writes it.
    let sqlType: String
    let order: ValueOrder

    /// A comparison that PostgreSQL has to make.
    struct Question: Sendable, Hashable {
        let sqlType: String
        let `operator`: ChangeFilter.Operator
        let value: String
        let operand: String
    }

    /// What a filter says of a value.
    enum Verdict: Sendable, Equatable {
        case holds(Bool)
        /// PostgreSQL's answers decide: any of them true means that the condition holds.
        case ask([Question])
    }

    /// Whether a condition holds where PostgreSQL says that the comparison does not.
    var negatesAnswer: Bool { isNegated != (`operator` == .isdistinct) }

    /// - Parameter value: the column's text; nil for null.
    func verdict(_ value: String?) -> Verdict {
        switch `operator` {
        case .is: return .holds(isHeld(value) != isNegated)
        case .isdistinct:
            guard let value, let operand = values.first ?? nil else {
                return .holds((value != nil || (values.first ?? nil) != nil) != isNegated)
            }
            return compare(value, operand, by: .eq, isNegated: !isNegated)
        default: break
        }
        // Nothing is known of a null, whether the condition is negated or not.
        guard let value else { return .holds(false) }
        switch `operator` {
        case .in:
            return combine(values.compactMap { $0 }.map { compare(value, $0, by: .eq, isNegated: false) })
        case .like, .ilike:
            let ignoresCase = `operator` == .ilike
            let isLike = LikePattern(values.first.flatMap { $0 } ?? "", ignoresCase: ignoresCase).matches(value)
            return .holds(isLike != isNegated)
        default:
            guard let operand = values.first ?? nil else { return .holds(false) }
            return compare(value, operand, by: `operator`, isNegated: isNegated)
        }
    }

    private func isHeld(_ value: String?) -> Bool {
        switch values.first.flatMap({ $0 })?.lowercased() {
        case "true": value == "t"
        case "false": value == "f"
        // null, and unknown, which a boolean is when it is null.
        default: value == nil
        }
    }

    /// Whether texts of this form have the order of their values: times before our era, after the year 9999 and without
    /// end have another one.
    private static func isOrdered(_ text: String) -> Bool {
        let isTruthValue = text.count == 1
        let isUUID = text.count == 36 && text.contains("-")
        let isTime = text.dropFirst(2).first == ":"
        let isDate = text.dropFirst(4).first == "-" && !text.hasSuffix("BC")
        return isTruthValue || isUUID || isTime || isDate
    }

    private func combine(_ verdicts: [Verdict]) -> Verdict {
        var questions: [Question] = []
        for verdict in verdicts {
            switch verdict {
            case .holds(true): return .holds(!isNegated)
            case .holds(false): break
            case .ask(let asked): questions += asked
            }
        }
        return questions.isEmpty ? .holds(isNegated) : .ask(questions)
    }

    private func compare(
        _ value: String, _ operand: String, by comparison: ChangeFilter.Operator, isNegated: Bool
    ) -> Verdict {
        let isOrdering = ![.eq, .neq].contains(comparison)
        let sign: Int? =
            switch order {
            case .number: DecimalText(value).flatMap { one in DecimalText(operand).map { one.compared(with: $0) } }
            case .text where !isOrdering || Self.isOrdered(value) && Self.isOrdered(operand):
                value == operand ? 0 : value < operand ? -1 : 1
            case .equalText where !isOrdering: value == operand ? 0 : 1
            default: nil
            }
        guard let sign, comparison != .match, comparison != .imatch else {
            return .ask([Question(sqlType: sqlType, operator: comparison, value: value, operand: operand)])
        }
        let isHeld =
            switch comparison {
            case .eq: sign == 0
            case .neq: sign != 0
            case .lt: sign < 0
            case .lte: sign <= 0
            case .gt: sign > 0
            default: sign >= 0
            }
        return .holds(isHeld != isNegated)
    }
}

/// A number by its digits, of any length.
struct DecimalText: Sendable {
    private let isNegative: Bool
    private let whole: [UInt8]
    private let fraction: [UInt8]

    /// Nil for what is no plain number, such as NaN or one with an exponent.
    init?(_ text: String) {
        let halves = text.utf8.drop { $0 == UInt8(ascii: "-") }.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), !halves[0].isEmpty,
            halves.allSatisfy({ $0.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        let whole = Array(halves[0].drop { $0 == 0x30 })
        var fraction = halves.count == 2 ? Array(halves[1]) : []
        while fraction.last == 0x30 { fraction.removeLast() }
        isNegative = text.hasPrefix("-") && !(whole.isEmpty && fraction.isEmpty)
        self.whole = whole
        self.fraction = fraction
    }

    /// Below zero, zero, or above.
    func compared(with other: DecimalText) -> Int {
        guard isNegative == other.isNegative else { return isNegative ? -1 : 1 }
        let sign = magnitude(against: other)
        return isNegative ? -sign : sign
    }

    private func magnitude(against other: DecimalText) -> Int {
        if whole.count != other.whole.count { return whole.count < other.whole.count ? -1 : 1 }
        let (mine, theirs) = (whole + fraction, other.whole + other.fraction)
        return mine == theirs ? 0 : mine.lexicographicallyPrecedes(theirs) ? -1 : 1
    }
}

/// A pattern of `LIKE`: `%` for any characters, `_` for one, a backslash before one that stands for itself.
struct LikePattern: Sendable {
    private enum Part: Sendable, Equatable {
        case any
        case one
        case character(Character)
    }

    private let parts: [Part]
    private let ignoresCase: Bool

    init(_ text: String, ignoresCase: Bool) {
        self.ignoresCase = ignoresCase
        var parts: [Part] = []
        var isEscaped = false
        for character in ignoresCase ? text.lowercased() : text {
            switch character {
            case _ where isEscaped:
                parts.append(.character(character))
                isEscaped = false
            case "\\": isEscaped = true
            case "%": if parts.last != .any { parts.append(.any) }
            case "_": parts.append(.one)
            default: parts.append(.character(character))
            }
        }
        self.parts = parts
    }

    /// Goes back to the last `%` only, and so takes no longer than the product of both lengths.
    func matches(_ value: String) -> Bool {
        let characters = Array(ignoresCase ? value.lowercased() : value)
        var (index, part) = (0, 0)
        var retry: (index: Int, part: Int)?
        while index < characters.count {
            if part < parts.count, parts[part] == .any {
                part += 1
                retry = (index, part)
            } else if part < parts.count, parts[part] == .one || parts[part] == .character(characters[index]) {
                index += 1
                part += 1
            } else if let last = retry {
                retry = (last.index + 1, last.part)
                (index, part) = (last.index + 1, last.part)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .any }
    }
}

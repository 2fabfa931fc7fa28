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
        let comparison: Comparison
        let value: String
        let operand: String
    }

    /// What a filter says of a value.
    enum Verdict: Sendable, Equatable {
        case holds(Bool)
        /// PostgreSQL's answers decide: any of them true means that the condition holds.
        case ask([Question])
        case fails(QuestionFailure)
    }

    /// As the client wrote it, or nearly so.
    var description: String {
        let list = values.map { $0 ?? "null" }.joined(separator: ",")
        let (negation, value) = (isNegated ? "not." : "", `operator` == .in ? "(\(list))" : list)
        return String(
            "\(column)=\(negation)\(`operator`.rawValue).\(value)".prefix(Self.descriptionMax))
    }

    private static let descriptionMax = 200

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
            let pattern = LikePattern(values.first.flatMap { $0 } ?? "", ignoresCase: ignoresCase)
            return pattern.matches(value).map { .holds($0 != isNegated) } ?? .fails(.tooLong)
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
            case .fails: return verdict
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
            let asked = Comparison(sqlType: sqlType, operator: comparison)
            return .ask([Question(comparison: asked, value: value, operand: operand)])
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

/// A comparison of values of a type, as SQL writes it.
struct Comparison: Sendable, Hashable {
    let sqlType: String
    let `operator`: ChangeFilter.Operator

    /// Whether the operand is a regular expression.
    var isPattern: Bool { `operator` == .match || `operator` == .imatch }

    func sql(_ value: String, _ operand: String) -> String {
        "\(value)::\(sqlType) \(symbol) \(operand)::\(isPattern ? "text" : sqlType)"
    }

    private var symbol: String {
        switch `operator` {
        case .neq: "<>"
        case .lt: "<"
        case .lte: "<="
        case .gt: ">"
        case .gte: ">="
        case .match: "~"
        case .imatch: "~*"
        default: "="
        }
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

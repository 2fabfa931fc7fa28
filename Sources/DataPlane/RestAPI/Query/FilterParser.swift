/// Reads the operator and value of a filter.
struct FilterParser {
    /// Where a filter stands: alone, or inside a logic tree where `,` and `)` end a value.
    enum Place {
        case alone, insideTree
    }

    /// Most elements of a list, and most filters of a tree.
    static let elementsMax = 20_000
    /// Deepest nesting of a tree.
    static let depthMax = 32

    private static let operatorLabel = "operator (eq, gt, ...)"
    private static let negationLabel = "negation operator (not)"
    private static let logicLabel = "logic operator (and, or)"
    private static let truthLabel = "isVal: (null, not_null, true, false, unknown)"

    private var scanner: TextScanner
    private var filterCount = 0

    /// The operator and value of a parameter, such as `not.eq.5`.
    static func parse(operation text: String) throws(ParseFailure) -> (isNegated: Bool, operation: FilterOperation) {
        var parser = FilterParser(scanner: TextScanner(text))
        return try parser.operation(.alone)
    }

    /// A tree: `text` is `and` or `or` with its parenthesis, the negation apart.
    static func parse(tree text: String, isNegated: Bool) throws(ParseFailure) -> LogicTree {
        var parser = FilterParser(scanner: TextScanner(text))
        // What stands behind the closing parenthesis is ignored, as PostgREST does.
        return try parser.group(isNegated: isNegated, depth: 0)
    }

    // MARK: Trees

    private mutating func tree(depth: Int) throws(ParseFailure) -> LogicTree {
        guard depth < Self.depthMax, filterCount < Self.elementsMax else { throw scanner.failure }
        filterCount += 1
        scanner.skipBlanks()
        let start = scanner.position
        do throws(ParseFailure) { return .filter(try filter()) } catch {
            let failure = error
            scanner.position = start
            let isNegated = scanner.take(word: "not.")
            if !isNegated { scanner.expect(Self.negationLabel) }
            guard let isOr = peekLogicWord() else {
                scanner.expect(Self.logicLabel)
                throw failure.column > start + 1 ? failure : scanner.failure
            }
            _ = isOr
            return try group(isNegated: isNegated, depth: depth)
        }
    }

    private func peekLogicWord() -> Bool? {
        var copy = scanner
        if copy.take(word: "and") { return false }
        if copy.take(word: "or") { return true }
        return nil
    }

    private mutating func group(isNegated: Bool, depth: Int) throws(ParseFailure) -> LogicTree {
        let isOr = scanner.take(word: "or")
        guard isOr || scanner.take(word: "and") else {
            scanner.expect(Self.logicLabel)
            throw scanner.failure
        }
        guard scanner.takeLexeme("(") else { throw scanner.failure }
        var parts = [try tree(depth: depth + 1)]
        while scanner.takeLexeme(",") { parts.append(try tree(depth: depth + 1)) }
        guard scanner.takeClosing() else { throw scanner.failure }
        scanner.skipBlanks()
        return .group(isNegated: isNegated, isOr: isOr, parts)
    }

    private mutating func filter() throws(ParseFailure) -> Filter {
        let path = try scanner.fieldPath()
        guard scanner.next == "." else {
            scanner.expect("delimiter (.)")
            throw scanner.failure
        }
        scanner.position += 1
        let (isNegated, operation) = try operation(.insideTree)
        return Filter(path: path, isNegated: isNegated, operation: operation)
    }

    // MARK: Operators

    private mutating func operation(_ place: Place) throws(ParseFailure) -> (Bool, FilterOperation) {
        let isNegated = scanner.take(word: "not.")
        if !isNegated { scanner.expect("\"not\"") }
        let start = scanner.position
        let word = scanner.take { $0.isASCII && $0.properties.isAlphabetic }
        if word == "in", scanner.next == "." {
            scanner.position += 1
            return (isNegated, .inList(try list(place)))
        }
        if word == "is", scanner.next == "." {
            scanner.position += 1
            return (isNegated, .isTruth(try truth(place)))
        }
        if let operation = try fullText(word, place) { return (isNegated, operation) }
        if scanner.next == ".", word == "isdistinct" {
            scanner.position += 1
            return (isNegated, .isDistinctFrom(try value(place)))
        }
        if scanner.next == ".", let simple = SimpleOperator(rawValue: word) {
            scanner.position += 1
            return (isNegated, .simple(simple, try value(place)))
        }
        if let quantified = QuantifiedOperator(rawValue: word) {
            let quantifier = Quantifier.allCases.first { scanner.take(word: "(\($0.rawValue))") }
            if scanner.next == "." {
                scanner.position += 1
                return (isNegated, .quantified(quantified, quantifier, value: try value(place)))
            }
        }
        scanner.position = start
        scanner.expect(Self.operatorLabel)
        throw scanner.failure
    }

    private mutating func fullText(_ word: String, _ place: Place) throws(ParseFailure) -> FilterOperation? {
        guard let fullText = FullTextOperator(rawValue: word) else { return nil }
        let start = scanner.position
        var language: String?
        if scanner.next == "(" {
            scanner.position += 1
            language = scanner.take { $0 != ")" && $0 != "(" }
            guard scanner.take(")"), language?.isEmpty == false else {
                scanner.position = start
                return nil
            }
        }
        guard scanner.next == "." else {
            scanner.position = start
            return nil
        }
        scanner.position += 1
        return .fullText(fullText, language: language, try value(place))
    }

    private mutating func truth(_ place: Place) throws(ParseFailure) -> TruthValue {
        let start = scanner.position
        let word = scanner.take { $0.isASCII && ($0.properties.isAlphabetic || $0 == "_") }.lowercased()
        let isEnded = scanner.isAtEnd || (place == .insideTree && (scanner.next == "," || scanner.next == ")"))
        guard isEnded, let value = TruthValue(rawValue: word) else {
            scanner.position = start
            scanner.expect(Self.truthLabel)
            throw scanner.failure
        }
        return value
    }

    // MARK: Values

    private mutating func value(_ place: Place) throws(ParseFailure) -> String {
        guard place == .insideTree else { return scanner.takeRest() }
        let start = scanner.position
        if scanner.next == "\"", let text = try? scanner.quoted(), isValueEnded { return text }
        scanner.position = start
        if scanner.next == "{" {
            scanner.position += 1
            let inner = scanner.take { $0 != "{" && $0 != "}" }
            if scanner.take("}"), isValueEnded { return "{\(inner)}" }
            scanner.position = start
        }
        return scanner.take { $0 != "," && $0 != ")" }
    }

    private var isValueEnded: Bool { scanner.isAtEnd || scanner.next == "," || scanner.next == ")" }

    private mutating func list(_ place: Place) throws(ParseFailure) -> [String] {
        guard scanner.takeLexeme("(") else { throw scanner.failure }
        var elements = [element()]
        while scanner.next == "," {
            scanner.position += 1
            guard elements.count < Self.elementsMax else { throw scanner.failure }
            elements.append(element())
        }
        guard scanner.take(")") else {
            scanner.expect("\",\"")
            throw scanner.failure
        }
        if place == .alone { try scanner.requireEnd() } else { scanner.skipBlanks() }
        return elements
    }

    private mutating func element() -> String {
        let start = scanner.position
        scanner.skipBlanks()
        if scanner.next == "\"", let text = try? scanner.quoted(), isValueEnded { return text }
        scanner.position = start
        return scanner.take { $0 != "," && $0 != ")" }
    }
}

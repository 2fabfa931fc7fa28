/// One term of `order`.
struct OrderTerm: Equatable {
    enum Direction: String, CaseIterable {
        case asc, desc
    }

    enum Nulls: String, CaseIterable {
        case first = "nullsfirst"
        case last = "nullslast"
    }

    /// Embedded relation whose column is meant; nil for a column of the relation itself.
    var relation: String?
    var path: FieldPath
    var direction: Direction?
    var nulls: Nulls?
}

/// Reads `order`.
struct OrderParser {
    /// Most terms.
    static let termsMax = 200

    private var scanner: TextScanner

    static func parse(_ text: String) throws(ParseFailure) -> [OrderTerm] {
        var parser = OrderParser(scanner: TextScanner(text))
        var terms = [try parser.term()]
        while parser.scanner.takeLexeme(",") {
            guard terms.count < termsMax else { throw parser.scanner.failure }
            terms.append(try parser.term())
        }
        try parser.scanner.requireEnd()
        return terms
    }

    private mutating func term() throws(ParseFailure) -> OrderTerm {
        scanner.skipBlanks()
        let start = scanner.position
        var term: OrderTerm
        if let relation = try? scanner.fieldName(), scanner.next == "(" {
            scanner.position += 1
            scanner.skipBlanks()
            term = OrderTerm(relation: relation, path: try scanner.fieldPath())
            guard scanner.takeClosing() else { throw scanner.failure }
        } else {
            scanner.position = start
            term = OrderTerm(path: try scanner.fieldPath())
        }
        term.direction = OrderTerm.Direction.allCases.first { scanner.take(word: ".\($0.rawValue)") }
        term.nulls = OrderTerm.Nulls.allCases.first { scanner.take(word: ".\($0.rawValue)") }
        scanner.skipBlanks()
        guard scanner.isAtEnd || scanner.next == "," else {
            scanner.expect("\",\"")
            scanner.expect(TextScanner.endLabel)
            throw scanner.failure
        }
        return term
    }
}

/// One item of `select`.
indirect enum SelectItem: Equatable, Sendable {
    /// `*`
    case star
    case field(SelectField)
    case embed(EmbedItem)
}

extension SelectItem {
    /// How an embedded relation is named in the rest of the query.
    var embedName: String? {
        if case .embed(let embed) = self { embed.alias ?? embed.name } else { nil }
    }
}

/// A column of `select`, with what is done to it.
struct SelectField: Equatable {
    var alias: String?
    /// Absent for `count()` alone.
    var path: FieldPath?
    var cast: String?
    var aggregate: Aggregate?
    var aggregateCast: String?
}

/// An aggregate function of `select`.
enum Aggregate: String, CaseIterable {
    case sum, avg, count, max, min
}

/// How rows without a match are treated.
enum JoinKind: Equatable {
    case left, inner
}

/// A related relation in `select`.
struct EmbedItem: Equatable, Sendable {
    var alias: String?
    var name: String
    var hint: String?
    var join: JoinKind?
    /// `...relation(…)`: the columns move up into the parent.
    var isSpread = false
    var items: [SelectItem]
}

/// Reads `select`.
struct SelectParser {
    /// Deepest nesting that is read.
    static let depthMax = 32
    /// Most items on all levels.
    static let itemsMax = 2_000

    private var scanner: TextScanner
    private var itemCount = 0

    private init(_ text: String) { scanner = TextScanner(text) }

    static func parse(_ text: String) throws(ParseFailure) -> [SelectItem] {
        var parser = SelectParser(text)
        guard !text.isEmpty else { return [.star] }
        // What follows a closing parenthesis without a comma is ignored, as PostgREST does.
        return try parser.items(depth: 0)
    }

    private mutating func items(depth: Int) throws(ParseFailure) -> [SelectItem] {
        guard depth < Self.depthMax else { throw ParseFailure(column: scanner.position + 1, found: "(", expected: []) }
        var items = [try item(depth: depth)]
        while scanner.takeLexeme(",") {
            itemCount += 1
            guard itemCount < Self.itemsMax else { throw scanner.failure }
            items.append(try item(depth: depth))
        }
        return items
    }

    private mutating func item(depth: Int) throws(ParseFailure) -> SelectItem {
        scanner.skipBlanks()
        let start = scanner.position
        if scanner.next == "*" {
            scanner.position += 1
            scanner.skipBlanks()
            if scanner.isAtEnd || scanner.next == "," || scanner.next == ")" { return .star }
            scanner.position = start
        }
        if scanner.take(word: "...") { return .embed(try embed(alias: nil, isSpread: true, depth: depth)) }
        let alias = try self.alias()
        let afterAlias = scanner.position
        if let count = try countAlone(alias: alias) { return .field(count) }
        if isEmbed() {
            scanner.position = afterAlias
            return .embed(try embed(alias: alias, isSpread: false, depth: depth))
        }
        scanner.position = afterAlias
        return .field(try field(alias: alias))
    }

    /// `alias:` in front of an item; `::` is a cast.
    private mutating func alias() throws(ParseFailure) -> String? {
        let start = scanner.position
        var copy = scanner
        guard let name = try? copy.fieldName(), copy.next == ":", copy.peek(1) != ":" else {
            scanner.position = start
            return nil
        }
        scanner.position = copy.position + 1
        scanner.skipBlanks()
        return name
    }

    private mutating func countAlone(alias: String?) throws(ParseFailure) -> SelectField? {
        guard scanner.take(word: "count()") else { return nil }
        return SelectField(alias: alias, aggregate: .count, aggregateCast: try scanner.cast())
    }

    /// Whether a relation comes next: a name, hints, and a parenthesis.
    private mutating func isEmbed() -> Bool {
        var copy = scanner
        guard (try? copy.fieldName()) != nil else { return false }
        while copy.next == "!" {
            copy.position += 1
            guard (try? copy.fieldName()) != nil else { return false }
        }
        return copy.next == "("
    }

    private mutating func embed(alias: String?, isSpread: Bool, depth: Int) throws(ParseFailure) -> EmbedItem {
        var embed = EmbedItem(alias: alias, name: try scanner.fieldName(), isSpread: isSpread, items: [])
        while scanner.next == "!" {
            scanner.position += 1
            let word = try scanner.fieldName()
            switch word {
            case "inner" where embed.join == nil: embed.join = .inner
            case "left" where embed.join == nil: embed.join = .left
            default: embed.hint = word
            }
        }
        guard scanner.takeLexeme("(") else { throw scanner.failure }
        if !scanner.takeClosing() {
            embed.items = try items(depth: depth + 1)
            guard scanner.takeClosing() else { throw scanner.failure }
        }
        return embed
    }

    private mutating func field(alias: String?) throws(ParseFailure) -> SelectField {
        var field = SelectField(alias: alias, path: try scanner.fieldPath(), cast: try scanner.cast())
        if scanner.next == "." {
            for aggregate in Aggregate.allCases where scanner.take(word: ".\(aggregate.rawValue)()") {
                field.aggregate = aggregate
                field.aggregateCast = try scanner.cast()
                break
            }
        }
        scanner.skipBlanks()
        guard scanner.isAtEnd || scanner.next == "," || scanner.next == ")" else {
            scanner.expect("\",\"")
            scanner.expect(TextScanner.endLabel)
            throw scanner.failure
        }
        return field
    }
}

extension TextScanner {
    /// Takes `)`, with blanks in front of it.
    mutating func takeClosing() -> Bool {
        let start = position
        skipBlanks()
        guard take(")") else {
            position = start
            return false
        }
        return true
    }
}

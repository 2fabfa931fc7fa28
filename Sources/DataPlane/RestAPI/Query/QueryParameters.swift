/// The query string of a request, taken apart.
struct QueryParameters: Equatable, Sendable {
    /// Path of aliases from the root to an embedded relation; empty for the root.
    typealias EmbedPath = [String]

    /// Filter of a relation, with the key it came under.
    struct PathFilter: Equatable {
        var embed: EmbedPath
        var filter: Filter
    }

    struct PathTree: Equatable {
        var embed: EmbedPath
        var tree: LogicTree
    }

    struct PathOrder: Equatable {
        var embed: EmbedPath
        var terms: [OrderTerm]
    }

    var select: [SelectItem] = [.star]
    var columns: [String]?
    var onConflict: [String]?
    var filters: [PathFilter] = []
    var trees: [PathTree] = []
    var orders: [PathOrder] = []
    /// Never negative.
    var limits: [EmbedPath: Int64] = [:]
    var offsets: [EmbedPath: Int64] = [:]
    /// Argument of a function call.
    struct Argument: Equatable {
        var name: String
        var value: String
    }

    /// Arguments of a function call, in their order.
    var arguments: [Argument] = []
    /// The query string with its pairs sorted, percent-encoded, as `Content-Location` shows it.
    var canonical = ""
}

/// Reads a query string.
struct QueryReader {
    /// Most pairs of a query string.
    static let pairsMax = 10_000

    private var parameters = QueryParameters()
    /// Whether pairs without an operator are arguments of a function.
    private let isCall: Bool

    /// - Parameter isCall: whether the request calls a function by GET or HEAD: then what is no filter is an argument.
    static func read(_ text: String, isCall: Bool) throws(RestError) -> QueryParameters {
        var reader = QueryReader(isCall: isCall)
        let pairs = pairs(of: text)
        guard pairs.count <= pairsMax else { throw .tooManyParameters(pairsMax) }
        var hasSelect = false
        for (key, value) in pairs {
            if key == "select" {
                if !hasSelect { reader.parameters.select = try reader.select(value) }
                hasSelect = true
            } else {
                try reader.take(key, value)
            }
        }
        // What cannot be read at all is reported before what is out of range.
        guard reader.parameters.limits.values.allSatisfy({ $0 >= 0 }) else { throw .negativeLimit }
        reader.parameters.canonical = canonical(pairs)
        return reader.parameters
    }

    private init(isCall: Bool) { self.isCall = isCall }

    // MARK: Pairs

    static func pairs(of text: String) -> [(String, String)] {
        text.split(whereSeparator: { $0 == "&" || $0 == ";" }).compactMap { pair in
            guard let equals = pair.firstIndex(of: "=") else { return nil }
            return (
                PercentCoding.decodeForm(pair[..<equals]), PercentCoding.decodeForm(pair[pair.index(after: equals)...])
            )
        }
    }

    private static func canonical(_ pairs: [(String, String)]) -> String {
        pairs.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { PercentCoding.encode($0.0) + "=" + PercentCoding.encode($0.1) }.joined(separator: "&")
    }

    // MARK: Keys

    private mutating func take(_ key: String, _ value: String) throws(RestError) {
        switch key {
        case "columns": parameters.columns = try names(value, what: "columns parameter")
        case "on_conflict": parameters.onConflict = try names(value, what: "on_conflict parameter")
        default: try takeByPath(key, value)
        }
    }

    private mutating func takeByPath(_ key: String, _ value: String) throws(RestError) {
        let last = key.split(separator: ".", omittingEmptySubsequences: false).last.map(String.init) ?? key
        switch last {
        case "order":
            let terms = try parsed(what: "order", text: value) { text throws(ParseFailure) in
                try OrderParser.parse(text)
            }
            parameters.orders.append(.init(embed: try embedPath(key, dropping: 1), terms: terms))
        case "limit": if let number = Int64(value) { parameters.limits[try embedPath(key, dropping: 1)] = number }
        case "offset": if let number = Int64(value) { parameters.offsets[try embedPath(key, dropping: 1)] = number }
        case "and", "or": try takeTree(key, word: last, value: value)
        default: try takeFilter(key, value)
        }
    }

    private mutating func takeTree(_ key: String, word: String, value: String) throws(RestError) {
        let parts = try treePath(key, what: "logic path")
        var embed = Array(parts.dropLast().map(\.name))
        let isNegated = embed.last == "not"
        if isNegated { embed.removeLast() }
        let tree = try parsed(what: "logic tree", text: value) { text throws(ParseFailure) in
            try FilterParser.parse(tree: word + text, isNegated: isNegated)
        }
        parameters.trees.append(.init(embed: embed, tree: tree))
    }

    private mutating func takeFilter(_ key: String, _ value: String) throws(RestError) {
        if isCall, !Self.looksLikeFilter(value) { return parameters.arguments.append(.init(name: key, value: value)) }
        let parts = try treePath(key, what: "tree path")
        guard let path = parts.last else { return }
        let (isNegated, operation) = try parsed(what: "filter", text: value) { text throws(ParseFailure) in
            try FilterParser.parse(operation: text)
        }
        parameters.filters.append(
            .init(
                embed: parts.dropLast().map(\.name),
                filter: Filter(path: path, isNegated: isNegated, operation: operation)))
    }

    private static func looksLikeFilter(_ value: String) -> Bool {
        guard let end = value.firstIndex(where: { $0 == "." || $0 == "(" }) else { return false }
        return FilterOperation.names.contains(String(value[..<end]))
    }

    // MARK: Parsers

    private func select(_ text: String) throws(RestError) -> [SelectItem] {
        try parsed(what: "select parameter", text: text) { text throws(ParseFailure) in
            try SelectParser.parse(text)
        }
    }

    private func names(_ text: String, what: String) throws(RestError) -> [String] {
        try parsed(what: what, text: text) { text throws(ParseFailure) in
            var scanner = TextScanner(text)
            scanner.skipBlanks()
            var names = [try scanner.fieldName()]
            while scanner.takeLexeme(",") { names.append(try scanner.fieldName()) }
            scanner.skipBlanks()
            try scanner.requireEnd()
            return names
        }
    }

    private func embedPath(_ key: String, dropping count: Int) throws(RestError) -> [String] {
        try treePath(key, what: "tree path").dropLast(count).map(\.name)
    }

    /// Names separated by dots; the last one may have a JSON path.
    private func treePath(_ key: String, what: String) throws(RestError) -> [FieldPath] {
        try parsed(what: what, text: key) { text throws(ParseFailure) in
            var scanner = TextScanner(text)
            var parts = [try scanner.fieldPath()]
            while scanner.take(".") { parts.append(try scanner.fieldPath()) }
            try scanner.requireEnd()
            return parts
        }
    }

    private func parsed<Value>(
        what: String, text: String, _ parse: (String) throws(ParseFailure) -> Value
    ) throws(RestError) -> Value {
        do throws(ParseFailure) { return try parse(text) } catch {
            throw .unreadable(what: what, text: text, error)
        }
    }
}

/// Questions about a statement's words.
struct DumpWords {
    let tokens: [DumpToken]

    /// Words between the verb and the kind of what a statement makes.
    private static let modifiers: Set<String> = [
        "or", "replace", "global", "local", "temp", "temporary", "unlogged", "unique", "recursive", "trusted",
        "procedural", "constraint",
    ]

    /// Kinds of two and three words.
    private static let longKinds = [
        ["event", "trigger"], ["materialized", "view"], ["foreign", "table"], ["foreign", "data", "wrapper"],
        ["access", "method"], ["user", "mapping"], ["operator", "class"], ["operator", "family"], ["text", "search"],
        ["default", "privileges"],
    ]

    /// What a `CREATE` or `ALTER` is about: `table`, `event trigger`.
    var kind: String {
        let rest = tokens.dropFirst().prefix(12).compactMap { token -> String? in
            if case .word(let word) = token { word } else { nil }
        }.drop { Self.modifiers.contains($0) }
        if let long = Self.longKinds.first(where: { rest.starts(with: $0) }) { return long.joined(separator: " ") }
        return rest.first ?? ""
    }

    /// All names from a token on, keywords among them.
    func names(from index: Int) -> [String] { tokens.dropFirst(index).compactMap(\.name) }

    /// The names behind the first such keyword.
    func names(after word: String) -> [String] {
        guard let index = tokens.firstIndex(where: { $0.isWord(word) }) else { return [] }
        return names(from: index + 1)
    }

    /// The names behind the last such keyword.
    func names(afterLast word: String) -> [String] {
        guard let index = tokens.lastIndex(where: { $0.isWord(word) }) else { return [] }
        return names(from: index + 1)
    }

    /// The call that a `SELECT` is and nothing else: one function of PostgreSQL's own, with literals.
    var literalCall: (function: String, arguments: [DumpToken])? {
        var rest = tokens.dropFirst()
        if rest.first?.name == "pg_catalog", rest.dropFirst().first == .sign(UInt8(ascii: ".")) {
            rest = rest.dropFirst(2)
        }
        guard rest.count > 2, let function = rest.first?.name, rest.dropFirst().first == .sign(UInt8(ascii: "(")),
            rest.last == .sign(UInt8(ascii: ")"))
        else { return nil }
        var arguments: [DumpToken] = []
        let list = rest.dropFirst(2).dropLast()
        for argument in list.split(separator: .sign(UInt8(ascii: ",")), omittingEmptySubsequences: false) {
            let literal = argument.first == .sign(UInt8(ascii: "-")) ? argument.dropFirst() : argument
            guard literal.count == 1, let token = literal.first, token.isLiteral else { return nil }
            arguments.append(token)
        }
        return (function, arguments)
    }

    /// Whether these keywords stand side by side.
    func has(_ words: String...) -> Bool {
        tokens.indices.contains { start in
            zip(words, tokens[start...].prefix(words.count)).allSatisfy { $1.isWord($0) }
                && tokens.count - start >= words.count
        }
    }

    /// The first name with a schema.
    private func qualifiedName(from start: Int) -> (schema: String, name: String)? {
        for index in tokens.indices.dropFirst(start).dropLast(2) {
            if let schema = tokens[index].name, tokens[index + 1] == .sign(UInt8(ascii: ".")),
                let name = tokens[index + 2].name
            {
                return (schema, name)
            }
        }
        return nil
    }

    /// The schema of what the statement is about. A dump names it always; without one it is not the stack's.
    var schema: String? { qualifiedName(from: 0)?.schema }

    /// What the statement is about, with its schema.
    var qualified: String? { qualifiedName(from: 0).map { "\($0.schema).\($0.name)" } }

    /// The first name with a schema behind a keyword.
    func qualified(after word: String) -> (schema: String, name: String)? {
        guard let index = tokens.firstIndex(where: { $0.isWord(word) }) else { return nil }
        return qualifiedName(from: index + 1)
    }

    /// The names in the first parentheses.
    var list: [String] {
        guard let start = tokens.firstIndex(of: .sign(UInt8(ascii: "("))) else { return [] }
        return tokens[(start + 1)...].prefix { $0 != .sign(UInt8(ascii: ")")) }.compactMap(\.name)
    }
}

/// Names of tables.
public enum DumpTable {
    /// The table that a `COPY` is about.
    public static func name(of statement: DumpStatement) -> String {
        let words = DumpWords(tokens: DumpToken.read(statement.bytes))
        return words.qualified ?? words.names(from: 1).first ?? ""
    }

    /// `schema.table` in quotation marks. Names of the stack's tables have no point in them.
    public static func quoted(_ name: String) -> String {
        name.split(separator: ".").map { ImportPlanner.quoted(String($0)) }.joined(separator: ".")
    }
}

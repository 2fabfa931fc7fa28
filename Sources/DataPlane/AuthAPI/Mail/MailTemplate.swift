import DataPlaneCore

/// The part of Go's template language that mails use: `{{ .Name }}`, `{{ .Data.key }}`, `{{ if … }} {{ else if … }}
/// {{ else }} {{ end }}` with `eq`, `ne`, `and`, `or`, `not`, and `{{ range .Data.list }}` with `{{ . }}` inside.
///
/// An unknown name gives nothing. Anything else of the language makes the template unusable.
struct MailTemplate: Sendable {
    /// Longest template, and longest text that one may become, in bytes.
    static let bytesMax = 1 << 20
    private static let depthMax = 32

    struct Failure: Error, Equatable, Sendable {
        var reason: String
    }

    private indirect enum Node: Sendable {
        case text(String)
        case value(Expression)
        case choice([(condition: Expression?, body: [Node])])
        case range(Expression, [Node])
    }

    private indirect enum Expression: Sendable {
        case path([String])
        case literal(String)
        case call(String, [Expression])
    }

    private let nodes: [Node]

    init(_ text: String) throws(Failure) {
        guard text.utf8.count <= Self.bytesMax else { throw Failure(reason: "it is too long") }
        var parser = Parser(pieces: try Self.pieces(text)[...])
        nodes = try parser.nodes(depth: 0)
        guard parser.pieces.isEmpty else { throw Failure(reason: "an end or else has no if") }
    }

    /// The text for a document of values.
    ///
    /// - Parameter escapesHTML: whether values are made harmless in HTML.
    func text(_ values: JSONText, escapesHTML: Bool) -> String {
        var text = ""
        render(nodes, root: values, dot: values, escapes: escapesHTML, into: &text)
        return text
    }

    // MARK: Rendering

    private func render(
        _ nodes: [Node], root: JSONText, dot: JSONText, escapes: Bool, into text: inout String
    ) {
        for node in nodes where text.utf8.count <= Self.bytesMax {
            switch node {
            case .text(let plain): text += plain
            case .value(let expression):
                let value = Self.words(Self.value(expression, dot))
                text += escapes ? Self.escaped(value) : value
            case .choice(let branches):
                let chosen = branches.first { branch in
                    branch.condition.map { Self.isTrue(Self.value($0, dot)) } ?? true
                }
                if let chosen { render(chosen.body, root: root, dot: dot, escapes: escapes, into: &text) }
            case .range(let expression, let body):
                let list = Self.value(expression, dot)
                for element in list.arrayValue ?? list.members.map(\.value) {
                    render(body, root: root, dot: element, escapes: escapes, into: &text)
                }
            }
        }
    }

    private static func value(_ expression: Expression, _ dot: JSONText) -> JSONText {
        switch expression {
        case .literal(let text): return .string(text)
        case .path(let names): return names.reduce(dot) { $0[$1] ?? .null }
        case .call(let name, let arguments):
            let values = arguments.map { value($0, dot) }
            switch name {
            case "eq": return .bool(values.dropFirst().contains { words($0) == words(values[0]) })
            case "ne": return .bool(values.count == 2 && words(values[0]) != words(values[1]))
            case "and": return values.first { !isTrue($0) } ?? values.last ?? .null
            case "or": return values.first { isTrue($0) } ?? values.last ?? .null
            default: return .bool(!(values.first.map { isTrue($0) } ?? false))
            }
        }
    }

    private static func isTrue(_ value: JSONText) -> Bool {
        switch value {
        case .null: false
        case .bool(let truth): truth
        case .number(let digits): Double(digits) != 0
        case .string(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    private static func words(_ value: JSONText) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        case .bool, .number, .array, .object: value.text
        }
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&#34;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    // MARK: Parsing

    private enum Piece: Sendable {
        case text(String)
        case action(String)
    }

    /// Texts and actions; a `-` beside the braces takes the blanks away on its side.
    private static func pieces(_ text: String) throws(Failure) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        var trimsNext = false
        while let open = rest.firstRange(of: "{{") {
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
                throw Failure(reason: "an action has no end")
            }
            var action = String(rest[open.upperBound..<close.lowerBound])
            var plain = String(rest[..<open.lowerBound])
            if trimsNext { plain = String(plain.drop { $0.isWhitespace }) }
            if action.hasPrefix("- ") {
                action.removeFirst()
                while plain.last?.isWhitespace == true { plain.removeLast() }
            }
            trimsNext = action.hasSuffix(" -")
            if trimsNext { action.removeLast() }
            pieces += [.text(plain), .action(action.trimmed)]
            rest = rest[close.upperBound...]
        }
        pieces.append(.text(trimsNext ? String(rest.drop { $0.isWhitespace }) : String(rest)))
        return pieces
    }

    private struct Parser {
        var pieces: ArraySlice<Piece>

        /// Reads until an `else` or `end`, which stays.
        mutating func nodes(depth: Int) throws(Failure) -> [Node] {
            guard depth <= depthMax else { throw Failure(reason: "it nests too deeply") }
            var nodes: [Node] = []
            while let piece = pieces.first {
                guard case .action(let action) = piece else {
                    if case .text(let text) = piece, !text.isEmpty { nodes.append(.text(text)) }
                    pieces.removeFirst()
                    continue
                }
                let words = action.split(whereSeparator: \.isWhitespace)
                if words.first == "end" || words.first == "else" { return nodes }
                pieces.removeFirst()
                switch words.first {
                case "if": nodes.append(.choice(try branches(String(action.dropFirst(2)), depth)))
                case "range":
                    let list = try expression(String(action.dropFirst(5)))
                    let body = try self.nodes(depth: depth + 1)
                    guard takeAction() == "end" else { throw Failure(reason: "a range has no end") }
                    nodes.append(.range(list, body))
                case nil: break
                case let word? where word.hasPrefix("/*"): break
                default: nodes.append(.value(try expression(action)))
                }
            }
            return nodes
        }

        private mutating func takeAction() -> String? {
            guard case .action(let action)? = pieces.first else { return nil }
            pieces.removeFirst()
            return action
        }

        private mutating func branches(
            _ condition: String, _ depth: Int
        ) throws(Failure) -> [(condition: Expression?, body: [Node])] {
            var branches: [(condition: Expression?, body: [Node])] = []
            var next: Expression? = try expression(condition)
            while true {
                branches.append((next, try nodes(depth: depth + 1)))
                guard let action = takeAction() else { throw Failure(reason: "an if has no end") }
                if action == "end" { return branches }
                guard next != nil else { throw Failure(reason: "something follows an else") }
                let rest = action.dropFirst("else".count).trimmingPrefix { $0.isWhitespace }
                next = rest.isEmpty ? nil : try expression(String(rest.dropFirst("if".count)))
            }
        }

        private func expression(_ text: String) throws(Failure) -> Expression {
            var tokens = try tokens(text)[...]
            let expression = try operand(&tokens, isWhole: true)
            guard tokens.isEmpty else { throw Failure(reason: "\(text.trimmed.prefix(64)) is not understood") }
            return expression
        }

        /// Parentheses, words and quoted texts.
        private func tokens(_ text: String) throws(Failure) -> [String] {
            var tokens: [String] = []
            var rest = text[...]
            while let first = rest.first {
                if first.isWhitespace {
                    rest.removeFirst()
                } else if first == "(" || first == ")" {
                    tokens.append(String(rest.removeFirst()))
                } else if first == "\"" || first == "`" {
                    let body = rest.dropFirst()
                    guard let end = body.firstIndex(of: first) else { throw Failure(reason: "a text has no end") }
                    tokens.append("\"" + body[..<end])
                    rest = body[body.index(after: end)...]
                } else {
                    let word = rest.prefix { !$0.isWhitespace && $0 != "(" && $0 != ")" }
                    tokens.append(String(word))
                    rest = rest.dropFirst(word.count)
                }
            }
            return tokens
        }

        private func operand(_ tokens: inout ArraySlice<String>, isWhole: Bool) throws(Failure) -> Expression {
            guard let token = tokens.popFirst() else { throw Failure(reason: "an action is empty") }
            if token.hasPrefix("\"") { return .literal(String(token.dropFirst())) }
            if token.hasPrefix(".") || token.hasPrefix("$.") {
                return .path(token.split(separator: ".").filter { $0 != "$" }.map(String.init))
            }
            if token == "(" {
                let inner = try operand(&tokens, isWhole: true)
                guard tokens.popFirst() == ")" else { throw Failure(reason: "a parenthesis has no end") }
                return inner
            }
            guard isWhole, ["eq", "ne", "and", "or", "not"].contains(token) else {
                throw Failure(reason: "\(token.prefix(64)) is not understood")
            }
            var arguments: [Expression] = []
            while let next = tokens.first, next != ")" { arguments.append(try operand(&tokens, isWhole: false)) }
            guard !arguments.isEmpty else { throw Failure(reason: "\(token) has no arguments") }
            return .call(token, arguments)
        }
    }
}

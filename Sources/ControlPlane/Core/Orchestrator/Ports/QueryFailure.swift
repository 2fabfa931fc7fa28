/// PostgreSQL's report of a failed statement, in the form in which `postgres-meta` passes it on.
///
/// It may quote the statement and rows of tables: it is for the statement's author and never for a log.
public struct QueryFailure: Sendable, Equatable {
    /// The primary message.
    public var message: String
    /// The SQLSTATE, five characters.
    public var code: String
    /// `ERROR`, `FATAL` or `PANIC`.
    public var severity: String
    /// Where in the text the error is: characters, counted from 1.
    public var position: Int?
    /// More about the message.
    public var detail: String?
    /// What to do about it.
    public var hint: String?
    /// Where in ``internalQuery`` the error is.
    public var internalPosition: Int?
    /// The statement that a function ran.
    public var internalQuery: String?
    /// The call stack of functions.
    public var `where`: String?
    /// The schema concerned.
    public var schema: String?
    /// The table concerned.
    public var table: String?
    /// The column concerned.
    public var column: String?
    /// The data type concerned.
    public var dataType: String?
    /// The constraint concerned.
    public var constraint: String?
    /// The server's source file, line and function.
    public var source: Source?
    /// The report as text, as `psql` would print it with verbose errors.
    public var formattedError: String

    /// A place in the server's source.
    public struct Source: Sendable, Equatable {
        /// The file's name.
        public var file: String
        /// The line's number.
        public var line: String
        /// The C function.
        public var routine: String

        public init(file: String, line: String, routine: String) {
            self.file = file
            self.line = line
            self.routine = routine
        }
    }

    /// A report with only the required fields; set the others, then call ``format(sql:)``.
    public init(message: String, code: String, severity: String = "ERROR") {
        self.message = message
        self.code = code
        self.severity = severity
        formattedError = "\(severity):  \(code): \(message)\n"
    }

    /// Rebuilds ``formattedError`` from the fields. `sql` is the text that ``position`` points into.
    public mutating func format(sql: String) {
        var text = "\(severity):  \(code): \(message)\n"
        if let position { text += Self.pointer(to: position, in: sql) }
        for (title, value) in [("DETAIL", detail), ("HINT", hint), ("QUERY", internalQuery), ("CONTEXT", `where`)] {
            if let value { text += "\(title):  \(value)\n" }
        }
        formattedError = text
    }

    /// The line of the position, and below it a mark under the character. Nothing for a position outside of the text:
    /// what reports it is the project's server, which may be any.
    private static func pointer(to position: Int, in sql: String) -> String {
        guard position > 0 else { return "" }
        var offset = 0
        let lines = sql.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            // An error at the end of the text points behind its last character.
            if position - 1 <= offset + line.count {
                let title = "LINE \(index + 1): "
                let indent = String(repeating: " ", count: title.utf8.count + max(0, position - 1 - offset))
                return title + String(line) + "\n" + indent + "^\n"
            }
            offset += line.count + 1
        }
        return ""
    }
}

extension QueryFailure {
    /// The body of `postgres-meta`'s answer: `error` (the formatted report), then the fields that there are.
    public var json: [UInt8] {
        let fields: [(String, String?)] = [
            ("error", formattedError), ("name", "error"), ("severity", severity), ("code", code), ("detail", detail),
            ("hint", hint), ("position", position.map(String.init)),
            ("internalPosition", internalPosition.map(String.init)), ("internalQuery", internalQuery),
            ("where", `where`), ("schema", schema), ("table", table), ("column", column), ("dataType", dataType),
            ("constraint", constraint), ("file", source?.file), ("line", source?.line), ("routine", source?.routine),
            ("message", message), ("formattedError", formattedError),
        ]
        var body: [UInt8] = [UInt8(ascii: "{")]
        for case (let name, let value?) in fields {
            if body.count > 1 { body.append(UInt8(ascii: ",")) }
            JSONText.append(name, to: &body)
            body.append(UInt8(ascii: ":"))
            JSONText.append(value, to: &body)
        }
        body.append(UInt8(ascii: "}"))
        return body
    }
}

/// Writes JSON strings (RFC 8259).
public enum JSONText {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Appends `text` as a JSON string, quotation marks included.
    public static func append(_ text: String, to json: inout [UInt8]) { append(utf8: text.utf8, to: &json) }

    /// Appends valid UTF-8 as a JSON string, quotation marks included.
    public static func append(utf8: some Sequence<UInt8>, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): json += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: appendControl(byte, to: &json)
            default: json.append(byte)
            }
        }
        json.append(UInt8(ascii: "\""))
    }

    private static func appendControl(_ byte: UInt8, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: json.append(UInt8(ascii: "b"))
        case 0x09: json.append(UInt8(ascii: "t"))
        case 0x0A: json.append(UInt8(ascii: "n"))
        case 0x0C: json.append(UInt8(ascii: "f"))
        case 0x0D: json.append(UInt8(ascii: "r"))
        default: json += Array("u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}

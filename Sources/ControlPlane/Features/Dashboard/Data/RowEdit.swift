import APIKit
import HTTPTypes

/// What a form asks of one row.
struct RowEdit: Sendable, Equatable {
    /// The value that a column gets.
    enum Assignment: Sendable, Equatable {
        case value(String)
        case null
        case standard
    }

    let changes: [Change]

    struct Change: Sendable, Equatable {
        let column: String
        let assignment: Assignment
    }

    /// Reads a form: the text of the column with the number N is the field `vN`, and `mN` says `null`, `default` or
    /// `value` where the text was left as it was.
    ///
    /// - Parameter present: texts of the row as it is, in the order of the columns; nil for a new row.
    init(_ form: FormFields, of table: TableShape, present: [String?]?) {
        changes = table.columns.enumerated().compactMap { index, column in
            guard !column.isComputed, let text = form["v\(index)"].map(Self.plain) else { return nil }
            let old = present.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            let known = Self.plain(old ?? "")
            if text != known { return Change(column: column.name, assignment: .value(text)) }
            switch form["m\(index)"] {
            case "null": return present != nil && old == nil ? nil : Change(column: column.name, assignment: .null)
            case "default": return present == nil ? nil : Change(column: column.name, assignment: .standard)
            case "value":
                return old == nil ? Change(column: column.name, assignment: .value(text)) : nil
            default: return nil
            }
        }
    }

    /// A mark of a row's texts: a form that was made of other texts is out of date.
    static func mark(of texts: [String?]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for text in texts {
            // Lengths keep neighbours apart, and NULL from a text.
            for byte in (text.map { "\($0.utf8.count):\($0)" } ?? "-").utf8 { add(byte) }
        }
        return String(hash, radix: 16)
    }

    /// What a form remembers of one text that it shows: a field that still says the same was not touched. A NULL is
    /// shown as an empty text, and is another mark than one.
    static func fieldMark(of text: String?) -> String { text == nil ? "-" : mark(of: [text.map(plain)]) }

    /// Whether a field still says what it was filled with.
    static func isUntouched(_ text: String, seen: String) -> Bool {
        seen == "-" ? text.isEmpty : fieldMark(of: text) == seen
    }

    /// Browsers send CR LF for the end of a line, however it was.
    private static func plain(_ text: String) -> String {
        text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
    }

    /// The statement that inserts the row.
    func insertion(into table: TableShape, role: String?) -> SQLText {
        guard !changes.isEmpty else { return SQLText("insert into \(table.sqlName) default values", role: role) }
        var parameters: [JSON] = []
        let values = changes.map { Self.sql($0.assignment, &parameters) }
        let names = changes.map { SQLName.quoted($0.column) }
        return SQLText(
            "insert into \(table.sqlName) (\(names.joined(separator: ", "))) values (\(values.joined(separator: ", ")))",
            parameters, role: role)
    }

    /// The statement that changes the row with a key while it is as it was read; it answers with one row for each that
    /// it changed.
    func update(of table: TableShape, key: RowKey, from state: RowState, role: String?) -> SQLText {
        var parameters: [JSON] = []
        let sets = changes.map { "\(SQLName.quoted($0.column)) = \(Self.sql($0.assignment, &parameters))" }
        let condition = key.condition(of: table, in: state, after: &parameters)
        return SQLText(
            "update \(table.sqlName) set \(sets.joined(separator: ", ")) where \(condition) returning 1 as changed",
            parameters, role: role)
    }

    private static func sql(_ assignment: Assignment, _ parameters: inout [JSON]) -> String {
        switch assignment {
        case .null: return "null"
        case .standard: return "default"
        case .value(let text):
            parameters.append(.string(text))
            return "$\(parameters.count)"
        }
    }
}

/// A row as it was read. What changes the row says so in its own statement: nobody can come in between.
struct RowState: Sendable, Equatable {
    /// In the order of the table's columns.
    let texts: [String?]
    /// The transaction that wrote the row (`xmin`), where the project's owner read it. Reads and writes of the owner are
    /// different logins, whose settings may give one value two texts. Other roles may lack the right to read it.
    var version: String?

    init(texts: [String?], version: String? = nil) { (self.texts, self.version) = (texts, version) }

    /// Reads the answer of ``RowKey/reading(of:role:)``; nil where it has no row.
    init?(_ answer: ResultTable, of table: TableShape) {
        guard let row = answer.rows.first else { return nil }
        self.init(
            texts: Array(row.prefix(table.columns.count)),
            version: answer.values(of: Self.versionColumn).first ?? nil)
    }

    static let versionColumn = "version"

    /// Rows of foreign tables have no version of their own.
    static func hasVersion(_ table: TableShape, role: String?) -> Bool { role == nil && table.kind != "f" }

    /// Whether both are the same row, byte for byte.
    func isSame(as other: RowState) -> Bool {
        version == other.version && RowEdit.mark(of: texts) == RowEdit.mark(of: other.texts)
    }

    func conditions(of table: TableShape, after parameters: inout [JSON]) -> [String] {
        if let version {
            parameters.append(.string(version))
            return ["xmin::text = $\(parameters.count)"]
        }
        return zip(table.columns, texts).map { column, text in
            let value = "\(SQLName.quoted(column.name))::text"
            guard let text else { return "\(value) is null" }
            parameters.append(.string(text))
            // Byte for byte, whatever the column's own collation takes for equal.
            return "\(value) collate \"C\" = $\(parameters.count)"
        }
    }
}

/// The texts of a row's primary key, in the order of its columns.
struct RowKey: Sendable, Equatable {
    let values: [String]

    init(_ values: [String]) { self.values = values }

    /// Reads `k0`, `k1` …; throws 404 where one is missing.
    init(of table: TableShape, _ field: (String) -> String?) throws(APIError) {
        var values: [String] = []
        for index in table.key.indices {
            guard let value = field("k\(index)") else { throw APIError(.notFound, "the path names no row") }
            values.append(value)
        }
        guard !values.isEmpty else { throw APIError(.notFound, "the table has no primary key that names a row") }
        self.values = values
    }

    func condition(of table: TableShape, in state: RowState? = nil, after parameters: inout [JSON]) -> String {
        let names = zip(table.key, values).map { column, value in
            parameters.append(.string(value))
            return "\(SQLName.quoted(column.name)) = $\(parameters.count)"
        }
        return (names + (state?.conditions(of: table, after: &parameters) ?? [])).joined(separator: " and ")
    }

    /// The whole row, its columns named `c0`, `c1` …, and its version; see ``RowState``.
    func reading(of table: TableShape, role: String?) -> SQLText {
        var parameters: [JSON] = []
        let condition = condition(of: table, after: &parameters)
        var values = table.columns.enumerated().map { "\(SQLName.quoted($1.name))::text as c\($0)" }
        if RowState.hasVersion(table, role: role) { values.append("xmin::text as \(RowState.versionColumn)") }
        return SQLText(
            "select \(values.joined(separator: ", ")) from \(table.sqlName) where \(condition) limit 1", parameters,
            isReadOnly: role == nil, role: role, changesNothing: true)
    }

    /// The statement that deletes the row while it is as it was read; it answers with one row for each that it deleted.
    func deletion(from table: TableShape, in state: RowState, role: String?) -> SQLText {
        var parameters: [JSON] = []
        let condition = condition(of: table, in: state, after: &parameters)
        return SQLText("delete from \(table.sqlName) where \(condition) returning 1 as changed", parameters, role: role)
    }

    var query: [(String, String)] { values.enumerated().map { ("k\($0)", $1) } }
}

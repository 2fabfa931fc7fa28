import APIKit

/// A table or view as the system catalogue describes it.
struct TableShape: Sendable, Equatable {
    struct Column: Sendable, Equatable {
        let name: String
        let type: String
        var isNullable = true
        var hasDefault = false
        /// Whether the database alone gives its values.
        var isComputed = false
        var isKey = false
    }

    /// The number by which paths name it.
    let oid: String
    let schema: String
    let name: String
    let kind: String
    let hasRowSecurity: Bool
    let columns: [Column]
    let policies: PageValue

    init(
        oid: String, schema: String, name: String, kind: String = "r", hasRowSecurity: Bool = false,
        columns: [Column], policies: PageValue = .list([])
    ) {
        (self.oid, self.schema, self.name, self.kind) = (oid, schema, name, kind)
        (self.hasRowSecurity, self.columns, self.policies) = (hasRowSecurity, columns, policies)
    }

    /// Reads the answer of ``DatabaseCatalogue/table``; nil where there is no such table.
    init?(_ answer: ResultTable, oid: String) {
        func value(_ name: String) -> String? { answer.values(of: name).first ?? nil }
        guard let schema = value("schema"), let name = value("name"), let kind = value("kind"),
            let columns = value("columns").flatMap({ JSON(bytes: Array($0.utf8)) })?.elements
        else { return nil }
        self.init(
            oid: oid, schema: schema, name: name, kind: kind,
            hasRowSecurity: ["true", "t"].contains(value("row_security")), columns: columns.compactMap(Column.init),
            policies: PageValue(value("policies").flatMap { JSON(bytes: Array($0.utf8)) }))
    }

    /// The table's name in SQL.
    var sqlName: String { "\(SQLName.quoted(schema)).\(SQLName.quoted(name))" }

    var key: [Column] { columns.filter(\.isKey) }

    /// Whether rows are kept here, and not made by a query.
    var isTable: Bool { ["r", "p", "f"].contains(kind) }

    /// Most columns of a table whose rows a form can hold.
    static let editedColumnsMax = 40

    /// Why rows cannot be changed one by one; nil where they can.
    var obstacle: String? {
        if !isTable { return "the rows of a \(DatabaseCatalogue.word(ofKind: kind)) are changed by SQL" }
        if columns.count > Self.editedColumnsMax {
            return "rows of more than \(Self.editedColumnsMax) columns are changed by SQL"
        }
        return nil
    }

    /// Why a row cannot be named to change it.
    var editObstacle: String? {
        obstacle ?? (key.isEmpty ? "without a primary key its rows are changed and deleted by SQL" : nil)
    }
}

extension TableShape.Column {
    fileprivate init?(_ json: JSON) {
        guard let name = json["name"]?.text, let type = json["type"]?.text else { return nil }
        self.init(
            name: name, type: type, isNullable: json["nullable"] == true,
            hasDefault: json["default"]?.text != nil || json["identity"] == true, isComputed: json["computed"] == true,
            isKey: json["key"] == true)
    }
}

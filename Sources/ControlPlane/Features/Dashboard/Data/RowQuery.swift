import APIKit

/// A page of a table's rows: what is looked for, in which order, and from which row on.
struct RowQuery: Sendable, Equatable {
    /// How a filter compares.
    enum Comparison: String, CaseIterable, Sendable {
        case contains, equals, differs, less, greater
        case isNull = "null"
        case isNotNull = "not_null"

        var label: String {
            switch self {
            case .contains: "contains"
            case .equals: "="
            case .differs: "≠"
            case .less: "<"
            case .greater: ">"
            case .isNull: "is NULL"
            case .isNotNull: "is not NULL"
            }
        }
    }

    struct Filter: Sendable, Equatable {
        var column: String
        var comparison: Comparison
        var value: String
    }

    var filter: Filter?
    /// The column that rows are sorted by; nil for the primary key.
    var sort: String?
    var isDescending = false
    /// The page, from 0.
    var page = 0

    /// Rows of a page.
    static let pageRows = 50
    /// Last page that is shown: rows behind it are found by a filter.
    static let pageMax = 10_000
    /// Characters of a value that a list shows.
    static let valueShownMax = 300

    /// Reads what a page was asked for; what the table does not have is left out.
    init(_ query: QueryParameters, of table: TableShape) throws(APIError) {
        let names = Set(table.columns.map(\.name))
        if let column = query["column"], names.contains(column),
            let comparison = query["op"].flatMap(Comparison.init(rawValue:))
        {
            filter = Filter(column: column, comparison: comparison, value: query["value"] ?? "")
        }
        if let sort = query["sort"], names.contains(sort) { self.sort = sort }
        isDescending = query["desc"] == "1"
        page = try query.number("page", in: 0...Self.pageMax, default: 0)
    }

    init() {}

    /// The statement, with one row more than a page has. Columns are named by their numbers: `c0`, `c1` …; the texts of
    /// the key, which are not cut, `k0` ….
    func statement(of table: TableShape, role: String? = nil) -> SQLText {
        let values = table.columns.enumerated().map { index, column in
            "left(\(SQLName.quoted(column.name))::text, \(Self.valueShownMax + 1)) as c\(index)"
        }
        let keys = table.key.enumerated().map { "\(SQLName.quoted($1.name))::text as k\($0)" }
        let (condition, parameters) = condition(of: table)
        let sql = """
            select \((values + keys + ["1 as is_row"]).joined(separator: ", ")) from \(table.sqlName)\(condition)\
            \(order(of: table)) limit \(Self.pageRows + 1) offset \(page * Self.pageRows)
            """
        return SQLText(sql, parameters, isReadOnly: role == nil, role: role, changesNothing: true)
    }

    private func condition(of table: TableShape) -> (String, [JSON]) {
        guard let filter else { return ("", []) }
        let column = SQLName.quoted(filter.column)
        switch filter.comparison {
        case .isNull: return (" where \(column) is null", [])
        case .isNotNull: return (" where \(column) is not null", [])
        case .contains:
            return (" where strpos(lower(\(column)::text), lower($1::text)) > 0", [.string(filter.value)])
        case .equals: return (" where \(column) = $1", [.string(filter.value)])
        case .differs: return (" where \(column) is distinct from $1", [.string(filter.value)])
        case .less: return (" where \(column) < $1", [.string(filter.value)])
        case .greater: return (" where \(column) > $1", [.string(filter.value)])
        }
    }

    private func order(of table: TableShape) -> String {
        let key = table.key.map { SQLName.quoted($0.name) }
        let sorted = sort.map { [SQLName.quoted($0) + (isDescending ? " desc nulls last" : " asc nulls last")] } ?? []
        let all = sorted + key.map { sort == nil && isDescending ? "\($0) desc" : $0 }
        return all.isEmpty ? "" : " order by \(all.joined(separator: ", "))"
    }

    /// The query of a path that asks for the same with another order or page.
    func path(sort: String?, isDescending: Bool, page: Int, role: String?) -> String {
        var parts: [(String, String)] = []
        if let filter {
            parts += [("column", filter.column), ("op", filter.comparison.rawValue), ("value", filter.value)]
        }
        if let sort { parts.append(("sort", sort)) }
        if isDescending { parts.append(("desc", "1")) }
        if page > 0 { parts.append(("page", "\(page)")) }
        if let role { parts.append(("role", role)) }
        return PagePath.query(parts)
    }
}

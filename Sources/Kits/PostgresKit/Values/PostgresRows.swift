/// The result of one statement: columns, rows, and how many rows it affected.
public struct PostgresRows: Sendable, RandomAccessCollection {
    let columns: PostgresColumns
    private let cells: [String?]

    /// Number of rows; indices run from zero.
    public let endIndex: Int

    /// The server's command tag, for instance `UPDATE 3`.
    public let commandTag: String

    init(columns: PostgresColumns, cells: [String?], rowCount: Int, commandTag: String) {
        self.columns = columns
        self.cells = cells
        self.endIndex = rowCount
        self.commandTag = commandTag
    }

    /// The index of the first row: zero.
    public var startIndex: Int { 0 }

    /// The row at a position.
    public subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "row index out of range")
        let width = columns.names.count
        return PostgresRow(columns: columns, cells: cells[position * width..<(position + 1) * width])
    }

    /// Rows inserted, updated, deleted, merged or selected; zero for other commands.
    public var affectedRows: Int {
        commandTag.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    /// The columns' names in order.
    public var columnNames: [String] { columns.names }
}

/// Names and types of a result's columns.
struct PostgresColumns: Sendable {
    let names: [String]
    let types: [PostgresTypeID]
    private let positions: [String: Int]
    private let ambiguous: Set<String>

    init(names: [String], types: [PostgresTypeID]) {
        self.names = names
        self.types = types
        var positions: [String: Int] = [:]
        var ambiguous: Set<String> = []
        for (position, name) in names.enumerated() where positions.updateValue(position, forKey: name) != nil {
            ambiguous.insert(name)
        }
        self.positions = positions
        self.ambiguous = ambiguous
    }

    func position(of name: String) throws(PostgresError) -> Int {
        guard let position = positions[name] else { throw .column(name: name, problem: .missing) }
        guard !ambiguous.contains(name) else { throw .column(name: name, problem: .ambiguous) }
        return position
    }
}

/// The object id of an SQL type; the built-in ones are fixed (PostgreSQL's `pg_type.dat`).
struct PostgresTypeID: Sendable, Hashable {
    let number: UInt32

    static let bool = Self(number: 16)
    static let bytea = Self(number: 17)
    static let int8 = Self(number: 20)
    static let int2 = Self(number: 21)
    static let int4 = Self(number: 23)
    static let oid = Self(number: 26)
    static let float4 = Self(number: 700)
    static let float8 = Self(number: 701)
    static let timestamptz = Self(number: 1184)
    static let textArray = Self(number: 1009)
    static let varcharArray = Self(number: 1015)

    private static let names: [UInt32: String] = [
        16: "boolean", 17: "bytea", 19: "name", 20: "bigint", 21: "smallint", 23: "integer", 25: "text", 26: "oid",
        114: "json", 700: "real", 701: "double precision", 869: "inet", 1009: "text[]", 1015: "varchar[]",
        1042: "char", 1043: "varchar", 1082: "date", 1114: "timestamp", 1184: "timestamptz", 1186: "interval",
        1700: "numeric", 2950: "uuid", 3802: "jsonb",
    ]

    /// The type's SQL name, or its number.
    var name: String { Self.names[number] ?? "type \(number)" }
}

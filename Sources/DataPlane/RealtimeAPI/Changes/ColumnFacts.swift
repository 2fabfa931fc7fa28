/// What the catalogue says of a column.
struct ColumnFacts: Sendable, Equatable {
    /// `typname`, which clients are shown.
    var type: String
    /// The type as SQL writes it.
    var sqlType: String
    /// `typname` of what a domain is made of; the same as ``type`` for any other type.
    var base: String
    /// `typname` of an array's elements.
    var element: String?
}

/// What the catalogue says of a published table.
struct TableFacts: Sendable, Equatable {
    var hasRowSecurity: Bool
    /// Columns of the primary key, in its order.
    var keys: [String]
    var columns: [String: ColumnFacts]
    /// Columns that a role may read.
    var readable: [String: Set<String>]

    /// A deleted row can no longer be checked against policies, so that nothing but its key is shown.
    func hides(_ column: String, of kind: ChangeKind) -> Bool {
        kind == .delete && hasRowSecurity && !keys.contains(column)
    }
}

/// How values of a type are compared here.
enum ValueOrder: Sendable, Equatable {
    /// By digits.
    case number
    /// By their text, which PostgreSQL writes in one way only.
    case text
    /// Equal texts are equal values, but their order is PostgreSQL's.
    case equalText
    /// PostgreSQL has to say.
    case database

    init(_ base: String) {
        switch base {
        case "int2", "int4", "int8", "oid", "numeric", "float4", "float8": self = .number
        case "bool", "uuid", "date", "timestamp", "timestamptz", "time": self = .text
        case "text", "varchar", "name", "bytea", "inet", "cidr", "macaddr": self = .equalText
        default: self = .database
        }
    }
}

/// Takes the results of statements as they come from the server, one value at a time, on the connection's own thread.
///
/// A sink is a value that travels to that thread and back. Only what the sink keeps of a result is kept, so it decides
/// how much memory a result may take: once ``endRow()`` returns false, the statement is cancelled on the server. Each row
/// has as many values as its result has columns, whatever the server sends.
public protocol PostgresRowSink: Sendable {
    /// A result with columns begins; a statement without a result never calls this.
    mutating func begin(_ columns: [PostgresColumn])

    /// The next column of the row is NULL.
    mutating func null()

    /// The next column of the row, in PostgreSQL's text form. A script may set another
    /// `client_encoding`; then the bytes are no UTF-8.
    mutating func value(_ bytes: Span<UInt8>)

    /// The row is complete. Returns whether more rows are wanted.
    mutating func endRow() -> Bool

    /// A statement has ended: its command tag, for instance `INSERT 0 3`.
    mutating func end(commandTag: String)
}

/// A column of a result.
public struct PostgresColumn: Sendable, Equatable {
    /// The name; several columns of a result may share one.
    public let name: String

    /// The object id of the type; those of the built-in types are fixed (PostgreSQL's `pg_type.dat`).
    public let type: UInt32

    /// A column.
    public init(name: String, type: UInt32) {
        self.name = name
        self.type = type
    }
}

/// How SQL text is sent.
public enum PostgresExchangeKind: Sendable, Equatable {
    /// One or more statements without parameters, as one implicit transaction unless they say otherwise.
    case script

    /// Exactly one statement, whose parameters travel apart from it; the server refuses a second one.
    case single([PostgresParameter])
}

/// How an exchange with a sink ended.
public enum PostgresSinkOutcome<Sink: PostgresRowSink>: Sendable {
    /// The sink has all results.
    case finished(Sink)

    /// The sink stopped early; the statement was cancelled, and with it what it changed.
    case stopped(Sink)

    /// The server refused a statement, in its own words.
    case refused(PostgresErrorReport)
}

/// An error report of the server, with everything that it says.
///
/// It may quote values of the statement and rows of tables, so it belongs to the statement's author alone and never
/// into a log. ``PostgresServerError`` is the report cleared of data.
public struct PostgresErrorReport: Sendable, Equatable {
    private let fields: [UInt8: String]

    /// A report from its fields, by the letters of the protocol (PostgreSQL manual, "Error and Notice Message Fields").
    public init(fields: [UInt8: String]) { self.fields = fields }

    /// One field by its letter, for instance `"H"` for the hint.
    public subscript(_ letter: Unicode.Scalar) -> String? {
        letter.isASCII ? fields[UInt8(letter.value)] : nil
    }

    /// The five characters of the error's class and code.
    public var sqlState: String { self["C"] ?? "XX000" }
}

extension PostgresErrorReport: CustomStringConvertible, CustomReflectable {
    /// The code only.
    public var description: String { "SQLSTATE \(sqlState)" }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

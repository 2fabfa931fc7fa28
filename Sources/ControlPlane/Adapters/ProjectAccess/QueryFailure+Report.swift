import Orchestrator
import PostgresKit

extension QueryFailure {
    /// The server's report on `query`. Where the query holds secrets, only message and code: the other fields may quote
    /// the statement.
    init(_ report: PostgresErrorReport, of query: ProjectQueryText) {
        self.init(
            message: report["M"] ?? "no message", code: report.sqlState,
            severity: report["V"] ?? report["S"] ?? "ERROR")
        guard !query.isConfidential else { return }
        position = Self.position(report["P"], in: query.sql)
        detail = report["D"]
        hint = report["H"]
        internalQuery = report["q"]
        internalPosition = Self.position(report["p"], in: internalQuery ?? "")
        `where` = report["W"]
        schema = report["s"]
        table = report["t"]
        column = report["c"]
        dataType = report["d"]
        constraint = report["n"]
        if let file = report["F"], let line = report["L"], let routine = report["R"] {
            source = Source(file: file, line: line, routine: routine)
        }
        if query.isReadOnly, code == "42601", hint == nil, message.contains("multiple commands") {
            hint = "A read-only query is exactly one statement."
        }
        format(sql: query.sql)
    }

    /// A position that points into a text, or behind its last character; nil for any other.
    private static func position(_ digits: String?, in text: String) -> Int? {
        guard let position = digits.flatMap({ Int($0) }), position > 0,
            position <= text.unicodeScalars.count + 1
        else { return nil }
        return position
    }
}

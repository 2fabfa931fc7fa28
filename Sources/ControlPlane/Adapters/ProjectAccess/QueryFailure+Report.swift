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
        position = report["P"].flatMap { Int($0) }
        detail = report["D"]
        hint = report["H"]
        internalPosition = report["p"].flatMap { Int($0) }
        internalQuery = report["q"]
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
}

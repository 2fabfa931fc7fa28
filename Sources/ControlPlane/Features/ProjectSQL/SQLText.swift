import Orchestrator
import ProjectModel

/// Quoting for SQL that takes no parameters.
enum SQLText {
    /// The text as a literal that does not depend on `standard_conforming_strings`.
    ///
    /// - Throws: ``ProjectDatabaseError/invalid(_:)`` for text with NUL; the text is not repeated.
    static func literal(_ text: String) throws(ProjectDatabaseError) -> String {
        guard !text.utf8.contains(0) else { throw .invalid("text for PostgreSQL cannot hold a NUL character") }
        let quoted = "'\(text.replacingScalars(["'": "''", "\\": "\\\\"]))'"
        return text.holds("\\") ? "E" + quoted : quoted
    }

    /// A literal, or `null`.
    static func optional(_ text: String?) throws(ProjectDatabaseError) -> String {
        guard let text else { return "null" }
        return try literal(text)
    }

    /// An anonymous block. Its names mean PostgreSQL's own: a project's owner can put functions of the same names in
    /// front of them, and these blocks run as a superuser.
    ///
    /// Types in `declarations` are looked up before the first statement sets the path, so they name their schema. The
    /// administrator's sessions have that path from their beginning, too.
    ///
    /// The block is a `DO` also because `log_statement = ddl` does not write those into the server's log.
    static func block(declarations: String = "", _ statements: String) throws(ProjectDatabaseError) -> String {
        let body = """
            declare
            \(declarations)
            begin
            perform pg_catalog.set_config('search_path', 'pg_catalog', true);
            \(statements)
            end
            """
        return "do " + (try literal(body))
    }
}

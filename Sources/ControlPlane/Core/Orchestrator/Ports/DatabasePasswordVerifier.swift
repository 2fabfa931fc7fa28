/// What PostgreSQL keeps of a role's password: SQL that sets a password holds this in its place, since statements are
/// shown by `pg_stat_statements` and written into logs.
public struct DatabasePasswordVerifier: Sendable, Equatable {
    private static var form: Regex<Substring> {
        #/SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/]+=*\$[A-Za-z0-9+/]+=*:[A-Za-z0-9+/]+=*/#
    }

    /// PostgreSQL's text form.
    let text: String

    /// Takes a verifier of SCRAM-SHA-256.
    ///
    /// - Throws: ``ProjectDatabaseError/invalid(_:)`` for any other text, which PostgreSQL would take for a password.
    public init(_ text: String) throws(ProjectDatabaseError) {
        guard text.wholeMatch(of: Self.form) != nil else {
            throw .invalid("a role's password is set by a verifier of SCRAM-SHA-256 only")
        }
        self.text = text
    }

    /// The verifier as a literal of SQL.
    package var literal: String { "'\(text)'" }
}

extension DatabasePasswordVerifier: CustomStringConvertible, CustomReflectable {
    /// Nothing of it: a weak password can be guessed from a verifier.
    public var description: String { "<verifier>" }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

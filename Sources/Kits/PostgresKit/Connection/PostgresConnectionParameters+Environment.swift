extension PostgresConnectionParameters {
    /// The variables by which PostgreSQL's own programs take keywords; those of the kit's own use are left out.
    private static let variables = [
        "application_name": "PGAPPNAME", "channel_binding": "PGCHANNELBINDING", "connect_timeout": "PGCONNECT_TIMEOUT",
        "gssencmode": "PGGSSENCMODE", "options": "PGOPTIONS", "passfile": "PGPASSFILE", "requirepeer": "PGREQUIREPEER",
        "sslcert": "PGSSLCERT", "sslcrl": "PGSSLCRL", "sslkey": "PGSSLKEY", "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT", "target_session_attrs": "PGTARGETSESSIONATTRS",
    ]

    /// Server, role, database and password for programs such as `pg_dump`, which take them from their environment:
    /// arguments are visible to all users of a machine.
    ///
    /// - Throws: ``PostgresError/invalidConfiguration(reason:)`` for a keyword that has no variable.
    public func environment() throws(PostgresError) -> [String: String] {
        var environment = ["PGHOST": host, "PGPORT": String(port), "PGUSER": user, "PGDATABASE": database]
        environment["PGPASSWORD"] = password
        for (keyword, value) in options {
            guard let variable = Self.variables[keyword] else {
                throw .invalidConfiguration(
                    reason: "PostgreSQL's own programs have no variable for \(keyword) of the database URL")
            }
            environment[variable] = value
        }
        return environment
    }
}

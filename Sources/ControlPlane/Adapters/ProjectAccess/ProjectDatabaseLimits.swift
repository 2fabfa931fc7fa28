/// Every bound that ``PostgresProjectDatabase`` keeps.
public struct ProjectDatabaseLimits: Sendable {
    /// Time for name resolution, connect and login together.
    public var connectTimeout: Duration = .seconds(5)
    /// Time that the server gives one statement; PostgreSQL reports the timeout, as with `postgres-meta`.
    public var statementTimeout: Duration = .seconds(58)
    /// Time for the whole text, which may set the server's timeout off or hold many statements.
    public var queryTimeout: Duration = .seconds(60)
    /// Time for the whole text when it runs without the server's timeout.
    public var longestQueryTimeout: Duration = .seconds(600)
    /// Time for the preparation of the read-only role, before a query that needs it.
    public var rolePreparationTimeout: Duration = .seconds(10)
    /// Rows of an answer.
    public var maximumRows = 100_000
    /// Bytes of an answer's JSON, and of a single row on its way.
    public var maximumAnswerBytes = 32 << 20
    /// Bytes of SQL text.
    public var maximumSQLBytes = 1 << 20
    /// Bytes of all parameters together.
    public var maximumParameterBytes = 8 << 20
    /// Sessions open to one project.
    public var sessionsPerProject = 4
    /// Sessions open on behalf of one account, across its projects.
    public var sessionsPerAccount = 8
    /// Sessions open to all projects.
    public var sessions = 32
    /// Queries that may wait for a session; a page of the dashboard sends a dozen at once.
    public var waitingQueries = 256
    /// Those of them that may wait for one project, and on behalf of one account.
    public var waitingQueriesPerProject = 64
    /// How long a query may wait for a session.
    public var waitTimeout: Duration = .seconds(10)

    /// The default limits.
    public init() {}
}

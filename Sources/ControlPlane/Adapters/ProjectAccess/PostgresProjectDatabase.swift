public import Orchestrator
import PostgresKit

/// Runs SQL on projects' databases over libpq, one connection a query: nothing that a query sets outlives it.
///
/// Read-only queries: `ReadOnlySession.swift`.
public final class PostgresProjectDatabase: ProjectDatabase {
    private let limits: ProjectDatabaseLimits
    private let limiter: SessionLimiter<ProjectDatabaseError>

    /// An adapter without connections.
    public init(limits: ProjectDatabaseLimits = ProjectDatabaseLimits()) {
        self.limits = limits
        limiter = SessionLimiter(
            SessionQueue.Limits(
                perProject: limits.sessionsPerProject, perAccount: limits.sessionsPerAccount,
                maximum: limits.sessions, waiters: limits.waitingQueries,
                waitersPerHolder: limits.waitingQueriesPerProject), waitTimeout: limits.waitTimeout)
    }

    /// Runs SQL on a project's database and gives the rows as JSON.
    public func run(
        _ query: ProjectQueryText, on target: DatabaseTarget
    ) async throws(ProjectDatabaseError) -> QueryAnswer {
        try check(query)
        let session = DatabaseSession(query: query, target: target, limits: limits)
        let holder = SessionQueue.Holder(ref: target.ref, account: query.account)
        return try await limiter.withSession(for: holder) { () async throws(ProjectDatabaseError) in
            try await session.run()
        }
    }

    private func check(_ query: ProjectQueryText) throws(ProjectDatabaseError) {
        guard query.sql.utf8.count <= limits.maximumSQLBytes else {
            throw .invalid("the SQL text has more than \(limits.maximumSQLBytes) bytes")
        }
        guard query.parameters.reduce(0, { $0 + $1.byteCount }) <= limits.maximumParameterBytes else {
            throw .invalid("the query's parameters have more than \(limits.maximumParameterBytes) bytes")
        }
        guard !query.sql.utf8.contains(0) else { throw .invalid("SQL text cannot hold a NUL character") }
    }
}

/// What can run a statement: a pool, a connection, a transaction. Code that takes a session works in all three.
public protocol PostgresSession: Sendable {
    /// Runs one statement with its parameters.
    ///
    /// - Parameter deadline: the time for this statement; nil stands for the configured one.
    func query(
        _ sql: String, _ parameters: [PostgresParameter], deadline: Duration?
    ) async throws(PostgresError) -> PostgresRows
}

extension PostgresSession {
    /// Runs one statement within the configured deadline.
    @discardableResult
    public func query(
        _ sql: String, _ parameters: [PostgresParameter] = []
    ) async throws(PostgresError) -> PostgresRows {
        try await query(sql, parameters, deadline: nil)
    }

    /// Runs one statement and gives the number of rows that it affected.
    @discardableResult
    public func execute(
        _ sql: String, _ parameters: [PostgresParameter] = []
    ) async throws(PostgresError) -> Int {
        try await query(sql, parameters, deadline: nil).affectedRows
    }

    /// The first row of the result, or nil if it has none.
    public func first(
        _ sql: String, _ parameters: [PostgresParameter] = []
    ) async throws(PostgresError) -> PostgresRow? {
        try await query(sql, parameters, deadline: nil).first
    }

    /// The only row of the result.
    ///
    /// - Throws: ``PostgresError/unexpectedRowCount(expected:found:)`` unless there is exactly one.
    public func single(
        _ sql: String, _ parameters: [PostgresParameter] = []
    ) async throws(PostgresError) -> PostgresRow {
        let rows = try await query(sql, parameters, deadline: nil)
        guard rows.count == 1, let row = rows.first else {
            throw .unexpectedRowCount(expected: 1, found: rows.count)
        }
        return row
    }
}

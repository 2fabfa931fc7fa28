import CPostgres

/// Statements: prepared ones with parameters, and scripts without.
extension PostgresWire {
    /// Runs a statement, which is prepared at its first use and then kept, unless its text is long.
    func query(
        _ sql: String, parameters: EncodedParameters, interrupt: Interrupt
    ) throws(PostgresError) -> PostgresRows {
        do throws(PostgresError) {
            return try execute(sql, parameters: parameters, interrupt: interrupt)
        } catch {
            guard error.isStaleStatement else { throw error }
            // One lost statement means that all are lost, by `DISCARD ALL` or `DEALLOCATE ALL`.
            if error.isUnknownStatement { statements.reset() } else { statements.forget(sql) }
            // Inside a transaction the error has aborted it, and only its owner can run it again.
            guard case .idle = status else { throw error }
            return try execute(sql, parameters: parameters, interrupt: interrupt)
        }
    }

    /// Runs one or more statements without parameters in one exchange; rows are not returned.
    func script(_ sql: String, _ interrupt: Interrupt) throws(PostgresError) -> PostgresRows {
        guard !sql.utf8.contains(0) else { throw .invalidConfiguration(reason: "SQL text holds a NUL character") }
        return try run(Exchange(keepsRows: false) { PQsendQuery($0, sql) }, interrupt)
    }

    private func execute(
        _ sql: String, parameters: EncodedParameters, interrupt: Interrupt
    ) throws(PostgresError) -> PostgresRows {
        let name = try prepare(sql, interrupt)
        if parameters.byteCount > PostgresProtocolLimit.keptBufferBytes { hasGrown = true }
        let exchange = Exchange(parameterTexts: parameters.texts) { connection in
            parameters.withPointers { count, values in
                guard let name else { return PQsendQueryParams(connection, sql, count, nil, values, nil, nil, 0) }
                return PQsendQueryPrepared(connection, name, count, values, nil, nil, 0)
            }
        }
        return try run(exchange, interrupt)
    }

    /// The name of the prepared statement; nil for a text that is too long to be kept.
    private func prepare(_ sql: String, _ interrupt: Interrupt) throws(PostgresError) -> String? {
        if let name = statements.name(of: sql) { return name }
        guard !sql.utf8.contains(0) else { throw .invalidConfiguration(reason: "SQL text holds a NUL character") }
        guard isKept(sql) else { return nil }
        if case .idle = status { try deallocateGarbage(interrupt) }
        let name = statements.newName()
        _ = try run(Exchange { PQsendPrepare($0, name, sql, 0, nil) }, interrupt)
        statements.insert(sql, name: name)
        return name
    }

    /// Whether a text is prepared under a name.
    func isKept(_ sql: String) -> Bool { sql.utf8.count <= limits.maximumPreparedBytes }

    /// Not inside a transaction, which an error here would abort.
    private func deallocateGarbage(_ interrupt: Interrupt) throws(PostgresError) {
        for name in statements.garbage {
            do throws(PostgresError) {
                _ = try run(Exchange { PQsendQuery($0, StatementCache.deallocation(of: name)) }, interrupt)
            } catch {
                guard error.isUnknownStatement else { throw error }
            }
            statements.deallocated(name)
        }
    }
}

extension PostgresError {
    /// Whether a prepared statement must be prepared again: its tables have changed, or the server has dropped it.
    fileprivate var isStaleStatement: Bool {
        if isUnknownStatement { return true }
        guard case .server(let error) = self else { return false }
        return error.sqlState == PostgresState.featureNotSupported && error.message.contains("cached plan")
    }

    /// Whether the server does not know a prepared statement of this name.
    fileprivate var isUnknownStatement: Bool { sqlState == PostgresState.invalidStatementName }
}

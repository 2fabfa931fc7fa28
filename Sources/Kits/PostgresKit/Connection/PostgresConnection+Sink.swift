import CPostgres

extension PostgresConnection {
    /// Runs SQL text and hands its results to a sink while they come.
    ///
    /// Nothing is prepared or kept, so the text need not be constant. The sink bounds the result; that a single row
    /// fits into memory is up to ``PostgresLimits/maximumMessageBytes``.
    ///
    /// - Parameter deadline: the time for the whole exchange; nil stands for the configured one.
    /// - Throws: what keeps the exchange from ending: a lost connection, the deadline, cancellation. What the server
    ///   has against a statement is an outcome, not one of these.
    public func run<Sink: PostgresRowSink>(
        _ sql: String, _ kind: PostgresExchangeKind, into sink: Sink, deadline: Duration? = nil
    ) async throws(PostgresError) -> PostgresSinkOutcome<Sink> {
        guard !sql.utf8.contains(0) else { throw .invalidConfiguration(reason: "SQL text holds a NUL character") }
        let parameters: EncodedParameters? =
            switch kind {
            case .script: nil
            case .single(let values): try EncodedParameters(values)
            }
        return try await onThread(within: deadline ?? limits.statementDeadline) {
            wire, interrupt throws(PostgresError) in
            try wire.run(sql, parameters: parameters, into: sink, interrupt: interrupt)
        }
    }
}

extension PostgresWire {
    /// Runs SQL text: a script without parameters, or one statement with them.
    func run<Sink: PostgresRowSink>(
        _ sql: String, parameters: EncodedParameters?, into sink: Sink, interrupt: Interrupt
    ) throws(PostgresError) -> PostgresSinkOutcome<Sink> {
        let exchange = Exchange { connection in
            guard let parameters else { return PQsendQuery(connection, sql) }
            return parameters.withPointers { count, values in
                PQsendQueryParams(connection, sql, count, nil, values, nil, nil, 0)
            }
        }
        var taker = SinkTaker(
            sink: sink, limitBytes: limits.maximumResultBytes, isSingle: parameters != nil)
        let interruption: PostgresError?
        do throws(PostgresError) {
            interruption = try converse(exchange, interrupt: interrupt, taker: &taker)
        } catch {
            // The connection is gone, because the server did not end the statement in time or for its own reasons.
            guard taker.isStopped else { throw error }
            return .stopped(taker.sink)
        }
        if let failure = try lostConnection(taker.failure) { throw failure }
        guard let report = taker.report else {
            return taker.isStopped ? .stopped(taker.sink) : .finished(taker.sink)
        }
        guard let interruption, report.sqlState == PostgresState.queryCanceled else { return .refused(report) }
        if taker.isStopped { return .stopped(taker.sink) }
        throw interruption
    }
}

import CPostgres
import Glibc

/// One exchange with the server: send, read every result, and obey the interrupt.
extension PostgresWire {
    /// What an exchange needs besides the connection.
    struct Exchange {
        /// Texts to keep out of error messages.
        var parameterTexts: [String] = []

        /// Whether rows come one at a time; a pipeline's do not.
        var isRowByRow = true

        /// Whether it is one statement, whose rows are kept; a script may have several results, which are not.
        var keepsRows = true

        /// Hands the statement to libpq; zero means that it refused.
        let send: (OpaquePointer) -> Int32
    }

    /// The state of one exchange after it was interrupted.
    private struct Cancellation {
        let reason: PostgresError
        let request: CancelRequest
        let grace: Interrupt
    }

    /// Runs one exchange to its end.
    ///
    /// An interrupt cancels the statement on the server. If the server does not end it within the grace period, the
    /// connection is dropped: it must never be reused with an answer still to come.
    func run(_ exchange: Exchange, _ interrupt: Interrupt) throws(PostgresError) -> PostgresRows {
        var collector = ResultCollector(
            limitBytes: limits.maximumResultBytes, parameterTexts: exchange.parameterTexts,
            keepsRows: exchange.keepsRows)
        let interruption = try converse(exchange, interrupt: interrupt, taker: &collector)
        return try conclude(collector, interruption)
    }

    /// Sends, and passes every result to `taker`. Returns why the statement was cancelled, if it was; the results then
    /// show its outcome.
    func converse<Taker: ResultTaker>(
        _ exchange: Exchange, interrupt: Interrupt, taker: inout Taker
    ) throws(PostgresError) -> PostgresError? {
        let connection = try open()
        if let reason = interrupt.reason { throw reason.error }
        guard exchange.send(connection) == 1 else { throw lost(connection) }
        if exchange.isRowByRow { PQsetSingleRowMode(connection) }
        var cancellation: Cancellation?
        while try !advance(connection, &taker) {
            if cancellation == nil, let reason = taker.stopReason {
                cancellation = try cancel(connection, because: reason)
            }
            let events = try flush(connection) ? POLLIN : POLLIN | POLLOUT
            guard let reason = waitForSocket(connection, events: events, cancellation?.grace ?? interrupt) else {
                guard takeInput(connection) else { throw failure }
                continue
            }
            if let cancellation {
                drop(because: .connectionLost(reason: "a cancelled statement did not end in time"))
                throw cancellation.reason
            }
            cancellation = try cancel(connection, because: reason.error)
        }
        try settle(cancellation)
        return cancellation?.reason
    }

    /// Takes the results that are there. Whether the exchange has ended.
    private func advance<Taker: ResultTaker>(
        _ connection: OpaquePointer, _ taker: inout Taker
    ) throws(PostgresError) -> Bool {
        while PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else {
                if taker.endsAtPause { return true }
                continue
            }
            taker.take(result)
            if PQresultMemorySize(result) > PostgresProtocolLimit.keptBufferBytes { hasGrown = true }
            PQclear(result)
            if taker.isCopy {
                drop(because: .closed)
                throw .invalidConfiguration(reason: "COPY is not supported on this connection")
            }
            if let violation = taker.violation {
                drop(because: .protocolViolation(reason: violation))
                throw failure
            }
        }
        return false
    }

    /// Sends what libpq still holds. Whether all of it is gone.
    private func flush(_ connection: OpaquePointer) throws(PostgresError) -> Bool {
        let status = PQflush(connection)
        // A server that closed the connection may have said why: then reading, not writing, reports it.
        if status < 0, !takeInput(connection) { throw failure }
        messageGuard?.send()
        return status <= 0
    }

    private func cancel(
        _ connection: OpaquePointer, because reason: PostgresError
    ) throws(PostgresError) -> Cancellation {
        guard let request = requestCancellation(of: connection) else {
            drop(because: .connectionLost(reason: "a statement could not be cancelled"))
            throw reason
        }
        return Cancellation(
            reason: reason, request: request, grace: Interrupt(after: limits.cancelGrace, wakeup: wakeup))
    }

    /// Waits until the request to cancel is done: arriving late, it would hit the next statement.
    private func settle(_ cancellation: Cancellation?) throws(PostgresError) {
        guard let cancellation else { return }
        while !cancellation.request.isDone {
            guard cancellation.grace.reason == nil else {
                drop(because: .connectionLost(reason: "a request to cancel was not answered in time"))
                throw cancellation.reason
            }
            var descriptor = pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&descriptor, 1, cancellation.grace.remainingMilliseconds) > 0 { wakeup.clear() }
        }
    }

    /// Drops the connection if it broke during the exchange, and says why.
    func lostConnection(_ known: PostgresError?) throws(PostgresError) -> PostgresError? {
        let connection = try open()
        guard PQstatus(connection) == CONNECTION_BAD else { return known }
        let reason = known?.message ?? ServerReport.firstLine(PQerrorMessage(connection))
        drop(because: .connectionLost(reason: reason))
        return failure
    }

    private func conclude(
        _ collector: ResultCollector, _ interruption: PostgresError?
    ) throws(PostgresError) -> PostgresRows {
        if let failure = try lostConnection(collector.failure) {
            if let interruption, failure.sqlState == PostgresState.queryCanceled { throw interruption }
            throw failure
        }
        if collector.isTooLarge { throw .resultTooLarge(limitBytes: limits.maximumResultBytes) }
        // A statement that ended in spite of the request has taken effect, and its result says so.
        return collector.rows
    }

    private func lost(_ connection: OpaquePointer) -> PostgresError {
        let reason = ServerReport.firstLine(PQerrorMessage(connection))
        drop(because: .connectionLost(reason: reason))
        return failure
    }
}

extension PostgresError {
    /// The message of a server error or the reason of a lost connection.
    fileprivate var message: String? {
        switch self {
        case .server(let error): error.message
        case .connectionLost(let reason): reason
        default: nil
        }
    }
}

import CPostgres
import Glibc

/// One exchange with the server: send, read every result, and obey the interrupt.
extension PostgresWire {
    /// What an exchange needs besides the connection.
    struct Exchange {
        /// Texts to keep out of error messages.
        var parameterTexts: [String] = []

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
        let connection = try open()
        if let reason = interrupt.reason { throw reason.error }
        guard exchange.send(connection) == 1 else { throw lost(connection) }
        PQsetSingleRowMode(connection)
        var collector = ResultCollector(
            limitBytes: limits.maximumResultBytes, parameterTexts: exchange.parameterTexts)
        var cancellation: Cancellation?
        while try !advance(connection, &collector) {
            if collector.isTooLarge && cancellation == nil {
                cancellation = try cancel(
                    connection, because: .resultTooLarge(limitBytes: limits.maximumResultBytes))
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
        return try conclude(connection, collector, cancellation)
    }

    /// Takes the results that are there. Whether the exchange has ended.
    private func advance(
        _ connection: OpaquePointer, _ collector: inout ResultCollector
    ) throws(PostgresError) -> Bool {
        while PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else { return true }
            collector.take(result)
            PQclear(result)
            if collector.isCopy {
                drop(because: .closed)
                throw .invalidConfiguration(reason: "COPY is not supported on this connection")
            }
        }
        return false
    }

    /// Sends what libpq still holds. Whether all of it is gone.
    private func flush(_ connection: OpaquePointer) throws(PostgresError) -> Bool {
        let status = PQflush(connection)
        // A server that closed the connection may have said why: then reading, not writing, reports it.
        if status < 0, !takeInput(connection) { throw failure }
        return status <= 0
    }

    private func cancel(
        _ connection: OpaquePointer, because reason: PostgresError
    ) throws(PostgresError) -> Cancellation {
        guard let request = CancelRequest.start(connection, wakeup: wakeup) else {
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

    private func conclude(
        _ connection: OpaquePointer, _ collector: ResultCollector, _ cancellation: Cancellation?
    ) throws(PostgresError) -> PostgresRows {
        if PQstatus(connection) == CONNECTION_BAD {
            let reason = collector.failure?.message ?? ServerReport.firstLine(PQerrorMessage(connection))
            drop(because: .connectionLost(reason: reason))
            throw failure
        }
        if let failure = collector.failure {
            if let cancellation, failure.sqlState == PostgresState.queryCanceled { throw cancellation.reason }
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

import CPostgres
import Glibc

extension PostgresWire {
    /// Sends a `COPY … FROM STDIN` and waits until the server takes data. In the extended protocol, in which a text is
    /// one statement: the server refuses what a second one follows.
    func beginCopyIn(_ sql: String, _ interrupt: Interrupt) throws(PostgresError) {
        let connection = try open()
        guard PQsendQueryParams(connection, sql, 0, nil, nil, nil, nil, 0) == 1 else { throw copyFailure(connection) }
        guard let result = try awaitResult(connection, interrupt) else { throw copyFailure(connection) }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COPY_IN: isCopying = true
        case PGRES_COPY_OUT, PGRES_COPY_BOTH:
            drop(because: .closed)
            throw .invalidConfiguration(reason: "the statement is no COPY from standard input")
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            try takeRest(connection, interrupt, after: nil)
            throw .invalidConfiguration(reason: "the statement is no COPY from standard input")
        default:
            let error = ServerReport.error(result, removing: [])
            try takeRest(connection, interrupt, after: error)
            throw error
        }
    }

    /// Ends the data. Returns the number of rows.
    func endCopyIn(_ interrupt: Interrupt) throws(PostgresError) -> Int {
        let connection = try open()
        guard isCopying else { throw .invalidConfiguration(reason: "no COPY is under way") }
        guard PQputCopyEnd(connection, nil) == 1 else { throw copyFailure(connection) }
        guard let result = try awaitResult(connection, interrupt) else { throw copyFailure(connection) }
        defer { PQclear(result) }
        let isDone = PQresultStatus(result) == PGRES_COMMAND_OK
        let rows = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        let error = isDone ? nil : ServerReport.error(result, removing: [])
        isCopying = false
        try takeRest(connection, interrupt, after: error)
        return rows
    }

    /// Takes the results that are left, and throws the first error among them and the one before.
    private func takeRest(
        _ connection: OpaquePointer, _ interrupt: Interrupt, after first: PostgresError?
    ) throws(PostgresError) {
        var error = first
        while let result = try awaitResult(connection, interrupt) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: continue
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                // It would wait for data without end.
                drop(because: .protocolViolation(reason: "it began a second COPY"))
                throw error ?? failure
            default: error = error ?? ServerReport.error(result, removing: [])
            }
        }
        if let error { throw error }
    }

    /// The next result, once all that is to be sent is sent; nil when there is none left.
    private func awaitResult(
        _ connection: OpaquePointer, _ interrupt: Interrupt
    ) throws(PostgresError) -> OpaquePointer? {
        while true {
            let unsent = PQflush(connection)
            guard unsent >= 0 else { throw copyFailure(connection) }
            messageGuard?.send()
            if unsent == 0, PQisBusy(connection) == 0 { return PQgetResult(connection) }
            switch waitForSocket(connection, events: unsent == 0 ? POLLIN : POLLIN | POLLOUT, interrupt) {
            case nil: guard takeInput(connection) else { throw failure }
            case .deadline:
                drop(because: .deadlineExceeded)
                throw .deadlineExceeded
            case .cancelled:
                drop(because: .cancelled)
                throw .cancelled
            }
        }
    }
}

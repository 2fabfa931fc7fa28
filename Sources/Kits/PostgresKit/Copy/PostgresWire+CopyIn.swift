import CPostgres
import Glibc

extension PostgresWire {
    /// Sends a `COPY … FROM STDIN` and waits until the server takes data.
    func beginCopyIn(_ sql: String, _ interrupt: Interrupt) throws(PostgresError) {
        let connection = try open()
        guard PQsendQuery(connection, sql) == 1 else { throw copyFailure(connection) }
        guard let result = try awaitResult(connection, interrupt) else { throw copyFailure(connection) }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COPY_IN: isCopying = true
        case PGRES_COPY_OUT, PGRES_COPY_BOTH:
            drop(because: .closed)
            throw .invalidConfiguration(reason: "the statement is no COPY from standard input")
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            try takeRest(connection, interrupt)
            throw .invalidConfiguration(reason: "the statement is no COPY from standard input")
        default:
            let error = ServerReport.error(result, removing: [])
            try takeRest(connection, interrupt)
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
        try takeRest(connection, interrupt)
        isCopying = false
        if let error { throw error }
        return rows
    }

    private func takeRest(_ connection: OpaquePointer, _ interrupt: Interrupt) throws(PostgresError) {
        while let result = try awaitResult(connection, interrupt) { PQclear(result) }
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

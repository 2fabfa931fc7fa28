import CPostgres
import Glibc

/// Base backups: some results with rows, COPY OUT, and a result with rows.
extension PostgresWire {
    /// Sends `BASE_BACKUP` and reads up to the beginning of COPY. Returns the rows of the results before it.
    func startBackup(_ command: String, _ interrupt: Interrupt) throws(PostgresError) -> [[[String?]]] {
        let connection = try open()
        guard PQsendQuery(connection, command) == 1 else { throw copyFailure(connection) }
        var results: [[[String?]]] = []
        while true {
            guard let result = try nextResult(connection, interrupt) else { throw copyFailure(connection) }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK: results.append(Self.rows(result))
            case PGRES_COPY_OUT:
                isCopying = true
                return results
            default: throw refusal(result)
            }
        }
    }

    /// What has come of a backup, up to a number of bytes: nothing when the time is over. The rows of the last result
    /// when all has come.
    func backupData(
        bytesMax: Int, _ interrupt: Interrupt
    ) throws(PostgresError) -> (messages: [[UInt8]], end: [[String?]]?) {
        var messages: [[UInt8]] = []
        var count = 0
        while count < bytesMax {
            let connection = try open()
            switch try copyStep(connection) {
            case .data(let bytes):
                count += bytes.count
                messages.append(bytes)
            case .ended: return (messages, try endBackup(connection, interrupt))
            case .nothing where !messages.isEmpty: return (messages, nil)
            case .nothing:
                switch waitForSocket(connection, events: POLLIN, interrupt) {
                case nil: guard takeInput(connection) else { throw failure }
                case .deadline: return ([], nil)
                case .cancelled: throw .cancelled
                }
            }
        }
        return (messages, nil)
    }

    private func endBackup(
        _ connection: OpaquePointer, _ interrupt: Interrupt
    ) throws(PostgresError) -> [[String?]] {
        var rows: [[String?]]?
        while let result = try nextResult(connection, interrupt) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK: rows = rows ?? Self.rows(result)
            case PGRES_COMMAND_OK: break
            default: throw refusal(result)
            }
        }
        guard let rows else { throw copyFailure(connection) }
        return rows
    }

    private func nextResult(
        _ connection: OpaquePointer, _ interrupt: Interrupt
    ) throws(PostgresError) -> OpaquePointer? {
        while PQisBusy(connection) != 0 || PQflush(connection) == 1 { try waitForCopy(connection, interrupt) }
        return PQgetResult(connection)
    }

    private func refusal(_ result: OpaquePointer) -> PostgresError {
        let error = ServerReport.error(result, removing: [])
        drop(because: error)
        return error
    }

    private static func rows(_ result: OpaquePointer) -> [[String?]] {
        (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) == 1
                    ? nil : PQgetvalue(result, row, column).map { String(cString: $0) }
            }
        }
    }
}

extension PostgresWire {
    /// Runs one statement of the simple protocol, the only one that a replicating connection has, and keeps its rows.
    func simpleQuery(_ sql: String, _ interrupt: Interrupt) throws(PostgresError) -> PostgresRows {
        guard !sql.utf8.contains(0) else { throw .invalidConfiguration(reason: "SQL text holds a NUL character") }
        return try run(Exchange { PQsendQuery($0, sql) }, interrupt)
    }
}

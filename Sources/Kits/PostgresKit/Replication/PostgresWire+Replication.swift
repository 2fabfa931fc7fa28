import CPostgres
import Glibc

/// The COPY protocol in both directions, as replication uses it.
extension PostgresWire {
    /// Sends a command that starts COPY in both directions.
    func startCopying(_ command: String, _ interrupt: Interrupt) throws(PostgresError) {
        let connection = try open()
        guard PQsendQuery(connection, command) == 1 else { throw copyFailure(connection) }
        while PQisBusy(connection) != 0 || PQflush(connection) == 1 {
            try waitForCopy(connection, interrupt)
        }
        guard let result = PQgetResult(connection) else { throw copyFailure(connection) }
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COPY_BOTH else {
            let error = ServerReport.error(result, removing: [])
            drop(because: error)
            throw error
        }
        isCopying = true
    }

    /// What has come: nothing when the time is over, else everything that is there, up to a number of bytes.
    func copyData(bytesMax: Int, _ interrupt: Interrupt) throws(PostgresError) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        var count = 0
        while count < bytesMax {
            let connection = try open()
            switch try nextCopyData(connection) {
            case let message?:
                count += message.count
                messages.append(message)
            case nil where !messages.isEmpty: return messages
            case nil:
                switch waitForSocket(connection, events: POLLIN, interrupt) {
                case nil: guard takeInput(connection) else { throw failure }
                case .deadline: return []
                case .cancelled: throw .cancelled
                }
            }
        }
        return messages
    }

    /// Nil when nothing is there yet.
    private func nextCopyData(_ connection: OpaquePointer) throws(PostgresError) -> [UInt8]? {
        switch try copyStep(connection) {
        case .data(let bytes): return bytes
        case .nothing: return nil
        case .ended:
            guard let result = PQgetResult(connection) else { throw copyFailure(connection) }
            defer { PQclear(result) }
            let error =
                PQresultErrorField(result, Int32(UInt8(ascii: "C"))) == nil
                ? PostgresError.connectionLost(reason: "the server ended the replication")
                : ServerReport.error(result, removing: [])
            drop(because: error)
            throw error
        }
    }

    /// What COPY gives next.
    enum CopyStep {
        case data([UInt8])
        /// Nothing is there yet.
        case nothing
        /// The server has sent all; what follows is a result.
        case ended
    }

    func copyStep(_ connection: OpaquePointer) throws(PostgresError) -> CopyStep {
        var buffer: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(connection, &buffer, 1)
        defer { if let buffer { PQfreemem(buffer) } }
        if count > 0, let buffer {
            return .data(Array(UnsafeRawBufferPointer(start: buffer, count: Int(count))))
        }
        guard count != 0 else { return .nothing }
        isCopying = false
        guard count == -1 else { throw copyFailure(connection) }
        return .ended
    }

    /// Sends one message.
    func putCopyData(_ bytes: [UInt8], _ interrupt: Interrupt) throws(PostgresError) {
        let connection = try open()
        let status = bytes.withUnsafeBytes { buffer in
            PQputCopyData(connection, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count))
        }
        guard status == 1 else { throw copyFailure(connection) }
        while true {
            switch PQflush(connection) {
            case 0: return
            case 1:
                switch waitForSocket(connection, events: POLLOUT, interrupt) {
                case nil: continue
                case .deadline: throw .deadlineExceeded
                case .cancelled: throw .cancelled
                }
            default: throw copyFailure(connection)
            }
        }
    }

    func waitForCopy(_ connection: OpaquePointer, _ interrupt: Interrupt) throws(PostgresError) {
        switch waitForSocket(connection, events: POLLIN, interrupt) {
        case nil: guard takeInput(connection) else { throw failure }
        case .deadline:
            drop(because: .deadlineExceeded)
            throw .deadlineExceeded
        case .cancelled:
            drop(because: .cancelled)
            throw .cancelled
        }
    }

    func copyFailure(_ connection: OpaquePointer) -> PostgresError {
        drop(because: .connectionLost(reason: ServerReport.firstLine(PQerrorMessage(connection))))
        return failure
    }
}

/// `COPY … FROM STDIN`, one at a time: begin, send, end. In between no statement can run.
extension PostgresConnection {
    /// Largest number of bytes that are handed over at once; a larger piece is sent in several.
    static let copyPieceBytes = 64 << 10

    /// Starts a `COPY … FROM STDIN`. What the server refuses leaves the connection open, its transaction failed.
    ///
    /// - Parameters:
    ///   - sql: exactly one statement; the server refuses a text with a second one in it.
    ///   - deadline: the time for the start; nil stands for the configured one.
    public func beginCopyIn(_ sql: String, deadline: Duration? = nil) async throws(PostgresError) {
        guard !sql.utf8.contains(0) else { throw .invalidConfiguration(reason: "SQL text holds a NUL character") }
        try await thread.perform(within: deadline ?? limits.statementDeadline) {
            wire, interrupt throws(PostgresError) in try wire.beginCopyIn(sql, interrupt)
        }
    }

    /// Sends bytes of the data, cut anywhere. A server that is slower makes the caller wait.
    ///
    /// What the server has against the data is reported by ``endCopyIn(deadline:)``: until then it reads on.
    public func copyIn(_ bytes: [UInt8], deadline: Duration? = nil) async throws(PostgresError) {
        try await thread.perform(within: deadline ?? limits.statementDeadline) {
            wire, interrupt throws(PostgresError) in
            var rest = bytes[...]
            while !rest.isEmpty {
                try wire.putCopyData(Array(rest.prefix(Self.copyPieceBytes)), interrupt)
                rest = rest.dropFirst(Self.copyPieceBytes)
            }
        }
    }

    /// Ends the data and gives the number of rows that were taken.
    public func endCopyIn(deadline: Duration? = nil) async throws(PostgresError) -> Int {
        try await thread.perform(within: deadline ?? limits.statementDeadline) {
            wire, interrupt throws(PostgresError) in try wire.endCopyIn(interrupt)
        }
    }
}

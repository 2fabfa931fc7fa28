/// Logical replication of a database: the changes of publications, from now on, by the plugin `pgoutput`.
///
/// The slot is temporary: it goes with the connection, and the server keeps no log for a client that is away. What
/// happens meanwhile is not sent later.
public final class PostgresReplication: Sendable {
    /// Limits of a replication.
    public struct Limits: Sendable {
        /// Time until the slot is there. The server waits for every transaction that has written and is still open.
        public var slotDeadline: Duration = .seconds(10)
        /// Bytes of the messages that one call returns; one message alone may be larger.
        public var batchBytesMax = 256 << 10
        /// Bytes of one message; a larger one ends the replication before it is received. Nil sets no bound, which TLS
        /// needs.
        public var messageBytesMax: Int?
        /// Time for a status to be sent.
        public var statusDeadline: Duration = .seconds(10)

        /// The defaults.
        public init() {}
    }

    private let connection: PostgresConnection
    private let limits: Limits

    private init(connection: PostgresConnection, limits: Limits) {
        self.connection = connection
        self.limits = limits
    }

    /// Connects, makes the slot and starts.
    ///
    /// - Parameters:
    ///   - parameters: of a role that may replicate.
    ///   - slot: a name of its own, of small letters, digits and underscores.
    ///   - publications: those whose tables are sent. One that is missing ends the replication at the first change.
    public static func start(
        _ parameters: PostgresConnectionParameters, slot: String, publications: [String], limits: Limits = Limits()
    ) async throws(PostgresError) -> PostgresReplication {
        var parameters = parameters
        parameters.options["replication"] = "database"
        var connectionLimits = PostgresLimits()
        connectionLimits.maximumMessageBytes = limits.messageBytesMax
        let connection = try await PostgresConnection.connect(parameters, limits: connectionLimits)
        do throws(PostgresError) {
            let name = try PostgresQuoting.identifier(slot)
            try await connection.executeScript(
                "CREATE_REPLICATION_SLOT \(name) TEMPORARY LOGICAL pgoutput (SNAPSHOT 'nothing')",
                deadline: limits.slotDeadline)
            var names: [String] = []
            for publication in publications { names.append(try PostgresQuoting.identifier(publication)) }
            let list = PostgresQuoting.doubling("'", in: names.joined(separator: ","))
            let command =
                "START_REPLICATION SLOT \(name) LOGICAL 0/0 (proto_version '1', publication_names '\(list)')"
            try await connection.thread.perform(within: limits.slotDeadline) { wire, interrupt throws(PostgresError) in
                try wire.startCopying(command, interrupt)
            }
        } catch {
            await connection.close()
            throw error
        }
        return PostgresReplication(connection: connection, limits: limits)
    }

    /// What came next; empty when nothing came in time.
    ///
    /// While nobody calls, nothing is read: the server then waits, and keeps the rest on its side.
    public func next(within duration: Duration) async throws(PostgresError) -> [ReplicationFrame] {
        let bytesMax = limits.batchBytesMax
        let messages = try await connection.thread.perform(within: duration) {
            wire, interrupt throws(PostgresError) in
            try wire.copyData(bytesMax: bytesMax, interrupt)
        }
        do throws(LogicalDecodingError) {
            var frames: [ReplicationFrame] = []
            for message in messages { frames.append(try ReplicationFrame(message)) }
            return frames
        } catch { throw .connectionLost(reason: "the server sent what is no replication message: \(error)") }
    }

    /// Tells the server that it need not keep the log before a position.
    ///
    /// - Parameter microsecondsSinceEpoch: the present time.
    public func confirm(
        _ position: LogPosition, microsecondsSinceEpoch: Int64
    ) async throws(PostgresError) {
        let status = ReplicationFrame.status(upTo: position, at: microsecondsSinceEpoch)
        try await connection.thread.perform(within: limits.statusDeadline) { wire, interrupt throws(PostgresError) in
            try wire.putCopyData(status, interrupt)
        }
    }

    /// Ends the replication, and with it the slot.
    public func close() async { await connection.close() }
}

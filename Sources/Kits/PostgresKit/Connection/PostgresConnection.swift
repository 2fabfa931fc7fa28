import Locks

/// One session of a PostgreSQL server.
///
/// Calls run one after the other on a thread of the connection's own. Cancelling the task that waits for a statement
/// cancels the statement on the server. A connection is closed by ``close()``, or when the last reference to it goes.
public final class PostgresConnection: PostgresSession {
    let thread: ConnectionThread
    let limits: PostgresLimits
    let isInTransaction = Lock(false)
    /// Runs pipelines without the thread, where the socket is watched.
    let line = Lock<DirectLine?>(nil)
    /// When the connection was made.
    let openedAt = ContinuousClock.now

    private init(thread: ConnectionThread, limits: PostgresLimits) {
        self.thread = thread
        self.limits = limits
    }

    deinit {
        line.withLock { $0 }?.abandon()
        thread.stop()
    }

    /// Connects and logs in, within the connect deadline.
    ///
    /// - Parameter sockets: watches the socket, so that pipelines need no other thread; nil where none does.
    /// - Throws: ``PostgresError/connectFailed(reason:sqlState:)``, ``PostgresError/connectDeadlineExceeded(address:)``,
    ///   ``PostgresError/cancelled``, ``PostgresError/invalidConfiguration(reason:)``.
    public static func connect(
        _ parameters: PostgresConnectionParameters, limits: PostgresLimits = PostgresLimits(),
        sockets: (any PostgresSockets)? = nil
    ) async throws(PostgresError) -> PostgresConnection {
        let thread = try ConnectionThread.start(limits: limits)
        let connection = PostgresConnection(thread: thread, limits: limits)
        try await thread.perform(within: limits.connectDeadline) { wire, interrupt throws(PostgresError) in
            try wire.connect(parameters, interrupt)
        }
        if let sockets { try await connection.watch(by: sockets) }
        return connection
    }

    /// Runs one statement with its parameters.
    ///
    /// The statement is prepared at its first use on this connection and kept, up to a number of statements. So SQL
    /// text should be constant, and values should be parameters.
    ///
    /// - Parameter deadline: the time for this statement; nil stands for the configured one.
    public func query(
        _ sql: String, _ parameters: [PostgresParameter], deadline: Duration?
    ) async throws(PostgresError) -> PostgresRows {
        let encoded = try EncodedParameters(parameters)
        return try await onThread(within: deadline ?? limits.statementDeadline) {
            wire, interrupt throws(PostgresError) in
            try wire.query(sql, parameters: encoded, interrupt: interrupt)
        }
    }

    /// Runs one or more statements without parameters, as one implicit transaction unless they say otherwise.
    ///
    /// For definitions and commands that take no parameters; values in the text go through ``PostgresQuoting``.
    public func executeScript(_ sql: String, deadline: Duration? = nil) async throws(PostgresError) {
        _ = try await command(sql, deadline: deadline, isShielded: false)
    }

    /// A round trip to the server, within the ping deadline.
    public func ping() async throws(PostgresError) {
        _ = try await command("SELECT", deadline: limits.pingDeadline, isShielded: false)
    }

    /// Ends the session. A statement in flight is cancelled first. Calls after this one throw
    /// ``PostgresError/closed``.
    public func close() async {
        thread.interrupt()
        await line.withLock { $0 }?.shut()
        // The only error is that it is closed already.
        try? await thread.perform(within: limits.statementDeadline, isShielded: true) {
            wire, _ throws(PostgresError) in
            wire.drop(because: .closed)
        }
        thread.stop()
    }

    /// Whether the connection is open, outside a transaction and of the usual size, so that the pool may hand it out
    /// again.
    var isReusable: Bool {
        thread.status == .idle && !thread.hasGrown && !isInTransaction.withLock { $0 }
            && line.withLock { $0 }?.isSound ?? true
    }

    /// Whether pipelines run on the caller's own loop.
    var isHere: Bool { line.withLock { $0 }?.isHere ?? false }

    /// Runs a script and gives its last command tag.
    func command(_ sql: String, deadline: Duration?, isShielded: Bool) async throws(PostgresError) -> String {
        try await onThread(within: deadline ?? limits.statementDeadline, isShielded: isShielded) {
            wire, interrupt throws(PostgresError) in
            try wire.script(sql, interrupt).commandTag
        }
    }

    func nextNotification(within duration: Duration) async throws(PostgresError) -> NotificationBuffer.Item? {
        try await onThread(within: duration) { wire, interrupt throws(PostgresError) in
            try wire.nextNotification(interrupt)
        }
    }
}

import CPostgres
import Glibc

/// The owner of one libpq connection. It is confined to one thread, blocks only in `poll`, and never beyond the
/// interrupt it was given.
final class PostgresWire {
    let limits: PostgresLimits
    let wakeup: Wakeup
    var statements: StatementCache
    var notifications: NotificationBuffer
    /// Whether the connection replicates: then nothing is read while nobody asks, so that the server has to wait.
    var isCopying = false
    /// Whether others read the socket while there is nothing to do.
    var isLeased = false
    /// Whether libpq's buffers have grown beyond what is kept.
    var hasGrown = false
    private(set) var connection: OpaquePointer?

    /// Stands between libpq and the server where the size of messages is bounded.
    private(set) var messageGuard: MessageGuard?

    private var share: (any PostgresResultShare)?

    /// Why there is no connection.
    private(set) var failure = PostgresError.closed

    init(limits: PostgresLimits, wakeup: Wakeup) {
        self.limits = limits
        self.wakeup = wakeup
        statements = StatementCache(capacity: limits.maximumCachedStatements)
        notifications = NotificationBuffer(
            capacity: limits.maximumBufferedNotifications, capacityBytes: limits.maximumBufferedNotificationBytes)
    }

    deinit {
        drop(because: .closed)
    }

    /// Whether the connection is there, and not inside a transaction.
    var status: ConnectionStatus {
        guard let connection else { return .closed }
        return PQtransactionStatus(connection) == PQTRANS_IDLE ? .idle : .inTransaction
    }

    /// Asks the server to cancel what the connection does; nil when that is not possible.
    func requestCancellation(of connection: OpaquePointer) -> CancelRequest? {
        guard let messageGuard else { return CancelRequest.start(connection, wakeup: wakeup) }
        return messageGuard.cancelPacket.flatMap { packet in
            CancelRequest.start(packet, until: .now + limits.cancelGrace, wakeup: wakeup)
        }
    }

    /// The connection, or the reason why there is none.
    func open() throws(PostgresError) -> OpaquePointer {
        guard let connection else { throw failure }
        return connection
    }

    /// Closes the connection for the reason that later calls are to see.
    func drop(because reason: PostgresError) {
        guard let connection else { return }
        PQfinish(connection)
        // The last words, which tell the server that this end is meant.
        messageGuard?.pass()
        self.connection = nil
        if case .connectionLost = reason, let refusal = messageGuard?.refusal {
            failure = PostgresError(refusedAnswer: refusal)
        } else {
            failure = reason
        }
        messageGuard = nil
        isCopying = false
        isLeased = false
        statements.reset()
    }

    /// What the results of the call take of the room of all; the owner keeps it for as long as it keeps them.
    func takeShare() -> (any PostgresResultShare)? {
        defer { share = nil }
        return messageGuard?.takeShare() ?? share
    }

    /// Takes room for results that are here already, where they were not inspected on their way.
    func takeRoom(bytes: Int) throws(PostgresError) {
        guard messageGuard == nil, let share = limits.resultRoom?() else { return }
        guard share.grow(to: bytes) else { throw .noRoomForResult }
        self.share = share
    }

    /// Connects and logs in.
    func connect(_ parameters: PostgresConnectionParameters, _ interrupt: Interrupt) throws(PostgresError) {
        let connection = try begin(parameters)
        self.connection = connection
        do throws(PostgresError) {
            try poll(connection, framer: try framer(for: parameters), interrupt: interrupt)
        } catch {
            let reason =
                messageGuard?.refusal.map { PostgresError(refusedLogin: $0, at: parameters.address) }
                ?? error.naming(parameters.address)
            drop(because: reason)
            throw reason
        }
        PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        guard PQsetnonblocking(connection, 1) == 0 else {
            let error = ServerReport.connectFailure(connection)
            drop(because: error)
            throw error
        }
    }

    /// Resolves names, which may block, and sends the first packet.
    private func begin(_ parameters: PostgresConnectionParameters) throws(PostgresError) -> OpaquePointer {
        let pairs = try parameters.keywords()
        let keywords = CStringArray(pairs.map(\.keyword))
        let values = CStringArray(pairs.map(\.value))
        let connection = keywords.withPointers { keywords in
            values.withPointers { values in PQconnectStartParams(keywords, values, 0) }
        }
        guard let connection else { throw .noResources(errno: ENOMEM) }
        // Verbose messages hold the SQLSTATE; before there is a connection libpq offers no other way to get it.
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        return connection
    }

    /// What is to stand between libpq and the server; nil where the server is trusted with memory and password.
    private func framer(
        for parameters: PostgresConnectionParameters
    ) throws(PostgresError) -> MessageFramer? {
        guard limits.maximumMessageBytes != nil || parameters.requiresScram else { return nil }
        guard parameters.canBeInspected else {
            throw .invalidConfiguration(reason: "messages cannot be inspected on a TLS connection: set sslmode=disable")
        }
        return MessageFramer(
            limitBytes: limits.maximumMessageBytes ?? .max,
            login: LoginInspector(requiresScram: parameters.requiresScram), room: limits.resultRoom)
    }

    private func poll(
        _ connection: OpaquePointer, framer: MessageFramer?, interrupt: Interrupt
    ) throws(PostgresError) {
        var direction = PGRES_POLLING_WRITING
        while PQstatus(connection) != CONNECTION_BAD {
            switch direction {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_FAILED: throw ServerReport.connectFailure(connection)
            case PGRES_POLLING_READING: try wait(connection, for: POLLIN, interrupt)
            default: try wait(connection, for: POLLOUT, interrupt)
            }
            if let framer, messageGuard?.stands(in: connection) != true, MessageGuard.isNeeded(in: connection) {
                messageGuard = try MessageGuard.install(on: connection, framer: framer)
            }
            direction = PQconnectPoll(connection)
        }
        throw ServerReport.connectFailure(connection)
    }

    private func wait(
        _ connection: OpaquePointer, for events: Int32, _ interrupt: Interrupt
    ) throws(PostgresError) {
        switch waitForSocket(connection, events: events, interrupt) {
        case nil: return
        case .cancelled: throw .cancelled
        case .deadline: throw .deadlineExceeded
        }
    }
}

extension PostgresWire {
    /// Waits until the socket is ready (then nil) or the interrupt fires (then its reason).
    func waitForSocket(_ connection: OpaquePointer, events: Int32, _ interrupt: Interrupt) -> Interrupt.Reason? {
        while true {
            if let reason = interrupt.reason { return reason }
            if poll(connection, events: events, milliseconds: interrupt.remainingMilliseconds) { return nil }
        }
    }

    /// Polls the socket and the wakeup once. Whether the socket is ready.
    private func poll(_ connection: OpaquePointer, events: Int32, milliseconds: Int32) -> Bool {
        var descriptors = [
            pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0),
            pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        descriptors += messageGuard?.sides ?? []
        guard Glibc.poll(&descriptors, nfds_t(descriptors.count), milliseconds) > 0 else {
            return false
        }
        if descriptors[1].revents != 0 { wakeup.clear() }
        let sides = descriptors.dropFirst(2)
        guard sides.contains(where: { $0.revents != 0 }) else { return descriptors[0].revents != 0 }
        let isReadable = messageGuard?.pass(sides) ?? false
        return descriptors[0].revents != 0 || (isReadable && events & POLLIN != 0)
    }

    /// Waits for a wakeup while there is nothing to do. Messages of the server are read, so that a connection that it
    /// closes is known to be closed at once.
    func idle() {
        guard let connection, !isCopying, !isLeased else {
            var descriptor = pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)
            Glibc.poll(&descriptor, 1, -1)
            wakeup.clear()
            return
        }
        guard poll(connection, events: POLLIN, milliseconds: -1) else { return }
        _ = takeInput(connection)
    }

    /// Takes in what the server has sent, notifications included. Whether the connection is still there.
    func takeInput(_ connection: OpaquePointer) -> Bool {
        guard PQconsumeInput(connection) == 1, PQstatus(connection) != CONNECTION_BAD else {
            drop(because: .connectionLost(reason: ServerReport.firstLine(PQerrorMessage(connection))))
            return false
        }
        while let notification = PQnotifies(connection) {
            notifications.append(channel: notification.pointee.relname, payload: notification.pointee.extra)
            PQfreemem(notification)
        }
        return true
    }
}

/// What a connection can be used for at the moment.
enum ConnectionStatus: Sendable {
    /// Open and outside a transaction.
    case idle

    /// Open, inside a transaction or a statement.
    case inTransaction

    /// Closed, or not yet open.
    case closed
}

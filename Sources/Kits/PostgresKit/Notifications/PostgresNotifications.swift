/// What arrives on a set of channels, on a connection of its own that is made again whenever it is lost.
///
/// Notifications are hints: the server keeps none for a session that is away. So every ``Element/listening`` and
/// ``Element/gap`` means that anything may have been missed before it, and that the listener has to read the whole
/// state once. The sequence ends when the task that iterates is cancelled, and throws what no retry can cure (a wrong
/// password, an unknown database).
public struct PostgresNotifications: AsyncSequence, Sendable {
    /// One thing to know about the channels.
    public enum Element: Sendable, Hashable {
        /// The channels are listened to from now on.
        case listening

        /// The connection was lost and made again, or the listener did not keep up: some may be missing.
        case gap

        case notification(PostgresNotification)
    }

    /// The errors of the sequence.
    public typealias Failure = PostgresError

    private let parameters: PostgresConnectionParameters
    private let channels: [String]
    private let limits: PostgresLimits
    private let heartbeat: Duration

    /// Listens to `channels` once iteration begins.
    ///
    /// - Parameter heartbeat: after this much silence the server is asked for a sign of life.
    public init(
        _ parameters: PostgresConnectionParameters, channels: [String], heartbeat: Duration = .seconds(30),
        limits: PostgresLimits = PostgresLimits()
    ) {
        self.parameters = parameters
        self.channels = channels
        self.heartbeat = heartbeat
        self.limits = limits
    }

    /// An iterator that connects when it is first asked.
    public func makeAsyncIterator() -> Iterator {
        Iterator(source: self)
    }

    /// Connects, listens and reconnects from within ``next(isolation:)``: it needs no task of its own.
    public struct Iterator: AsyncIteratorProtocol {
        let source: PostgresNotifications
        private var connection: PostgresConnection?
        private var hasListened = false

        init(source: PostgresNotifications) {
            self.source = source
        }

        /// The next event; nil when the task was cancelled.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(PostgresError) -> Element? {
            do throws(PostgresError) {
                if let connection { return try await source.receive(on: connection) }
            } catch {
                await connection?.close()
                connection = nil
                if error == .cancelled { return nil }
                guard error.isTransient else { throw error }
            }
            do throws(PostgresError) {
                connection = try await source.listen(atFirst: !hasListened)
            } catch {
                if error == .cancelled { return nil }
                throw error
            }
            defer { hasListened = true }
            return hasListened ? .gap : .listening
        }
    }
}

extension PostgresNotifications {
    fileprivate func receive(on connection: PostgresConnection) async throws(PostgresError) -> Element {
        while true {
            switch try await connection.nextNotification(within: heartbeat) {
            case .notification(let notification): return .notification(notification)
            case .overflow: return .gap
            case nil: try await connection.ping()
            }
        }
    }

    /// Tries until the server answers; only cancellation and errors that no retry can cure end it.
    ///
    /// - Parameter atFirst: whether the first attempt is made at once; a lost connection is worth a short wait.
    fileprivate func listen(atFirst isImmediate: Bool) async throws(PostgresError) -> PostgresConnection {
        var backoff = Backoff()
        var mustWait = !isImmediate
        while true {
            do throws(PostgresError) {
                if mustWait { try await backoff.wait() }
                mustWait = true
                return try await connect()
            } catch {
                guard error.isTransient else { throw error }
            }
        }
    }

    private func connect() async throws(PostgresError) -> PostgresConnection {
        let connection = try await PostgresConnection.connect(parameters, limits: limits)
        for channel in channels {
            try await connection.executeScript("LISTEN \(try PostgresQuoting.identifier(channel))")
        }
        return connection
    }
}

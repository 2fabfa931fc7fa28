/// A message that another session sent with `NOTIFY` or `pg_notify`.
public struct PostgresNotification: Sendable, Hashable {
    /// The channel's name.
    public let channel: String

    /// The message; PostgreSQL allows less than 8000 bytes.
    public let payload: String
}

/// Notifications that have arrived and were not fetched yet, never more than a fixed number.
struct NotificationBuffer {
    private let capacity: Int
    private var waiting: [PostgresNotification] = []
    private var hasOverflowed = false

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// The next element for the listener.
    enum Item: Sendable {
        case notification(PostgresNotification)

        /// Some were dropped because the listener did not keep up.
        case overflow
    }

    mutating func append(_ notification: PostgresNotification) {
        guard waiting.count < capacity else {
            hasOverflowed = true
            waiting = [notification]
            return
        }
        waiting.append(notification)
    }

    /// The next item, oldest first; a report of dropped ones comes before those that are left.
    mutating func next() -> Item? {
        if hasOverflowed {
            hasOverflowed = false
            return .overflow
        }
        return waiting.isEmpty ? nil : .notification(waiting.removeFirst())
    }
}

/// A message that another session sent with `NOTIFY` or `pg_notify`.
public struct PostgresNotification: Sendable, Hashable {
    /// The channel's name.
    public let channel: String

    /// The message; PostgreSQL allows less than 8000 bytes.
    public let payload: String
}

/// Notifications that have arrived and were not fetched yet, never more than a fixed number and a fixed size.
struct NotificationBuffer {
    private let capacity: Int
    private let capacityBytes: Int
    private var waiting: [PostgresNotification] = []
    private var byteCount = 0
    private var hasOverflowed = false

    /// - Parameters:
    ///   - capacity: notifications; with zero none is kept.
    ///   - capacityBytes: bytes of their channels and payloads.
    init(capacity: Int, capacityBytes: Int) {
        self.capacity = max(0, capacity)
        self.capacityBytes = capacityBytes
    }

    /// The next element for the listener.
    enum Item: Sendable {
        case notification(PostgresNotification)

        /// Some were dropped because the listener did not keep up, or because they were larger than any may be.
        case overflow
    }

    mutating func append(_ notification: PostgresNotification) {
        guard waiting.count >= capacity || byteCount + notification.byteCount > capacityBytes else {
            waiting.append(notification)
            byteCount += notification.byteCount
            return
        }
        let fits = capacity > 0 && notification.byteCount <= capacityBytes
        hasOverflowed = true
        waiting = fits ? [notification] : []
        byteCount = fits ? notification.byteCount : 0
    }

    /// Takes libpq's texts. One that is longer than PostgreSQL allows comes from something else and is dropped.
    mutating func append(channel: UnsafePointer<CChar>?, payload: UnsafePointer<CChar>?) {
        let limitBytes = PostgresProtocolLimit.notificationBytes
        guard let channel = ServerReport.text(channel, limitBytes: limitBytes, isCut: false),
            let payload = ServerReport.text(payload, limitBytes: limitBytes, isCut: false)
        else { return hasOverflowed = true }
        append(PostgresNotification(channel: channel, payload: payload))
    }

    /// The next item, oldest first; a report of dropped ones comes before those that are left.
    mutating func next() -> Item? {
        if hasOverflowed {
            hasOverflowed = false
            return .overflow
        }
        guard !waiting.isEmpty else { return nil }
        let notification = waiting.removeFirst()
        byteCount -= notification.byteCount
        return .notification(notification)
    }
}

extension PostgresNotification {
    fileprivate var byteCount: Int { channel.utf8.count + payload.utf8.count }
}

import Glibc

extension PostgresWire {
    /// Waits for the next notification; nil when the deadline passes without one.
    func nextNotification(_ interrupt: Interrupt) throws(PostgresError) -> NotificationBuffer.Item? {
        while true {
            let connection = try open()
            if let item = notifications.next() { return item }
            switch waitForSocket(connection, events: POLLIN, interrupt) {
            case nil: _ = takeInput(connection)
            case .deadline: return nil
            case .cancelled: throw .cancelled
            }
        }
    }
}

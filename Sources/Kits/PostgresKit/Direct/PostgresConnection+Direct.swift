import Locks

extension PostgresConnection {
    /// Has `sockets` watch the connection, so that pipelines need no other thread. Where bytes of the server's are not
    /// inspected anyway, which is on TLS connections above all, libpq's way stays the only one.
    func watch(by sockets: any PostgresSockets) async throws(PostgresError) {
        let (lease, wakeup) = try await thread.perform(within: limits.connectDeadline) {
            wire, _ throws(PostgresError) in
            (wire.leaseSocket(), wire.wakeup)
        }
        guard let lease else { return }
        let line = DirectLine(limits: limits, cancelPacket: lease.cancelPacket, wakeup: wakeup) {
            [weak thread] status in
            thread?.note(status)
        }
        if let watch = await sockets.watch(lease.descriptor, for: line) {
            line.begin(on: watch)
            self.line.withLock { $0 = line }
        } else {
            try await thread.perform(within: limits.connectDeadline) { wire, _ throws(PostgresError) in
                wire.endLease()
            }
        }
    }

    /// Runs `work` on the connection's thread, with the socket in libpq's hands.
    func onThread<Value: Sendable>(
        within deadline: Duration, isShielded: Bool = false,
        _ work: @escaping @Sendable (PostgresWire, Interrupt) throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        guard let line = line.withLock({ $0 }) else {
            return try await thread.perform(within: deadline, isShielded: isShielded, work)
        }
        try await line.lend()
        do throws(PostgresError) {
            let value = try await thread.perform(within: deadline, isShielded: isShielded, work)
            await line.takeBack(isWhole: thread.isWhole)
            return value
        } catch {
            await line.takeBack(isWhole: thread.isWhole)
            throw error
        }
    }
}

extension PostgresWire {
    /// A socket that others read while libpq does not.
    struct Lease {
        /// A duplicate, which its taker closes.
        let descriptor: Int32
        let cancelPacket: CancelPacket
    }

    /// Gives the socket away until the next call; nil where that is not possible.
    func leaseSocket() -> Lease? {
        guard isWhole, let cancelPacket = messageGuard?.cancelPacket, let descriptor = messageGuard?.duplicate() else {
            return nil
        }
        isLeased = true
        return Lease(descriptor: descriptor, cancelPacket: cancelPacket)
    }

    /// Nobody has taken the socket after all.
    func endLease() { isLeased = false }

    /// Whether the connection is open, and between two messages.
    var isWhole: Bool { connection != nil && messageGuard?.isBetweenMessages == true }
}

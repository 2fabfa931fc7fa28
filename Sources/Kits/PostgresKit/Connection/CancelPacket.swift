import Glibc

/// A request to cancel what a connection does (PostgreSQL manual, "Canceling Requests in Progress"), sent within a
/// deadline. For servers that are not the program's own: libpq's `PQcancel` waits for them without end.
struct CancelPacket: Sendable {
    /// The code that stands in place of a protocol version.
    private static let code: UInt32 = 80_877_102
    /// Bytes of a key that is passed on: today's have 8, those of the protocol's next version up to 260.
    private static let keyBytesMax = 512

    /// Where the server is (`sockaddr`).
    let serverAddress: [UInt8]
    /// What the server said at the login: its process id and a secret.
    let key: [UInt8]

    var bytes: [UInt8] {
        let key = key.prefix(Self.keyBytesMax)
        let fields = [UInt32(8 + key.count), Self.code]
        return fields.flatMap { field in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: field >> $0) } } + key
    }

    /// Sends the request, and waits until the server hangs up, which says that it has been taken. Returns at the deadline
    /// in any case.
    func send(until deadline: ContinuousClock.Instant) {
        guard serverAddress.count > MemoryLayout<sa_family_t>.size else { return }
        let family = serverAddress.withUnsafeBytes { $0.loadUnaligned(as: sa_family_t.self) }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(Int32(family), type, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let status = serverAddress.withUnsafeBytes { address in
            address.withMemoryRebound(to: sockaddr.self) {
                connect(descriptor, $0.baseAddress, socklen_t(address.count))
            }
        }
        guard status == 0 || errno == EINPROGRESS, wait(descriptor, for: POLLOUT, until: deadline) else { return }
        let bytes = bytes
        let sent = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == bytes.count else { return }
        _ = wait(descriptor, for: POLLIN, until: deadline)
    }

    /// Whether the socket became ready in time. A failed connection is ready too; sending then fails.
    private func wait(_ descriptor: Int32, for events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        var side = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let left = deadline - .now
            guard left > .zero else { return false }
            let milliseconds = Int32(min(Double(Int32.max), (left / .milliseconds(1)).rounded(.up)))
            let count = poll(&side, 1, milliseconds)
            if count > 0 { return true }
            guard count == 0 || errno == EINTR else { return false }
        }
    }
}

import Glibc
import Locks

@testable import PostgresKit

/// Watches each socket on a thread of its own, where programs have event loops.
struct ThreadSockets: PostgresSockets {
    func watch(_ descriptor: Int32, for receiver: any PostgresSocketReceiver) async -> (any PostgresSocketWatch)? {
        guard let wakeup = try? Wakeup() else { return nil }
        let socket = ThreadSocket(descriptor: descriptor, wakeup: wakeup)
        do throws(PostgresError) { try NativeThread.start { socket.run(receiver) } } catch { return nil }
        return socket
    }
}

private final class ThreadSocket: PostgresSocketWatch {
    private struct State {
        var reads = true
        var isClosed = false
        /// Told once the thread has seen the change.
        var told: [CheckedContinuation<Void, Never>] = []
    }

    private let descriptor: Int32
    private let wakeup: Wakeup
    private let state = Lock(State())

    init(descriptor: Int32, wakeup: Wakeup) {
        self.descriptor = descriptor
        self.wakeup = wakeup
    }

    var isHere: Bool { false }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 || errno == EAGAIN else { return }
            rest = rest.dropFirst(max(0, sent))
        }
    }

    func pause() async { await tell { $0.reads = false } }

    func resume() async { await tell { $0.reads = true } }

    func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void) {
        let microseconds = UInt32(clamping: Int(max(0, delay / .microseconds(1))))
        do throws(PostgresError) {
            try NativeThread.start {
                usleep(microseconds)
                work()
            }
        } catch { work() }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        wakeup.signal()
    }

    private func tell(_ change: @Sendable (inout State) -> Void) async {
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                change(&state)
                if !state.isClosed { state.told.append(continuation) }
                return state.isClosed
            }
            if isClosed { continuation.resume() }
            wakeup.signal()
        }
    }

    fileprivate func run(_ receiver: any PostgresSocketReceiver) {
        var buffer = [UInt8](repeating: 0, count: 1_000)
        var isOver = false
        while true {
            let (reads, isClosed, told) = state.withLock { state in
                defer { state.told = [] }
                return (state.reads, state.isClosed, state.told)
            }
            for continuation in told { continuation.resume() }
            if isClosed { break }
            var sides = [
                pollfd(fd: reads && !isOver ? descriptor : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            poll(&sides, 2, -1)
            if sides[1].revents != 0 { wakeup.clear() }
            guard sides[0].revents != 0 else { continue }
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                buffer.withUnsafeBytes { receiver.receive(RawSpan(_unsafeBytes: $0[..<count])) }
            } else if count == 0 || errno != EAGAIN {
                isOver = true
                receiver.end()
            }
        }
        Glibc.close(descriptor)
    }
}

extension PostgresConnection {
    /// A connection whose socket is watched.
    static func watched(
        _ parameters: PostgresConnectionParameters, limits: PostgresLimits = PostgresLimits()
    ) async throws -> PostgresConnection {
        var limits = limits
        limits.maximumMessageBytes = limits.maximumMessageBytes ?? limits.maximumResultBytes
        return try await .connect(parameters, limits: limits, sockets: ThreadSockets())
    }
}

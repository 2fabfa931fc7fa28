import CPostgres
import Locks

/// One request to the server to cancel the statement that a connection runs.
///
/// `PQcancel` opens a connection of its own and waits for the server to close it, without any time limit. So it runs on
/// a thread of its own, and the caller waits no longer than its own limit. For a server that is not the program's own a
/// ``CancelPacket`` takes its place, which ends in time: threads that such servers hold would add up until no request
/// of any connection could be sent.
///
/// `@unchecked Sendable`: the handle is used by the one thread that `start` makes, and libpq documents `PQcancel` as
/// safe on any thread, as the handle shares nothing with the connection.
final class CancelRequest: @unchecked Sendable {
    /// Requests that may wait for servers that do not answer, in the whole process: of each way to send them.
    static let maximumConcurrent = 32

    private static let runningHandles = Lock(0)
    private static let runningPackets = Lock(0)
    private static let errorBytes: Int32 = 256

    private enum Way {
        case handle(OpaquePointer)
        case packet(CancelPacket, until: ContinuousClock.Instant)
    }

    private let way: Way
    private let running: Lock<Int>
    private let wakeup: Wakeup
    private let done = Lock(false)

    private init(_ way: Way, wakeup: Wakeup) {
        self.way = way
        self.wakeup = wakeup
        running = if case .handle = way { Self.runningHandles } else { Self.runningPackets }
    }

    deinit {
        if case .handle(let handle) = way { PQfreeCancel(handle) }
    }

    /// Whether the server has taken the request, or it could not be delivered.
    var isDone: Bool { done.withLock { $0 } }

    /// Requests that wait for servers at the moment.
    static var concurrent: Int { runningHandles.withLock { $0 } + runningPackets.withLock { $0 } }

    /// Sends the request. Nil when that is not possible now: the caller then drops the connection instead.
    ///
    /// - Parameter wakeup: signalled when the request is done.
    static func start(_ connection: OpaquePointer, wakeup: Wakeup) -> CancelRequest? {
        PQgetCancel(connection).flatMap { start(.handle($0), wakeup: wakeup) }
    }

    /// The same without libpq, within a deadline.
    static func start(
        _ packet: CancelPacket, until deadline: ContinuousClock.Instant, wakeup: Wakeup
    ) -> CancelRequest? {
        start(.packet(packet, until: deadline), wakeup: wakeup)
    }

    private static func start(_ way: Way, wakeup: Wakeup) -> CancelRequest? {
        let request = CancelRequest(way, wakeup: wakeup)
        let mayRun = request.running.withLock { running in
            guard running < maximumConcurrent else { return false }
            running += 1
            return true
        }
        guard mayRun else { return nil }
        do throws(PostgresError) {
            try NativeThread.start { request.send() }
            return request
        } catch {
            request.running.withLock { $0 -= 1 }
            return nil
        }
    }

    /// A request that fails leaves the statement running; the grace period of the caller deals with that.
    private func send() {
        switch way {
        case .handle(let handle):
            var message = [CChar](repeating: 0, count: Int(Self.errorBytes))
            PQcancel(handle, &message, Self.errorBytes)
        case .packet(let packet, let deadline): packet.send(until: deadline)
        }
        running.withLock { $0 -= 1 }
        done.withLock { $0 = true }
        wakeup.signal()
    }
}

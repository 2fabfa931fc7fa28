import CPostgres
import Locks

/// One request to the server to cancel the statement that a connection runs.
///
/// `PQcancel` opens a connection of its own and waits for the server to close it, without any time limit. So it runs on
/// a thread of its own, and the caller waits no longer than its own limit.
///
/// `@unchecked Sendable`: `handle` is used by the one thread that `start` makes, and libpq documents `PQcancel` as safe
/// on any thread, as the handle shares nothing with the connection.
final class CancelRequest: @unchecked Sendable {
    /// Requests that may wait for servers that do not answer, in the whole process.
    static let maximumConcurrent = 32

    private static let running = Lock(0)
    private static let errorBytes: Int32 = 256

    private let handle: OpaquePointer
    private let wakeup: Wakeup
    private let done = Lock(false)

    private init(handle: OpaquePointer, wakeup: Wakeup) {
        self.handle = handle
        self.wakeup = wakeup
    }

    deinit {
        PQfreeCancel(handle)
    }

    /// Whether the server has taken the request, or it could not be delivered.
    var isDone: Bool { done.withLock { $0 } }

    /// Sends the request. Nil when that is not possible now: the caller then drops the connection instead.
    ///
    /// - Parameter wakeup: signalled when the request is done.
    static func start(_ connection: OpaquePointer, wakeup: Wakeup) -> CancelRequest? {
        guard let handle = PQgetCancel(connection) else { return nil }
        let request = CancelRequest(handle: handle, wakeup: wakeup)
        let mayRun = running.withLock { running in
            guard running < maximumConcurrent else { return false }
            running += 1
            return true
        }
        guard mayRun else { return nil }
        do throws(PostgresError) {
            try NativeThread.start { request.send() }
            return request
        } catch {
            running.withLock { $0 -= 1 }
            return nil
        }
    }

    private func send() {
        var message = [CChar](repeating: 0, count: Int(Self.errorBytes))
        // A request that fails leaves the statement running; the grace period of the caller deals with that.
        PQcancel(handle, &message, Self.errorBytes)
        Self.running.withLock { $0 -= 1 }
        done.withLock { $0 = true }
        wakeup.signal()
    }
}

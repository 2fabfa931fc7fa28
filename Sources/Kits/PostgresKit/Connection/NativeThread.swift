// Which module pthread types belong to depends on the order in which C modules are read: import both.
import CPostgres
import Glibc

/// Starts threads of the kit's own: libpq may block in name resolution and in `PQcancel`, and must not do so on one of
/// Swift's few cooperative threads.
enum NativeThread {
    private static let stackBytes = 1 << 20

    /// Runs `body` on a new detached thread that takes no signals.
    static func start(_ body: @escaping @Sendable () -> Void) throws(PostgresError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Body(body))
        let status = pthread_create(&thread, &attributes, { NativeThread.main($0) }, box.toOpaque())
        guard status == 0 else {
            box.release()
            throw .noResources(errno: status)
        }
    }

    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        // Signals belong to the program's own handlers, on its own threads.
        var everySignal = sigset_t()
        sigfillset(&everySignal)
        pthread_sigmask(SIG_SETMASK, &everySignal, nil)
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
}

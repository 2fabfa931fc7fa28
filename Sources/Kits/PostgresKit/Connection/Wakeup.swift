import CPostgres
import Glibc

/// An event descriptor through which other threads wake a connection's thread out of `poll`.
final class Wakeup: Sendable {
    let descriptor: Int32

    init() throws(PostgresError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .noResources(errno: errno) }
    }

    deinit {
        close(descriptor)
    }

    /// Makes the current or the next `poll` return. A full counter already does, so the result does not matter.
    func signal() {
        eventfd_write(descriptor, 1)
    }

    /// Takes the signals back.
    func clear() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}

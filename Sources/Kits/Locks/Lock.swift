import Glibc

/// A value behind a `pthread_mutex_t`.
///
/// `Synchronization.Mutex` would do, but the thread sanitizer does not know it: a contended one is handed over in the
/// kernel, and reports of races that are none follow. Where many threads meet, in kits and in doubles of stores, this
/// one is used.
///
/// `@unchecked Sendable`: `value` is only reached between lock and unlock, and the mutex lives on the heap at one
/// address.
public final class Lock<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    /// A lock around a value.
    public init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        // With default attributes glibc's initialiser cannot fail.
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deinitialize(count: 1)
        mutex.deallocate()
    }

    /// Runs `body` with the value. Keep it short, and resume no continuation inside: its executor may want the lock.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}

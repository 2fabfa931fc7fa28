import Glibc

/// A value behind a `pthread_mutex_t`.
///
/// A pthread lock and not `Synchronization.Mutex`, because the thread sanitizer knows the first one: it reports
/// races inside correctly locked `Mutex` closures.
///
/// `@unchecked Sendable`: `value` is touched only inside `withLock`, and the mutex lives on the heap at one address.
final class Locked<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    init(_ value: Value) {
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

    /// Runs `body` while holding the lock. Never resume a continuation inside: its executor may want the lock.
    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&value)
    }
}

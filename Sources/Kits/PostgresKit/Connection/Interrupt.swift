import Locks

/// What ends a call before its answer: the deadline passes, or the task that waits for it is cancelled.
final class Interrupt: Sendable {
    enum Reason: Sendable {
        case cancelled
        case deadline

        var error: PostgresError {
            switch self {
            case .cancelled: .cancelled
            case .deadline: .deadlineExceeded
            }
        }
    }

    private let deadline: ContinuousClock.Instant
    private let isCancelled = Lock(false)
    private let wakeup: Wakeup

    init(after duration: Duration, wakeup: Wakeup) {
        deadline = .now + duration
        self.wakeup = wakeup
    }

    /// May be called on any thread.
    func cancel() {
        isCancelled.withLock { $0 = true }
        wakeup.signal()
    }

    /// Why to stop now; nil while there is no reason to.
    var reason: Reason? {
        if isCancelled.withLock({ $0 }) { return .cancelled }
        return ContinuousClock.now >= deadline ? .deadline : nil
    }

    /// Time to the deadline for `poll`, rounded up so that it does not spin through the last millisecond.
    var remainingMilliseconds: Int32 {
        let parts = (deadline - .now).components
        let milliseconds = parts.seconds.multipliedReportingOverflow(by: 1_000)
        let rest = parts.attoseconds / 1_000_000_000_000_000 + 1
        guard !milliseconds.overflow, milliseconds.partialValue < Int64(Int32.max) - rest else { return .max }
        return Int32(max(0, milliseconds.partialValue + rest))
    }
}

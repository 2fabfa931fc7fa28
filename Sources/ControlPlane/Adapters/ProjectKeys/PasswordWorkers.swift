import Dispatch
import Identity
import Synchronization

/// Runs the slow work on passwords outside the cooperative pool, which must never block, and bounds how much of it
/// there is: every run takes about 0.1 s of a processor and 32 MiB.
final class PasswordWorkers: Sendable {
    /// Runs at the same time.
    static let maximumRunning = PasswordQueue.lanes

    /// Runs that wait for their turn. What comes after them is refused at once instead of waiting for seconds.
    static let maximumWaiting = 32

    /// Runs of one client network, of each kind, that work or wait.
    static let maximumPerClient = 8

    private let lanes: [DispatchQueue]
    private let queue: Mutex<PasswordQueue>

    init() {
        // A serial queue each: that is what keeps the number of runs at the same time.
        lanes = (0..<Self.maximumRunning).map { DispatchQueue(label: "supamanager.passwords.\($0)") }
        queue = Mutex(
            PasswordQueue(
                waitingMax: Self.maximumWaiting / Self.maximumRunning, perClientMax: Self.maximumPerClient))
    }

    /// Runs `work` when its turn has come.
    ///
    /// - Throws: ``Identity/IdentityCryptoError`` when too many wait already; else what `work` throws.
    func run<Value: Sendable>(
        _ kind: PasswordWork = .check, _ work: @escaping @Sendable () throws(IdentityCryptoError) -> Value
    ) async throws(IdentityCryptoError) -> Value {
        guard let place = queue.withLock({ $0.take(kind, client: PasswordWork.client) }) else {
            throw IdentityCryptoError("too many sign-ins at once; try again later")
        }
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome<Value>, Never>) in
            lanes[place.lane].async {
                let result = Outcome { () throws(IdentityCryptoError) in try work() }
                // Released before the caller resumes, so that the next waiter finds the place free.
                self.queue.withLock { $0.release(place) }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    private typealias Outcome<Value> = Result<Value, IdentityCryptoError>
}

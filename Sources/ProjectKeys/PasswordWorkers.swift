import Dispatch
import Identity
import Synchronization

/// Runs the slow work on passwords outside the cooperative pool, which must never block, and bounds how much of it
/// there is: every run takes about 0.1 s of a processor and 32 MiB.
final class PasswordWorkers: Sendable {
    /// Runs at the same time.
    static let maximumRunning = 2

    /// Runs that wait for their turn. What comes after them is refused at once instead of waiting for seconds.
    static let maximumWaiting = 32

    private let lanes: [DispatchQueue]

    /// Runs in hand by lane: the one that works, and those that wait behind it.
    private let inHand: Mutex<[Int]>

    init() {
        // A serial queue each: that is what keeps the number of runs at the same time.
        lanes = (0..<Self.maximumRunning).map { DispatchQueue(label: "supamanager.passwords.\($0)") }
        inHand = Mutex(Array(repeating: 0, count: Self.maximumRunning))
    }

    /// Runs `work` when its turn has come.
    ///
    /// - Throws: ``Identity/IdentityCryptoError`` when too many wait already; else what `work` throws.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(IdentityCryptoError) -> Value
    ) async throws(IdentityCryptoError) -> Value {
        guard let lane = takeLane() else { throw IdentityCryptoError("too many sign-ins at once; try again later") }
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome<Value>, Never>) in
            lanes[lane].async {
                let result = Outcome { () throws(IdentityCryptoError) in try work() }
                // Released before the caller resumes, so that the next waiter finds the place free.
                self.inHand.withLock { $0[lane] -= 1 }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    private typealias Outcome<Value> = Result<Value, IdentityCryptoError>

    private func takeLane() -> Int? {
        inHand.withLock { counts in
            guard counts.reduce(0, +) < Self.maximumRunning + Self.maximumWaiting,
                let lane = counts.indices.min(by: { counts[$0] < counts[$1] })
            else { return nil }
            counts[lane] += 1
            return lane
        }
    }
}

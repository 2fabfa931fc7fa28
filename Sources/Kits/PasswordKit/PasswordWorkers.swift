import Dispatch
import Synchronization

/// Runs the slow work on passwords outside the cooperative pool, which must never block, and bounds how much of it
/// there is: every run takes about 50 ms of a processor and 19 MiB.
public final class PasswordWorkers: Sendable {
    /// Runs that wait for their turn. What comes after them is refused at once instead of waiting for seconds.
    public static let waitingMax = 64
    /// Longest wait for a turn.
    public static let waitMax: Duration = .seconds(5)

    private let lanes: [DispatchQueue]
    /// Runs in hand by lane: the one that works, and those that wait behind it.
    private let inHand: Mutex<[Int]>

    /// Workers.
    ///
    /// - Parameter runningMax: runs at the same time, each on a thread that exists while it has work.
    public init(runningMax: Int) {
        let count = max(1, runningMax)
        // A serial queue each: that is what keeps the number of runs at the same time.
        lanes = (0..<count).map { DispatchQueue(label: "passwords.\($0)") }
        inHand = Mutex(Array(repeating: 0, count: count))
    }

    /// Runs `work` when its turn has come.
    ///
    /// - Throws: ``PasswordError/overloaded`` when too many wait already or the turn comes too late; else what `work`
    ///   throws.
    public func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(PasswordError) -> Value
    ) async throws(PasswordError) -> Value {
        guard let lane = takeLane() else { throw .overloaded }
        let limit = ContinuousClock.now + Self.waitMax
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome<Value>, Never>) in
            lanes[lane].async {
                let result =
                    ContinuousClock.now > limit
                    ? .failure(.overloaded) : Outcome { () throws(PasswordError) in try work() }
                // Given back first, so that the caller's next run finds the place free.
                self.inHand.withLock { $0[lane] -= 1 }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    private typealias Outcome<Value> = Result<Value, PasswordError>

    private func takeLane() -> Int? {
        inHand.withLock { counts in
            guard counts.reduce(0, +) < lanes.count + Self.waitingMax,
                let lane = counts.indices.min(by: { counts[$0] < counts[$1] })
            else { return nil }
            counts[lane] += 1
            return lane
        }
    }
}

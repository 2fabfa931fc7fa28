import Dispatch
import Locks

/// Runs the slow work on passwords outside the cooperative pool, which must never block, and bounds how much of it
/// there is: every run takes up to 0.3 s of a processor and 32 MiB.
public final class PasswordWorkers: Sendable {
    /// How much work there may be. What comes beyond is refused at once instead of waiting for seconds.
    public struct Limits: Sendable, Equatable {
        /// Runs at the same time, each on a thread that exists while it has work; two at least, of which one is for
        /// checks alone.
        public var runningMax: Int
        /// Runs that wait behind each of these.
        public var waitingMax: Int
        /// Runs of one client network, of each kind, that work or wait.
        public var perClientMax: Int
        /// Longest wait for a turn.
        public var waitMax: Duration

        /// Limits.
        public init(
            runningMax: Int = 2, waitingMax: Int = 16, perClientMax: Int = 8, waitMax: Duration = .seconds(10)
        ) {
            self.runningMax = max(2, runningMax)
            self.waitingMax = waitingMax
            self.perClientMax = perClientMax
            self.waitMax = waitMax
        }
    }

    /// The limits.
    public let limits: Limits
    private let lanes: [DispatchQueue]
    private let queue: Lock<PasswordQueue>

    /// Workers without work.
    public init(limits: Limits = Limits()) {
        self.limits = limits
        // A serial queue each: that is what keeps the number of runs at the same time.
        lanes = (0..<limits.runningMax).map { DispatchQueue(label: "passwords.\($0)") }
        queue = Lock(
            PasswordQueue(
                lanes: limits.runningMax, waitingMax: limits.waitingMax, perClientMax: limits.perClientMax))
    }

    /// Runs `work` when its turn has come.
    ///
    /// - Parameters:
    ///   - kind: whether a verifier is made or compared.
    ///   - client: the network that the work is for; nil where it is not counted.
    ///   - refusal: thrown when too many wait already, or the turn comes too late.
    /// - Throws: `refusal`, or what `work` throws.
    public func run<Value: Sendable, Failure: Error>(
        _ kind: PasswordWork, for client: String?, refusal: Failure,
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard let place = queue.withLock({ $0.take(kind, client: client) }) else { throw refusal }
        let limit = ContinuousClock.now + limits.waitMax
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
            lanes[place.lane].async {
                let result =
                    ContinuousClock.now > limit
                    ? .failure(refusal) : Result { () throws(Failure) in try work() }
                // Released before the caller resumes, so that the next waiter finds the place free.
                self.queue.withLock { $0.release(place) }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }
}

/// The useful number of concurrent calls of one kind, learnt from their durations. A container engine starts containers
/// under locks of its own: beyond some number, more concurrent calls only make each of them slower, and urgent calls
/// wait for the others.
///
/// The rule is that of TCP Vegas. If a call takes `alone` when it has the engine for itself and `duration` as one of
/// `n`, then about `n × (1 − alone / duration)` of them stand in a queue inside the engine. A few must, or the engine
/// runs dry; more are of no use.
public struct ConcurrencyLimit: Sendable, Equatable {
    /// Between these the limit moves.
    public static let bounds = 2...16
    /// The initial value.
    public static let initial = 4
    /// Calls that should stand in the engine's own queue: with fewer the limit grows, with more it shrinks.
    public static let queued = 2.0...3.0
    /// Most concurrent calls.
    public private(set) var limit = Self.initial
    /// What a call takes that has the engine for itself, in seconds; nothing before the first one.
    private var alone: Double?
    /// Calls since the limit was last moved: a change is given the time to show.
    private var callsSinceMove = 0

    /// A limit that has seen nothing yet.
    public init() {}

    /// Takes in how long a call took that succeeded.
    ///
    /// - Parameter underWay: Calls in progress when it began, itself included.
    public mutating func note(_ duration: Duration, underWay: Int) {
        let seconds = max(duration / .seconds(1), 0.000_001)
        // Beside others a call can only be faster than the estimate. Only a call that runs alone raises the estimate:
        // an engine may become slower permanently.
        var alone = min(self.alone ?? seconds, seconds)
        if underWay <= 1, let before = self.alone { alone = (before + seconds) / 2 }
        self.alone = alone
        callsSinceMove += 1
        guard callsSinceMove >= limit else { return }
        let waiting = Double(underWay) * (1 - alone / seconds)
        if waiting > Self.queued.upperBound, limit > Self.bounds.lowerBound {
            limit -= 1
        } else if waiting < Self.queued.lowerBound, underWay >= limit, limit < Self.bounds.upperBound {
            limit += 1
        } else {
            return
        }
        callsSinceMove = 0
    }
}

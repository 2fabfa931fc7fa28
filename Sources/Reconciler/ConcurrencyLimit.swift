/// How many calls of one kind are worth having under way at once, learnt from how long they take. A container engine
/// starts containers under locks of its own: beyond some number, more calls at once only make each of them slower, and
/// what is urgent waits for what is not.
///
/// The rule is that of TCP Vegas. If a call would take `shortest` alone and takes `duration` among `limit` others, then
/// about `limit × (1 − shortest / duration)` of them stand in a queue inside the engine. A few must, or the engine runs
/// dry; more are of no use.
public struct ConcurrencyLimit: Sendable, Equatable {
    /// Between these the limit moves.
    public static let bounds = 2...16
    /// Where it begins.
    public static let initial = 4
    /// Calls that should stand in the engine's own queue: with fewer the limit grows, with more it shrinks.
    public static let queued = 2.0...3.0
    /// By how much the shortest duration is let grow with every call: the engine may have become slower for good.
    static let forgetting = 1.01

    /// Calls that may be under way at once.
    public private(set) var limit = Self.initial
    /// About what a call takes that has the engine for itself, in seconds; nothing before the first one.
    private var shortest: Double?
    /// Calls since the limit was last moved: a change is given the time to show.
    private var callsSinceMove = 0

    /// A limit that has seen nothing yet.
    public init() {}

    /// Takes in how long a call took that succeeded.
    ///
    /// - Parameter underWay: Calls that were under way when it began, itself included.
    public mutating func note(_ duration: Duration, underWay: Int) {
        let seconds = max(duration / .seconds(1), 0.000_001)
        let alone = min(shortest.map { $0 * Self.forgetting } ?? seconds, seconds)
        shortest = alone
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

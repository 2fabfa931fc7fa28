import Synchronization

/// Counts what this process does, by name and outcome, and how long it takes, since its start.
public final class OutcomeMetrics: Sendable {
    /// Different names that are counted; others count as ``otherName``.
    public static let namesMax = 256
    /// What names past the limit are counted under.
    public static let otherName = "other"

    /// How often something ended in one way.
    public struct Count: Sendable, Equatable {
        public let name: String
        public let outcome: String
        public let count: Int64
    }

    /// How long something took, whatever its outcome.
    public struct Durations: Sendable, Equatable {
        public let name: String
        /// How many took at most as long as the bound in the same place.
        public var counts: [Int64]
        public var count: Int64 = 0
        public var seconds = 0.0
    }

    private struct Key: Hashable {
        let name: String
        let outcome: String
    }

    private struct State {
        var counts: [Key: Int64] = [:]
        var durations: [String: Durations] = [:]
        var names: Set<String> = []
    }

    /// Upper bounds of the buckets of durations in seconds, the smallest first.
    public let buckets: [Double]
    private let state = Mutex(State())

    /// - Parameter buckets: None where durations are not measured.
    public init(buckets: [Double] = []) { self.buckets = buckets }

    /// Counts one.
    public func count(_ name: String, outcome: String, took duration: Duration? = nil) {
        state.withLock { state in
            let isKnown = state.names.contains(name) || state.names.count < Self.namesMax
            let name = isKnown ? name : Self.otherName
            state.names.insert(name)
            state.counts[Key(name: name, outcome: outcome), default: 0] += 1
            guard let duration else { return }
            let (seconds, attoseconds) = duration.components
            let value = Double(seconds) + Double(attoseconds) / 1e18
            var durations =
                state.durations[name] ?? Durations(name: name, counts: [Int64](repeating: 0, count: buckets.count))
            for (index, bound) in buckets.enumerated() where value <= bound { durations.counts[index] += 1 }
            durations.count += 1
            durations.seconds += value
            state.durations[name] = durations
        }
    }

    /// What was counted, in the order of names and outcomes.
    public var counts: [Count] {
        state.withLock { $0.counts }.map { Count(name: $0.key.name, outcome: $0.key.outcome, count: $0.value) }
            .sorted { ($0.name, $0.outcome) < ($1.name, $1.outcome) }
    }

    /// What was measured, in the order of names.
    public var durations: [Durations] { state.withLock { $0.durations }.values.sorted { $0.name < $1.name } }
}

/// What a manager counts of its own work.
public struct ManagerMetrics: Sendable {
    /// Operations of projects that ended, by kind and how.
    public let operations = OutcomeMetrics(buckets: [1, 2, 5, 10, 30, 60, 120, 300])
    /// Calls to the engine, by what is called and what came of it.
    public let engine = OutcomeMetrics(buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30])
    /// Probes that failed, by service.
    public let probes = OutcomeMetrics()
    /// Full lists of the engine's objects.
    public let resyncs = OutcomeMetrics(buckets: [0.025, 0.1, 0.5, 1, 5, 30])

    public init() {}
}

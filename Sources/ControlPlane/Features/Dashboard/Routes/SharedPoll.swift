/// A question that many ask again and again, asked once in an interval: all who come meanwhile get the last answer.
actor SharedPoll {
    private let ask: @Sendable () async throws -> String?
    private let interval: Duration
    private let clock = ContinuousClock()
    private var known: (answer: String?, at: ContinuousClock.Instant)?
    /// How often it was asked.
    private(set) var count = 0

    /// - Parameter ask: gives a text that changes with what is watched; nil where that is unknown.
    init(every interval: Duration, _ ask: @escaping @Sendable () async throws -> String?) {
        self.ask = ask
        self.interval = interval
    }

    /// An answer that is no older than the interval.
    func answer() async throws -> String? {
        if let known, clock.now - known.at < interval { return known.answer }
        // Those who come while the question is asked get the answer before.
        let before = known?.answer
        known = (before, clock.now)
        count += 1
        let answer = try await ask()
        known = (answer, clock.now)
        return answer
    }
}

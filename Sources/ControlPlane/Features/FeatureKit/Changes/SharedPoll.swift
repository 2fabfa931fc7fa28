/// A question that many ask again and again, asked once in an interval: all who come meanwhile get the last answer.
package actor SharedPoll {
    /// Time between two questions whether any project has changed, however many pages and streams are open.
    package static let usualInterval: Duration = .milliseconds(180)

    private let ask: @Sendable () async throws -> String?
    private let interval: Duration
    private let clock = ContinuousClock()
    private var known: (answer: String?, at: ContinuousClock.Instant)?
    /// How often it was asked.
    package private(set) var count = 0

    /// - Parameter ask: gives a text that changes with what is watched; nil where that is unknown.
    package init(every interval: Duration, _ ask: @escaping @Sendable () async throws -> String?) {
        self.ask = ask
        self.interval = interval
    }

    /// An answer that is no older than the interval.
    package func answer() async throws -> String? {
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

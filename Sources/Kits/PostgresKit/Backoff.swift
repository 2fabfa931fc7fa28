/// Growing waits between attempts, with jitter so that many callers do not come back at the same moment.
struct Backoff {
    /// The first wait.
    static let initial: Duration = .milliseconds(20)

    /// The longest wait.
    static let maximum: Duration = .seconds(2)

    private var next = initial

    /// Waits between half and the whole of the current step, which then doubles up to the maximum.
    ///
    /// - Throws: ``PostgresError/cancelled``.
    mutating func wait(atMost limit: Duration = maximum) async throws(PostgresError) {
        let step = min(next, limit)
        next = min(next * 2, Self.maximum)
        do {
            try await Task.sleep(for: step * Double.random(in: 0.5...1))
        } catch {
            throw .cancelled
        }
    }
}

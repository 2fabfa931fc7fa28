/// How fast the body of a request has to come in.
package struct BodyPace: Sendable, Equatable {
    package typealias Instant = ContinuousClock.Instant

    /// Longest time for any body.
    package var deadline: Duration
    /// Time that every body gets, however small: for the way to the client and back, and packets that are lost.
    package var smallBodyDeadline: Duration
    /// Pace below which a body makes no progress. What is declared gets that much more time, up to ``deadline``.
    package var bytesPerSecondMin: Int
    /// How long a body may be behind its pace before its connection may be closed for another one.
    package var patience: Duration

    package init(deadline: Duration, smallBodyDeadline: Duration, bytesPerSecondMin: Int, patience: Duration) {
        self.deadline = deadline
        self.smallBodyDeadline = smallBodyDeadline
        self.bytesPerSecondMin = max(1, bytesPerSecondMin)
        self.patience = patience
    }

    /// Longest time for a body of a declared length; nil when the length is not known before its end.
    package func deadline(of declared: Int?) -> Duration {
        guard let declared else { return deadline }
        return min(deadline, smallBodyDeadline + time(for: declared))
    }

    /// The time until which a body that has to make progress until `due` counts as moving after more bytes. What came
    /// earlier than needed is no credit beyond ``patience``.
    package func extend(_ due: Instant, by count: Int, at now: Instant) -> Instant {
        min(now + patience, max(due, now) + time(for: count))
    }

    /// No body is given more than a day.
    private static let secondsMax = 86_400.0

    private func time(for count: Int) -> Duration {
        let seconds = Double(max(0, count)) / Double(bytesPerSecondMin)
        return .nanoseconds(Int64((min(seconds, Self.secondsMax) * 1e9).rounded()))
    }
}

/// A pipeline whose answer is waited for.
struct DirectExchange {
    typealias Answer = (outcome: PostgresPipelineOutcome, share: (any PostgresResultShare)?)
    /// Nil where the line was taken.
    typealias Waiter = CheckedContinuation<Result<Answer, PostgresError>?, Never>

    let number: UInt64
    let list: [PostgresStatement]
    let preparations: [DirectRequest.Preparation]
    let deadline: ContinuousClock.Instant
    let waiter: Waiter
    /// Why it is cancelled.
    var interruption: PostgresError?
}

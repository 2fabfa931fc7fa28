public import ProjectModel

/// How an attempt ended.
public enum SendOutcome: Sendable, Equatable {
    /// The sink has it.
    case delivered(String)
    /// The sink does not want it as it is.
    case refused(String)
    /// The sink does not answer, or asks to come later.
    case unavailable(String, after: Duration?)
}

/// What is written after an attempt. Pure.
public struct DeliverySettlement: Sendable, Equatable {
    public var state: DeliveryState
    public var answer: String
    /// When the message is tried again.
    public var retryAt: Timestamp?
    /// Attempts of the message that the sink refused, this one included.
    public var refusals: Int
    /// Failures in a row of the channel, and until when it is left alone.
    public var channelFailures: Int
    public var channelRetryAt: Timestamp?

    /// - Parameters:
    ///   - first: The first part of the message, its attempt counted.
    ///   - failures: Failures in a row of the channel before this one.
    public init(
        after outcome: SendOutcome, of first: AlertDelivery, failures: Int, now: Timestamp, limits: DeliveryLimits
    ) {
        (channelFailures, refusals) = (failures, first.refusals)
        switch outcome {
        case .delivered(let words):
            (state, answer, channelFailures) = (.delivered, words, 0)
        case .refused(let words):
            // It answers: others of the channel need not wait. Attempts that had no answer are no refusals.
            (refusals, channelFailures) = (first.refusals + 1, 0)
            (state, answer) = (refusals >= limits.refusalsMax ? .dead : .waiting, words)
            if state == .waiting { retryAt = now + Self.wait(refusals, limits) }
        case .unavailable(let words, let asked):
            channelFailures = failures + 1
            // What was late before its first attempt, since no manager ran or the channel was off, has its chances.
            let isTried = max(first.attempts, channelFailures) >= limits.triesMin
            let isOld = now.since(first.dueAt) >= limits.givenUpAfter
            (state, answer) = (isOld && isTried ? .dead : .waiting, words)
            // A long queue of a sink that is gone must end: the next message has its try soon.
            let wait = Self.wait(state == .dead ? 1 : channelFailures, limits)
            channelRetryAt = now + max(wait, min(asked ?? .zero, limits.sinkWaitMax))
        }
        answer = String(String.UnicodeScalarView(answer.unicodeScalars.prefix(DeliveryLimits.answerLengthMax)))
    }

    private static func wait(_ failures: Int, _ limits: DeliveryLimits) -> Duration {
        guard let last = limits.waits.last else { return .zero }
        return failures <= limits.waits.count ? limits.waits[max(failures, 1) - 1] : last
    }
}

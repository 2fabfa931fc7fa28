public import ProjectModel

/// When a job runs again.
public enum JobSchedule: Sendable, Equatable {
    /// Not at all once it is over.
    case once
    /// At fixed times of the clock on the wall.
    case every(JobInterval)

    /// See ``Job/dueWithin``.
    public var dueWithin: Duration? {
        switch self {
        case .once: nil
        case .every(let interval): interval.length * 2
        }
    }
}

/// Times of the clock on the wall that are ``length`` apart, one of them ``phase`` after the epoch.
///
/// The rules, also when the clock is set: a time that was missed is made up for by one run, however many were missed. No time
/// is run twice. A clock that is set forward makes the next run come early, once; one that is set back makes it wait for
/// twice the length at most.
public struct JobInterval: Sendable, Equatable {
    /// Shortest time between two runs: beyond it a loop is the better choice.
    public static let lengthMin: Duration = .seconds(1)

    /// Time between two runs, in whole milliseconds.
    public let length: Duration
    /// Where the times lie: less than ``length``.
    public let phase: Duration

    /// An interval of at least ``lengthMin``; the phase is taken modulo its length.
    public init(_ length: Duration, phase: Duration = .zero) {
        let milliseconds = max(length.wholeMilliseconds, Self.lengthMin.wholeMilliseconds)
        self.length = .milliseconds(milliseconds)
        self.phase = .milliseconds(Self.remainder(phase.wholeMilliseconds, milliseconds))
    }

    /// The first of the times that is later than `time`.
    public func first(after time: Timestamp) -> Timestamp {
        let passed = Self.remainder(time.milliseconds &- phase.wholeMilliseconds, length.wholeMilliseconds)
        return time + (length - .milliseconds(passed))
    }

    /// When the job is due again.
    ///
    /// - Parameters:
    ///   - due: When it was due before.
    ///   - now: When that run ended.
    public func next(after due: Timestamp, now: Timestamp) -> Timestamp {
        let next = first(after: max(due, now))
        return next.since(now) > length * 2 ? afterClockWasSetBack(now: now) : next
    }

    /// When the job is due when its time has moved into a future that is not one of its own: neither soon, since it may
    /// have run just now, nor late.
    public func afterClockWasSetBack(now: Timestamp) -> Timestamp { first(after: now + length) }

    /// The remainder of a division, never negative.
    private static func remainder(_ number: Int64, _ divisor: Int64) -> Int64 {
        let remainder = number % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}

/// A point in time as milliseconds since 1970-01-01T00:00:00Z. The core has no clock of its own: times come in.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since the epoch.
    public let milliseconds: Int64

    /// A time from milliseconds since the epoch.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Orders by value.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The time `duration` later, saturating at the ends of the range.
    public static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        return Timestamp(milliseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time from `earlier` to this one; negative when `earlier` is later, saturating at the ends of the range.
    public func since(_ earlier: Timestamp) -> Duration {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return .milliseconds(overflow ? (earlier < self ? .max : .min) : difference)
    }

    /// The text form.
    public var description: String { "\(milliseconds)ms" }
}

extension Duration {
    /// The duration in milliseconds, rounded towards zero, saturating at the ends of the range.
    public var wholeMilliseconds: Int64 {
        let parts = components
        let (whole, isTooLong) = parts.seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, overflow) = whole.addingReportingOverflow(parts.attoseconds / 1_000_000_000_000_000)
        return isTooLong || overflow ? (parts.seconds < 0 ? .min : .max) : sum
    }
}

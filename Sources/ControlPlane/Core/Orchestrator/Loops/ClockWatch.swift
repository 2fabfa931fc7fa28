import ProjectModel

/// Notices that what was measured before says nothing about now: the machine's clock was set, that is, it has gone on
/// by another time than has passed, or this process was not there for a while, stopped or suspended. Every wait begins
/// again then. A clock that is slewed, as time services do it, is followed without a word.
///
/// Call it at least every ``interval``; a check right after a break shortens the detection.
struct ClockWatch: Sendable {
    /// Difference from one check to the next that still counts as slewing.
    static let slewMax: Duration = .seconds(2)
    /// Time between two regular checks.
    static let interval: Duration = .seconds(1)
    /// Time between two checks after which the process counts as not having been there.
    static let absenceMin: Duration = .seconds(5)

    /// The result of a check.
    enum Break: Sendable, Equatable {
        case clockSet
        case absence
    }

    private let absenceMin: Duration
    private var offset: Duration
    private var lastCheck: Duration

    init(_ time: any TimeSource, absenceMin: Duration = absenceMin) {
        self.absenceMin = absenceMin
        offset = Self.offset(time)
        lastCheck = time.uptime()
    }

    /// Whether times before this check can be compared with times after it; nil when they can.
    mutating func check(_ time: any TimeSource) -> Break? {
        let (present, now) = (Self.offset(time), time.uptime())
        defer { (offset, lastCheck) = (present, now) }
        let difference = present - offset
        if difference > Self.slewMax || difference < .zero - Self.slewMax { return .clockSet }
        return now - lastCheck >= absenceMin ? .absence : nil
    }

    private static func offset(_ time: any TimeSource) -> Duration {
        time.now().since(Timestamp(milliseconds: 0)) - time.uptime()
    }
}

import ProjectModel

/// Notices that the machine's clock was set: it has gone on by another time than has passed. Everything that was
/// measured across that moment is worth nothing then, and every wait begins anew. A clock that is slewed, as time
/// services do it, is followed without a word.
struct ClockWatch: Sendable {
    /// Difference from one check to the next that still counts as slewing.
    static let slewMax: Duration = .seconds(2)

    private var offset: Duration

    init(_ time: any TimeSource) { offset = Self.offset(time) }

    /// Whether the clock was set since the last check.
    mutating func wasSet(_ time: any TimeSource) -> Bool {
        let present = Self.offset(time)
        defer { offset = present }
        let difference = present - offset
        return difference > Self.slewMax || difference < .zero - Self.slewMax
    }

    private static func offset(_ time: any TimeSource) -> Duration {
        time.now().since(Timestamp(milliseconds: 0)) - time.uptime()
    }
}

/// How often the catalogue is read because clients met errors: every one of them can cause such an error at will.
///
/// Notifications of the database and signals are not counted and not delayed.
struct ReloadThrottle {
    /// Least time between two such readings.
    static let secondsMin = 5.0

    private var last: Double?

    /// Whether a reading may be asked for now, which counts as asked.
    ///
    /// - Parameter now: seconds of a clock that may be set back, after which the wait begins afresh.
    mutating func admits(at now: Double) -> Bool {
        if let last, (0..<Self.secondsMin).contains(now - last) { return false }
        last = now
        return true
    }
}

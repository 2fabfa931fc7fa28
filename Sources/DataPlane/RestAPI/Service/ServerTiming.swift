import DataPlaneCore

/// The durations that `Server-Timing` shows.
struct ServerTiming {
    private let isShown: Bool
    private var entries: [(name: String, milliseconds: Double)] = []

    init(isShown: Bool) { self.isShown = isShown }

    mutating func measure<Value, Failure: Error>(
        _ name: String, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let start = ContinuousClock.now
        defer { note(name, since: start) }
        return try body()
    }

    /// Notes a part that began at `start` and ends now.
    mutating func note(_ name: String, since start: ContinuousClock.Instant) {
        guard isShown else { return }
        let duration = ContinuousClock.now - start
        entries.append(
            (name, Double(duration.components.attoseconds) / 1e15 + Double(duration.components.seconds) * 1e3))
    }

    func finish(_ response: inout RestHTTPResponse) {
        guard isShown else { return }
        let text = entries.map { "\($0.name);dur=\(Self.text($0.milliseconds))" }.joined(separator: ", ")
        response.headers.append(("Server-Timing", text))
    }

    /// One decimal at least.
    private static func text(_ milliseconds: Double) -> String {
        let tenths = Int((milliseconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

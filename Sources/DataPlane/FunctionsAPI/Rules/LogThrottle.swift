/// Bounds what one process may say.
public struct LogThrottle: Sendable {
    private let limits: FunctionLimits
    private var windowBegan = -Double.infinity
    private var lines = 0
    private var dropped = 0

    /// Nothing was said yet.
    public init(_ limits: FunctionLimits) { self.limits = limits }

    /// The lines to write for one line of output: none where there were too many, and one more that says how many were
    /// left out before.
    public mutating func lines(for text: String, at now: Double) -> [String] {
        var result: [String] = []
        if now - windowBegan >= limits.logSeconds {
            if dropped > 0 { result.append("\(dropped) lines were left out: too many at once") }
            (windowBegan, lines, dropped) = (now, 0, 0)
        }
        guard lines < limits.logLinesMax else {
            dropped += 1
            return result
        }
        lines += 1
        result.append(String(text.prefix(limits.logLineCharactersMax)))
        return result
    }
}

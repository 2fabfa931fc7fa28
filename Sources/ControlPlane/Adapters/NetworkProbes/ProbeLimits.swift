import NIOCore

/// Bounds of one run of a probe.
enum ProbeLimits {
    /// Bytes that a service may send before its answer is complete: a status line with headers, or a PostgreSQL
    /// message.
    static let answerBytes = 16_384
    /// Bytes taken from the socket at a time; also the size of the one buffer that a probe owns.
    static let readBytes = 4_096
    /// Characters of a service's own words that are passed on.
    static let quotedCharacters = 200
    /// Longest deadline; longer ones count as this.
    static let deadline = TimeAmount.hours(1)
    /// How long a service may take to end the connection after it got our end of file.
    static let farewell = TimeAmount.milliseconds(500)
}

/// Bounds of functions and of the processes that run them.
public struct FunctionLimits: Sendable, Equatable {
    /// Bytes of memory of one process, without what all processes share.
    public var memoryBytesMax = 150 << 20
    /// Processor time of a request in seconds; waiting is free.
    public var processorSecondsMax = 2.0
    /// Seconds from a request to the head of its answer.
    public var answerSecondsMax = 150.0
    /// Seconds from a process's start to its first connection.
    public var bootSecondsMax = 10.0
    /// Seconds without a request after which a process ends. Work behind an answer has this long.
    public var idleSecondsMax = 60.0
    /// Age in seconds at which a process takes no further request. It is ended ``answerSecondsMax`` later, whatever it
    /// still sends.
    public var ageSecondsMax = 400.0
    /// Seconds that a process which takes no further request has for work behind its last answer.
    public var drainSecondsMax = 10.0
    /// Requests of one function that are worked on or wait for its start.
    public var requestsMax = 100
    /// Processes of all functions together.
    public var processesMax = 8
    /// Lines of output of one process within ``logSeconds``.
    public var logLinesMax = 100
    /// Characters of one line of output.
    public var logLineCharactersMax = 10_000
    /// The time that ``logLinesMax`` is counted over.
    public var logSeconds = 10.0

    /// Failures in a row after which the next start waits.
    static let failuresFree = 2
    /// Longest wait for a start after failures, in seconds.
    static let backOffSecondsMax = 30.0

    /// The default bounds.
    public init() {}

    /// Seconds for which no start is tried after so many failures in a row.
    static func backOff(after failures: Int) -> Double {
        guard failures > failuresFree else { return 0 }
        return min(backOffSecondsMax, Double(1 << min(10, failures - failuresFree - 1)))
    }
}

/// What PostgreSQL's log says about a recovery. Pure.
///
/// The server of a restore logs in English and at the level `log`, whatever the project's settings are.
enum RecoveryLog {
    /// Where a recovery stands.
    enum Verdict: Equatable {
        /// Neither promoted nor given up.
        case underWay
        /// The server has left recovery and takes sessions.
        case complete
        /// Nothing was committed after the moment that was asked for: all of the log is before it.
        case endedBeforeTarget
        /// The server has ended; what it said last.
        case failed(String)
    }

    /// The settings that make the log say what is read here.
    static let settings = [
        (name: "log_min_messages", value: "log"), (name: "lc_messages", value: "C"),
        (name: "logging_collector", value: "off"), (name: "log_destination", value: "stderr"),
    ]

    /// Longest text of a failure.
    static let failureLengthMax = 400

    /// - Parameter isRunning: Whether the server's process is there.
    static func verdict(_ log: String, isRunning: Bool) -> Verdict {
        if log.contains("recovery ended before configured recovery target was reached") { return .endedBeforeTarget }
        guard isRunning else { return .failed(lastWords(of: log)) }
        let recovered = log.range(of: "archive recovery complete")
        let isOpen = recovered.map { log[$0.upperBound...].contains("database system is ready to accept connections") }
        return isOpen == true ? .complete : .underWay
    }

    /// Whether a server ended for want of room, memory or rights on its host: no finding about the backup.
    static func isOfHost(_ words: String) -> Bool {
        [
            "No space left on device", "Cannot allocate memory", "could not map anonymous shared memory",
            "Too many open files", "Input/output error", "Permission denied",
        ].contains { words.contains($0) }
    }

    /// The last error of a server; messages of recovery name files and positions, no data.
    private static func lastWords(of log: String) -> String {
        let lines = log.split(separator: "\n")
        let marks = ["PANIC:", "FATAL:", "db: cannot start:"]
        guard let line = lines.last(where: { line in marks.contains { line.contains($0) } }) else {
            return "its log has no error"
        }
        let mark = marks.lazy.compactMap { line.range(of: $0) }.first
        return String(line[(mark?.lowerBound ?? line.startIndex)...].prefix(failureLengthMax))
    }
}

extension StringProtocol {
    /// The first place of a text.
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}

import PostgresKit

extension EmbeddedClusterSite {
    /// Bytes of a log that are shown in an error message at most.
    private static let shownLogBytes = 16 << 10

    /// The server's log, which this program opens and the server only writes to.
    func openLog() throws(EmbeddedClusterError) -> ServerLog {
        let log = try Self.files { () throws(FileSystemError) in try ServerLog(layout.log) }
        try bound(log)
        return log
    }

    /// Puts the log aside once it is larger than the configured size. Whether it was.
    @discardableResult
    func bound(_ log: ServerLog) throws(EmbeddedClusterError) -> Bool {
        guard log.size > configuration.maximumLogBytes else { return false }
        try Self.files { () throws(FileSystemError) in try log.rotate() }
        return true
    }

    /// The last lines that the server has written since its log had `start` bytes.
    func tail(of log: ServerLog, from start: Int) -> String {
        let text = log.text(from: start, atMost: Self.shownLogBytes)
        return text.isEmpty ? "no log" : Self.tail(text)
    }
}

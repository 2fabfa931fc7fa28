import FoundationEssentials
import PostgresKit

extension EmbeddedClusterSite {
    /// Beyond this size the log is put aside at the next start of the server.
    private static let maximumLogBytes: UInt64 = 16 << 20

    /// Bytes of the server's log at the moment.
    var logSize: UInt64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: layout.log)
        return attributes?[.size] as? UInt64 ?? 0
    }

    /// Keeps one older log.
    func rotateLog() throws(EmbeddedClusterError) {
        guard logSize > Self.maximumLogBytes else { return }
        try remove(layout.oldLog)
        do {
            try FileManager.default.moveItem(atPath: layout.log, toPath: layout.oldLog)
        } catch {
            throw .fileSystem(FileSystemError(path: layout.log, reason: "cannot be renamed"))
        }
    }

    /// The last lines that the server has written since its log had `start` bytes.
    func logTail(from start: UInt64) -> String {
        guard let log = FileManager.default.contents(atPath: layout.log), log.count > start else { return "no log" }
        return Self.tail(String(decoding: log.dropFirst(Int(start)), as: UTF8.self))
    }
}

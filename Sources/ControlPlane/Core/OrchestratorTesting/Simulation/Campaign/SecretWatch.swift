import Logging
import Synchronization

/// Keeps a manager's log, to search it for secrets.
final class SecretWatch: Sendable {
    private let lines = Mutex<[String]>([])
    /// Lines that are kept; a simulation writes far fewer.
    private static let linesMax = 50_000

    func note(_ line: String) {
        lines.withLock { if $0.count < Self.linesMax { $0.append(line) } }
    }

    func shows(_ secrets: [String]) -> Bool {
        lines.withLock { lines in lines.contains { line in secrets.contains { line.contains($0) } } }
    }
}

/// Writes into a ``SecretWatch``.
struct SecretWatchHandler: LogHandler {
    let watch: SecretWatch
    var logLevel: Logger.Level = .trace
    var metadata: Logger.Metadata = [:]

    init(watch: SecretWatch) { self.watch = watch }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        watch.note("\(event.message) \(all.map { "\($0.key)=\($0.value)" }.joined(separator: " "))")
    }
}

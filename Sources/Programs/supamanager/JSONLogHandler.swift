import FoundationEssentials
import LogKit
import Logging

/// Forms of the log.
enum LogFormat: String, Sendable {
    case text, json

    func handler(_ label: String) -> any LogHandler {
        switch self {
        case .text: StreamLogHandler(label: label, stream: LogStream())
        case .json: JSONLogHandler(label: label)
        }
    }
}

/// Writes each entry as a JSON object on a line of its own: `time` (RFC 3339, UTC), `level`, `logger`, `message`, and
/// `metadata` where there is some.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    private struct Entry: Encodable {
        let time: String
        let level: String
        let logger: String
        let message: String
        let metadata: [String: String]?
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        LogStream.write(
            line: Self.line(
                level: event.level, logger: label, message: "\(event.message)", metadata: all, at: Date.now))
    }

    /// Bytes of a value of metadata before its escapes.
    private static let valueBytesMax = LogText.lineBytesMax / 8

    /// One entry. Each text has a bound of its own, so that a line stays one object.
    static func line(
        level: Logger.Level, logger: String, message: String, metadata: Logger.Metadata, at time: Date
    ) -> String {
        let entry = Entry(
            time: time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)), level: level.rawValue,
            logger: logger, message: LogText.line(message),
            metadata: metadata.isEmpty
                ? nil : metadata.mapValues { LogText.line("\($0)", bytesMax: Self.valueBytesMax) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return String(decoding: try encoder.encode(entry), as: UTF8.self) } catch {
            return #"{"level":"error","message":"a log entry cannot be written as JSON"}"#
        }
    }
}

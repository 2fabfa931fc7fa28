import CurlKit
import FoundationEssentials

/// One call to the engine, ready to be put on the wire.
struct EngineCall {
    var method: String
    /// Below the version prefix, percent-encoded.
    var path: String
    /// Names and values, not yet encoded.
    var query: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// A body that is written while it is sent.
    var upload: HTTPUpload?
    var contentType = "application/json"
    /// Header fields besides `Content-Type`.
    var headers: [(name: String, value: String)] = []
    var timeout = DockerLimits.queryTimeout
    var limitBytes = DockerLimits.documentBytes
    var isLong = false

    /// Whether it changes something. A command in a container is a probe.
    var isChange: Bool { method != "GET" && method != "HEAD" && !path.contains("/exec") }

    /// For messages: without the query, which may be long.
    var label: String { "\(method) \(path)" }

    /// The label with identifiers and names left out: one of a few dozen.
    var template: String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") {
            let word = Self.words.contains(String(segment)) ? segment : "{id}"
            // A name may have several segments.
            if word == "{id}", segments.last == "{id}" { continue }
            segments.append(word)
        }
        return "\(method) /" + segments.joined(separator: "/")
    }

    /// Segments of the engine's paths that are no identifiers. An object that is called like one is counted with it.
    private static let words: Set<String> = [
        "_ping", "archive", "connect", "containers", "create", "disconnect", "events", "exec", "images", "info", "json",
        "kill", "logs", "networks", "restart", "start", "stats", "stop", "top", "version", "volumes", "wait",
    ]

    /// Path and query, percent-encoded.
    var target: String {
        guard !query.isEmpty else { return path }
        let pairs = query.map { "\($0.name)=\(Self.percentEncoded($0.value))" }
        return path + "?" + pairs.joined(separator: "&")
    }

    /// Encodes everything but RFC 3986's unreserved characters, and those in `keeping`.
    static func percentEncoded(_ text: String, keeping: String = "") -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-._~".utf8.contains(byte) || keeping.utf8.contains(byte)
            encoded += isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Adds a document as the body.
    mutating func setBody(_ document: some Encodable) throws(DockerError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            body = Array(try encoder.encode(document))
        } catch {
            throw .invalidArgument("the body of \(label) cannot be written as JSON")
        }
    }

    /// Adds the `filters` parameter, unless there is none.
    mutating func setFilters(_ filters: [String: [String]]) throws(DockerError) {
        let used = filters.filter { !$0.value.isEmpty }
        guard !used.isEmpty else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            query.append(("filters", String(decoding: try encoder.encode(used), as: UTF8.self)))
        } catch {
            throw .invalidArgument("the filters of \(label) cannot be written as JSON")
        }
    }
}

/// Which objects a list or an event stream brings, by label.
public struct LabelFilter: Sendable, Hashable {
    /// As the engine wants it: `key` or `key=value`.
    let text: String

    /// Objects that have the label, with any value.
    public static func has(_ key: String) -> LabelFilter { LabelFilter(text: key) }

    /// Objects whose label has exactly this value.
    public static func equals(_ key: String, _ value: String) -> LabelFilter { LabelFilter(text: "\(key)=\(value)") }
}

/// Whether a call changed anything.
public enum ChangeOutcome: Sendable, Equatable {
    /// The engine did it.
    case changed
    /// It was so already; the engine answered 304.
    case unchanged
}

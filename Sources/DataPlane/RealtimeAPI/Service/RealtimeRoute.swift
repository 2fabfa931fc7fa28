import DataPlaneCore

/// Where a request leads.
enum RealtimeRoute: Sendable, Equatable {
    case socket
    /// Several broadcasts in one body.
    case broadcasts
    case broadcast(topic: String, event: String, isPrivate: Bool)

    /// Nil for what is not there.
    init?(_ request: ServiceRequest) {
        let segments = request.path.split(separator: "/").map { Self.decoded(String($0)) }
        switch (request.method, segments.count) {
        case ("GET", _) where segments == ["websocket"] || segments == ["socket", "websocket"]: self = .socket
        case ("POST", _) where segments == ["api", "broadcast"]: self = .broadcasts
        case ("POST", 5) where segments[0] == "api" && segments[1] == "broadcast" && segments[3] == "events":
            guard let topic = segments[2], let event = segments[4] else { return nil }
            let isPrivate = Self.parameters(request.query)["private"] == "true"
            self = .broadcast(topic: topic, event: event, isPrivate: isPrivate)
        default: return nil
        }
    }

    /// The parameters of a query; the first of each name counts.
    static func parameters(_ query: String) -> [String: String] {
        let pairs = query.split(separator: "&").compactMap { pair -> (String, String)? in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = decoded(parts[0]), let value = decoded(parts.count == 2 ? parts[1] : "") else {
                return nil
            }
            return (name, value)
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Nil for a text whose escapes make no UTF-8.
    private static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var left = Array(text.utf8)[...]
        while let byte = left.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard left.count >= 2, let value = UInt8(String(decoding: left.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            left = left.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// A request as it came over the wire.
public struct StubRequest: Sendable {
    /// The method.
    public let method: String
    /// Path and query as they were sent.
    public let target: String
    /// The header fields, with small letters in their names.
    public let headers: [String: String]
    /// The body.
    public let body: [UInt8]
    /// How many requests came over the same connection before this one.
    public let positionOnConnection: Int

    /// The path as it was sent.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The query's pairs in their order, decoded.
    public var query: [(name: String, value: String)] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: mark)...].split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(halves[0]), halves.count == 2 ? Self.decoded(halves[1]) : "")
        }
    }

    /// The query's first value with this name.
    public func query(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// The body as text.
    public var bodyText: String { String(decoding: body, as: UTF8.self) }

    private static func decoded(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What a stub does with a request, step by step.
public enum StubStep: Sendable {
    /// Sends these bytes.
    case send([UInt8])
    /// Sends so many bytes of filling, and waits whenever the other side does not take them.
    case fill(bytes: Int)
    /// Waits a moment, so that what follows comes in a read of its own.
    case pause(milliseconds: UInt32)
    /// Waits until the test opens the gate or the other side has gone.
    case wait(StubGate)
    /// Sends and receives nothing until the other side closes.
    case hang
    /// Closes the connection.
    case close

    /// Sends text.
    public static func text(_ text: String) -> StubStep { .send(Array(text.utf8)) }

    /// A complete response with a length.
    public static func response(
        _ status: Int = 200, _ body: String = "", headers: [String] = ["Content-Type: application/json"]
    ) -> StubStep {
        let lines = ["HTTP/1.1 \(status) Status"] + headers + ["Content-Length: \(body.utf8.count)", "", body]
        return .text(lines.joined(separator: "\r\n"))
    }

    /// The head of a response whose length nothing tells but the end of the connection, or chunks.
    public static func head(_ status: Int = 200, headers: [String] = []) -> StubStep {
        .text((["HTTP/1.1 \(status) Status"] + headers + ["", ""]).joined(separator: "\r\n"))
    }
}

/// Holds a stub back until the test says go.
public final class StubGate: Sendable {
    private let opening = OpenFlag()

    /// A closed gate.
    public init() {}

    /// Opens it, for good.
    public func open() { opening.raise() }

    var isOpen: Bool { opening.isRaised }
}

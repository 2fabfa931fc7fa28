import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer as a value, before anything is written.
struct APIResponse: Sendable {
    /// Status.
    let status: HTTPResponse.Status
    /// Header fields besides those about the connection.
    var headers = HTTPFields()
    /// The body; empty when there is none.
    let body: ByteBuffer

    /// An answer without a body.
    init(_ status: HTTPResponse.Status) {
        self.status = status
        body = ByteBuffer()
    }

    /// A JSON answer with sorted keys, so that equal answers are equal bytes.
    init(_ status: HTTPResponse.Status = .ok, json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.status = status
        body = ByteBuffer(bytes: try encoder.encode(value))
        headers[.contentType] = "application/json"
    }

    /// The answer to a request that is refused.
    init(_ error: APIError) {
        status = error.status
        headers = error.headers
        headers[.contentType] = "application/json"
        body = ByteBuffer(string: "{\"message\":\(Self.quoted(error.message))}")
    }

    /// The answer as Hummingbird writes it; with a channel, that is closed once the last byte is on its way.
    func wire(closing channel: (any Channel)?) -> Response {
        guard let channel else {
            return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
        }
        var headers = headers
        headers[.connection] = "close"
        let content = ResponseBody(contentLength: body.readableBytes) { [body] writer in
            try await writer.write(body)
            try await writer.finish(nil)
            channel.close(mode: .all, promise: nil)
        }
        return Response(status: status, headers: headers, body: content)
    }

    /// A JSON string (RFC 8259 §7). Written out because a refusal must be possible whatever else fails.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// A field that the contract wants present even when it has no value: `null` then.
struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
    let value: Value?

    init(_ value: Value?) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value {
            try container.encode(value)
        } else {
            try container.encodeNil()
        }
    }
}

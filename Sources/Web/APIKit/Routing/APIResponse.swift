import FoundationEssentials
import HTTPBounds
package import HTTPTypes
package import Hummingbird
package import NIOCore

/// An answer as a value, before anything is written.
package struct APIResponse: Sendable {
    /// Status.
    package let status: HTTPResponse.Status
    /// Header fields besides those about the connection.
    package var headers = HTTPFields()
    /// The body; empty when there is none, and when it is a stream.
    package internal(set) var body: ByteBuffer
    /// The body that is written while it comes about.
    package private(set) var stream: StreamedBody?
    /// The refusal that this is the response to.
    package private(set) var refusal: APIError?

    /// An answer without a body.
    package init(_ status: HTTPResponse.Status) {
        self.status = status
        body = ByteBuffer()
    }

    /// An answer that is known already.
    package init(_ status: HTTPResponse.Status = .ok, headers: HTTPFields, body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A text that is no JSON.
    package init(_ status: HTTPResponse.Status = .ok, text: String, contentType: String = "text/plain; charset=utf-8") {
        self.init(status, headers: [.contentType: contentType], body: ByteBuffer(string: text))
    }

    /// Events as they come. The answer is a stream of them; no proxy may keep them back.
    package init(streaming body: StreamedBody) {
        self.init(
            .ok, headers: [.contentType: StreamedBody.contentType, .cacheControl: "no-store"], body: ByteBuffer())
        headers[.acceleratedBuffering] = "no"
        stream = body
    }

    /// Encoded JSON of another service, passed on unchanged.
    package init(_ status: HTTPResponse.Status = .ok, jsonBytes: [UInt8]) {
        self.init(status, headers: [.contentType: "application/json"], body: ByteBuffer(bytes: jsonBytes))
    }

    /// A JSON answer with sorted keys, so that equal answers are equal bytes.
    package init(_ status: HTTPResponse.Status = .ok, json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.status = status
        body = ByteBuffer(bytes: try encoder.encode(value))
        headers[.contentType] = "application/json"
    }

    /// The answer to a request that is refused.
    package init(_ error: APIError) {
        status = error.status
        headers = error.headers
        headers[.contentType] = "application/json"
        body = Self.body(of: error)
        refusal = error
    }

    private static func body(of error: APIError) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if let json = error.body, let bytes = try? encoder.encode(json) { return ByteBuffer(bytes: bytes) }
        return ByteBuffer(string: "{\"message\":\(quoted(error.message))}")
    }

    /// The answer as Hummingbird writes it.
    ///
    /// - Parameters:
    ///   - isHead: whether the body is left out and only its length sent.
    ///   - closes: whether the connection ends after it.
    ///   - streaming: writes a streamed body, and the end of the answer.
    ///   - onEnd: called once the last byte is on its way.
    package func wire(
        isHead: Bool = false, closes: Bool, streaming: StreamWriter?, onEnd: @escaping @Sendable () -> Void
    ) -> Response {
        var headers = headers
        if closes { headers[.connection] = "close" }
        if let stream, let streaming, !isHead {
            let content = ResponseBody { writer in
                defer { onEnd() }
                try await streaming.write(stream, to: &writer)
            }
            return Response(status: status, headers: headers, body: content)
        }
        let content = ResponseBody(contentLength: body.readableBytes) { [body] writer in
            if !isHead { try await writer.write(slicesOf: body) }
            try await writer.finish(nil)
            onEnd()
        }
        return Response(status: status, headers: headers, body: content)
    }

    /// A JSON string (RFC 8259 §7). Written by hand so that a refusal cannot fail.
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
package struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
    package let value: Value?

    package init(_ value: Value?) { self.value = value }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value {
            try container.encode(value)
        } else {
            try container.encodeNil()
        }
    }
}

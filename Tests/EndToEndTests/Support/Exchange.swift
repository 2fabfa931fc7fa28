import CurlKit
import Foundation

/// One HTTP exchange of a test, with a manager, a project's gateway or the engine.
struct Exchange: Sendable {
    /// Longest time that any answer may take.
    static let deadline: Duration = .seconds(60)
    private static let client = Result { try HTTPClient() }

    let status: Int
    let bytes: [UInt8]

    /// The body as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as JSON; `null` when it is none.
    var json: JSONValue { (try? JSONValue(bytes: bytes)) ?? .null }

    /// Sends a request and waits for its answer, whatever the status.
    static func send(
        _ method: String, _ url: String, socket: String? = nil, headers: [(name: String, value: String)] = [],
        body: String = ""
    ) async throws -> Exchange {
        let content = body.isEmpty ? [] : [(name: "Content-Type", value: "application/json")]
        let response = try await client.get().send(
            HTTPRequest(
                method: method, url: url, unixSocketPath: socket, headers: headers + content, body: Array(body.utf8),
                lane: .long, totalTimeout: deadline))
        return Exchange(status: response.status, bytes: response.body)
    }
}

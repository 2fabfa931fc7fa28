import CurlKit

/// What the server answered.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]

    init(_ response: HTTPResponse) {
        status = response.status
        headers = response.headers
        body = response.body
    }

    /// The value of a header field; capitals do not matter.
    func header(_ name: String) -> String? { headers[name] }

    /// The body as JSON; throws when it is not.
    var json: JSONValue { get throws { try JSONValue(bytes: body) } }

    /// The body as text.
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The message of a refusal, which must be all that it holds.
    var message: String? {
        get throws {
            let json = try json
            return json.keys == ["message"] ? json["message"]?.text : nil
        }
    }

    var isJSON: Bool { header("Content-Type") == "application/json" }
}

import DataPlaneCore
import MessageKit
import TokenKit

/// Messages to hooks as Standard Webhooks has them, and what an answer to one means.
enum Webhook {
    /// Bounds of one call with all its tries.
    struct Bounds: Sendable {
        var timeout: Duration = .seconds(5)
        var triesMax = 3
        /// Between two tries, where the server did not say when to come again.
        var pause: Duration = .seconds(2)
        var responseBytesMax = 200 << 10
    }

    /// The headers that prove who sent a body.
    static func headers(
        id: String, seconds: Int64, body: [UInt8], secrets: [KeyBytes]
    ) throws(TokenError) -> [(name: String, value: String)] {
        [("Content-Type", "application/json"), ("Accept-Encoding", "identity")]
            + (try WebhookSignature.headers(id: id, seconds: seconds, body: body, secrets: secrets))
    }

    /// What follows from an answer or its absence.
    enum Outcome: Sendable, Equatable {
        case answer(JSONText)
        case again(after: Duration)
        case failed(AuthError)
    }

    static func outcome(of response: OutboundResponse) -> Outcome {
        switch response.status {
        case 200, 202, 204: return answer(response)
        case 429, 503:
            guard let seconds = response.header("retry-after").flatMap({ Int($0.trimmed) }), seconds >= 0 else {
                return .failed(.hookFailed("Service currently unavailable due to hook"))
            }
            return .again(after: .seconds(seconds))
        case 400: return .failed(.hookFailed("Invalid payload sent to hook"))
        case 401: return .failed(.hookFailed("Hook requires authorization token"))
        default: return .failed(.hookFailed("Unexpected status code returned from hook: \(response.status)"))
        }
    }

    private static func answer(_ response: OutboundResponse) -> Outcome {
        let type = response.header("content-type") ?? ""
        if type.isEmpty, response.status == 204 { return .answer(.object([])) }
        let media = type.split(separator: ";").first.map { String($0).trimmed.lowercased() } ?? ""
        guard media == "application/json" else {
            return .failed(
                AuthError(
                    400, code: "hook_payload_invalid_content_type",
                    message: type.isEmpty
                        ? "Invalid Content-Type: Missing Content-Type header"
                        : "Invalid JSON response. Received content-type: \(type.prefix(128))"))
        }
        if response.body.isEmpty { return .answer(.object([])) }
        guard let json = response.json else { return .failed(.hookFailed("Error unmarshaling JSON output.")) }
        return .answer(json)
    }

    static func tooLarge(_ bounds: Bounds) -> AuthError {
        AuthError(
            422, code: "hook_payload_over_size_limit",
            message: "Payload size exceeded size limit of \(bounds.responseBytesMax) bytes")
    }

    static func timeout(_ bounds: Bounds) -> AuthError {
        AuthError(
            422, code: "hook_timeout",
            message: "Failed to reach hook within maximum time of \(bounds.timeout.components.seconds) seconds")
    }

    static let unreachable = AuthError(
        422, code: "hook_timeout_after_retry", message: "Failed to reach hook after maximum retries")

    /// A hook refuses by `{"error": {"http_code": 403, "message": "…"}}`.
    static func refusal(_ answer: JSONText) -> AuthError? {
        guard let error = answer["error"], case .object = error else { return nil }
        let status = error["http_code"]?.doubleValue.flatMap { Int(exactly: $0) } ?? 500
        let message = error["message"]?.stringValue ?? ""
        return AuthError(
            (400...599).contains(status) ? status : 500, code: "unexpected_failure",
            message: message.isEmpty ? "The hook refused" : String(message.prefix(AuthError.messageScalarsMax)))
    }
}

extension AuthError {
    static func hookFailed(_ message: String) -> AuthError { .unexpected(message, cause: "a hook failed") }
}

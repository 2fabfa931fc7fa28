package import HTTPTypes

/// A refusal on the wire: a status and `{"message": …}`.
package struct APIError: Error, Sendable, Equatable {
    /// Status of the answer.
    package let status: HTTPResponse.Status
    /// The message: what happened, to what, and what to do. Never a secret.
    package let message: String
    /// Further header fields.
    package var headers = HTTPFields()
    /// The whole body, where a client expects another form than `{"message": …}`; it holds a `message` nevertheless.
    package var body: JSON?
    /// What the log gets in place of the message, where the message hides something.
    package var detail: String?
    /// Whether nothing more can be read from the connection.
    package var closesConnection = false

    package init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }

    /// 401, which names the required kind of credentials.
    package static func unauthorized(_ message: String) -> APIError {
        var error = APIError(.unauthorized, message)
        error.headers[.wwwAuthenticate] = "Bearer"
        return error
    }

    /// 503: worth another try after ``retryAfterSeconds``.
    package static func unavailable(_ message: String) -> APIError {
        var error = APIError(.serviceUnavailable, message)
        error.headers[.retryAfter] = String(retryAfterSeconds)
        return error
    }

    /// 405 with the methods that the path knows.
    package static func wrongMethod(_ allowed: [HTTPRequest.Method]) -> APIError {
        let list = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        var error = APIError(.methodNotAllowed, "this path answers \(list) only")
        error.headers[.allow] = list
        return error
    }

    /// 413.
    package static func bodyTooLarge(_ bytesMax: Int) -> APIError {
        APIError(.contentTooLarge, "the request body is larger than \(bytesMax) bytes")
    }

    /// 408: the rest of the body is not waited for.
    package static func bodyTooSlow(_ deadline: Duration) -> APIError {
        var error = APIError(.requestTimeout, "the request body did not arrive within \(deadline)")
        error.closesConnection = true
        return error
    }

    /// 503: the handler took too long.
    package static func requestTooSlow(_ deadline: Duration) -> APIError {
        var error = unavailable("the request took longer than \(deadline)")
        error.closesConnection = true
        return error
    }

    /// Seconds after which a client may try again what was not possible for lack of a database or an engine.
    package static let retryAfterSeconds = 2
}

import HTTPTypes

/// A refusal on the wire: a status and `{"message": …}`.
struct APIError: Error, Sendable, Equatable {
    /// Status of the answer.
    let status: HTTPResponse.Status
    /// The message: what happened, to what, and what to do. Never a secret.
    let message: String
    /// Further header fields.
    var headers = HTTPFields()
    /// The whole body, where a client expects another form than `{"message": …}`; it holds a `message` nevertheless.
    var body: JSON?
    /// What the log gets in place of the message, where the message hides something.
    var detail: String?
    /// Whether nothing more can be read from the connection.
    var closesConnection = false

    init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }

    /// 401, which names the required kind of credentials.
    static func unauthorized(_ message: String) -> APIError {
        var error = APIError(.unauthorized, message)
        error.headers[.wwwAuthenticate] = "Bearer"
        return error
    }

    /// 503: worth another try after ``retryAfterSeconds``.
    static func unavailable(_ message: String) -> APIError {
        var error = APIError(.serviceUnavailable, message)
        error.headers[.retryAfter] = String(retryAfterSeconds)
        return error
    }

    /// 405 with the methods that the path knows.
    static func wrongMethod(_ allowed: [HTTPRequest.Method]) -> APIError {
        let list = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        var error = APIError(.methodNotAllowed, "this path answers \(list) only")
        error.headers[.allow] = list
        return error
    }

    /// 413.
    static func bodyTooLarge(_ bytesMax: Int) -> APIError {
        APIError(.contentTooLarge, "the request body is larger than \(bytesMax) bytes")
    }

    /// 408: the rest of the body is not waited for.
    static func bodyTooSlow(_ deadline: Duration) -> APIError {
        var error = APIError(.requestTimeout, "the request body did not arrive within \(deadline)")
        error.closesConnection = true
        return error
    }

    /// 503: the handler took too long.
    static func requestTooSlow(_ deadline: Duration) -> APIError {
        var error = unavailable("the request took longer than \(deadline)")
        error.closesConnection = true
        return error
    }

    /// Seconds after which a client may try again what was not possible for lack of a database or an engine.
    static let retryAfterSeconds = 2
}

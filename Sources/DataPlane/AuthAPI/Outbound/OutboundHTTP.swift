import DataPlaneCore

/// A request to a server of others: a hook, a provider of text messages, a check of captchas.
public struct OutboundRequest: Sendable {
    /// `GET` or `POST`
    public var method: String
    /// Absolute, already percent-encoded.
    public var url: String
    /// Headers in the order in which they are sent.
    public var headers: [(name: String, value: String)]
    /// The whole body.
    public var body: [UInt8]
    /// The time for everything.
    public var timeout: Duration
    /// Most bytes of the answer's body; more of them is ``OutboundFailure/tooLarge``.
    public var responseBytesMax: Int

    /// A request.
    public init(
        method: String = "POST", url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        timeout: Duration, responseBytesMax: Int
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.responseBytesMax = responseBytesMax
    }

    /// A form.
    init(
        form: [(name: String, value: String)], to url: String, headers: [(name: String, value: String)] = [],
        timeout: Duration, responseBytesMax: Int
    ) {
        self.init(
            url: url, headers: [("Content-Type", "application/x-www-form-urlencoded")] + headers,
            body: Array(FormText.encode(form).utf8), timeout: timeout, responseBytesMax: responseBytesMax)
    }
}

/// A whole answer, of any status.
public struct OutboundResponse: Sendable {
    /// The status code.
    public var status: Int
    /// Names in lower case.
    public var headers: [(name: String, value: String)]
    /// The whole body.
    public var body: [UInt8]

    /// An answer.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The body as JSON; nil for anything else.
    var json: JSONText? { try? JSONText(body) }
}

/// Why there is no answer.
public enum OutboundFailure: Error, Sendable, Equatable {
    /// It did not come within the request's time.
    case timedOut
    /// Its body has more bytes than the request allows.
    case tooLarge
    /// Anything else, in words for the server's log; never a secret.
    case unreachable(String)
}

/// Sends requests to servers of others. Follows no redirects.
public protocol OutboundHTTP: Sendable {
    /// Sends a request once.
    func send(_ request: OutboundRequest) async throws(OutboundFailure) -> OutboundResponse
}

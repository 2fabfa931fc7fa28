/// An HTTP/1.1 request over TCP or a Unix socket.
public struct HTTPRequest: Sendable {
    /// Which of the client's two sets of connections an exchange uses.
    public enum Lane: Sendable {
        /// Answers soon. Uses the small set, whose connections are kept and used again.
        case exchange
        /// May take minutes. Uses the large set, so that it never holds up the short ones.
        case long
    }

    /// The method in capitals, for instance `GET`.
    public var method: String
    /// The absolute `http://` or `https://` URL, already percent-encoded.
    public var url: String
    /// The Unix socket to connect to instead of the URL's host and port.
    public var unixSocketPath: String?
    /// Header fields in the order in which they are sent. An empty value is sent as such.
    public var headers: [(name: String, value: String)]
    /// The body; an empty one is sent with `Content-Length: 0` where the method calls for a body.
    public var body: [UInt8]
    /// A body that is written while it is sent, instead of ``body``. Such a request is sent once, by `HTTPClient.send`
    /// and on the long lane.
    public var upload: HTTPUpload?
    /// The set of connections for `HTTPClient.send`; streams always use the long lane.
    public var lane: Lane
    /// How long connecting may take; nil means the client's `connectTimeout`.
    public var connectTimeout: Duration?
    /// How long everything may take, counted from the moment the request has a connection slot.
    ///
    /// For an exchange nil means the client's `exchangeTimeout`; for a stream nil means without end.
    public var totalTimeout: Duration?
    /// How long a stream may wait for the response's head; nil means the client's `exchangeTimeout`.
    public var headTimeout: Duration?
    /// How long a started response may stay silent (whole seconds, rounded up); nil means forever.
    public var idleTimeout: Duration?
    /// How large the response body of an exchange may be; nil means the client's `responseBodyBytes`.
    public var responseBodyLimitBytes: Int?

    /// Signs the request by AWS Signature Version 4; nil sends it as it is. The URL's query must be sorted by name then,
    /// and every name in it have a `=`.
    public var signature: AWSSignature?

    /// Which addresses the request may go to; nil for all. A connection that is used again is not judged again, so a
    /// client of its own belongs to such requests.
    public var addressRule: AddressRule?

    /// Makes a request; everything left out has the client's default.
    public init(
        method: String = "GET", url: String, unixSocketPath: String? = nil,
        headers: [(name: String, value: String)] = [], body: [UInt8] = [], lane: Lane = .exchange,
        connectTimeout: Duration? = nil, totalTimeout: Duration? = nil, headTimeout: Duration? = nil,
        idleTimeout: Duration? = nil, responseBodyLimitBytes: Int? = nil
    ) {
        self.method = method
        self.url = url
        self.unixSocketPath = unixSocketPath
        self.headers = headers
        self.body = body
        self.lane = lane
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
        self.headTimeout = headTimeout
        self.idleTimeout = idleTimeout
        self.responseBodyLimitBytes = responseBodyLimitBytes
    }
}

/// With what a request is signed. Printing it never shows the secret.
public struct AWSSignature: Sendable, CustomStringConvertible, CustomReflectable {
    public var region: String
    /// For instance `s3`.
    public var service: String
    public var accessKeyID: String
    public var secretAccessKey: String

    public init(region: String, service: String, accessKeyID: String, secretAccessKey: String) {
        self.region = region
        self.service = service
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
    }

    /// Region and service.
    public var description: String { "\(service) in \(region)" }

    /// A mirror that has no secret.
    public var customMirror: Mirror { Mirror(self, children: ["region": region, "service": service]) }
}

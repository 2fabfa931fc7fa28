/// A request as the REST API takes it, free of any HTTP library.
public struct RestHTTPRequest: Sendable {
    /// The method as it was sent.
    public var method: String
    /// Path below the API's own, still percent-encoded.
    public var path: String
    /// Query string without its question mark, still percent-encoded.
    public var query: String
    /// Names in lower case.
    public var headers: [(name: String, value: String)]
    /// The whole body.
    public var body: [UInt8]

    /// A request.
    public init(
        method: String, path: String, query: String, headers: [(name: String, value: String)], body: [UInt8]
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The first header of a name in lower case.
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// All headers of a name in lower case.
    func headers(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
}

/// An answer of the REST API.
public struct RestHTTPResponse: Sendable {
    /// The status code.
    public var status: Int
    /// Reason phrase where SQL sets one.
    public var reason: String?
    /// Headers in their order; a name may repeat.
    public var headers: [(name: String, value: String)] = []
    /// The body; empty where there is none.
    public var body: [UInt8] = []

    /// An answer.
    public init(status: Int) { self.status = status }

    /// Sets a header in place of those of its name.
    mutating func set(_ name: String, _ value: String) {
        headers.removeAll { $0.name.lowercased() == name.lowercased() }
        headers.append((name, value))
    }
}

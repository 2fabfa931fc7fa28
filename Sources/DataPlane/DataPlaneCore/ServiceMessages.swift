import Synchronization

/// What a service has found out about a request and would otherwise find out again.
public final class ServiceNotes: Sendable {
    private let note = Mutex<(any Sendable)?>(nil)

    init() {}

    /// The last note of a service; nil where there is none.
    public var last: (any Sendable)? {
        get { note.withLock { $0 } }
        set { note.withLock { $0 = newValue } }
    }
}

/// A request as a service of the data plane takes it, free of any HTTP library.
public struct ServiceRequest: Sendable {
    /// The method as it was sent.
    public var method: String
    /// Path below the service's own, still percent-encoded.
    public var path: String
    /// Query string without its question mark, still percent-encoded.
    public var query: String
    /// Names in lower case.
    public var headers: [(name: String, value: String)]
    /// The whole body.
    public var body: [UInt8]
    /// Address of the other end of the connection, where it is known.
    public var peer: String?
    /// Shared by all copies of the request. A copy that is part of a note has none: it would hold itself.
    public var notes: ServiceNotes? = ServiceNotes()

    /// A request.
    public init(
        method: String, path: String, query: String, headers: [(name: String, value: String)], body: [UInt8],
        peer: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// The first header of a name in lower case.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// All headers of a name in lower case.
    public func headers(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

    /// Whether a browser asks what a page of another origin may do. Such a request carries no key and no token.
    public var isPreflight: Bool {
        method == "OPTIONS" && header("origin") != nil && header("access-control-request-method") != nil
    }
}

/// An answer of a service.
public struct ServiceResponse: Sendable {
    /// The status code.
    public var status: Int
    /// Reason phrase where a service sets one.
    public var reason: String?
    /// Headers in their order; a name may repeat.
    public var headers: [(name: String, value: String)] = []
    /// The body; empty where there is none.
    public var body: [UInt8] = []
    /// A body that is too large to be made before it is sent, in place of ``body``. To HEAD only its length is sent.
    public var content: ServiceContent?
    /// What the body takes of the memory for answers, where it was counted; kept until the body is on its way.
    public var share: (any Sendable)?

    /// An answer.
    public init(status: Int) { self.status = status }

    /// An answer with a JSON document.
    public init(status: Int, json: JSONText) {
        self.status = status
        headers = [("Content-Type", "application/json")]
        body = Array(json.text.utf8)
    }

    /// Sets a header in place of those of its name.
    public mutating func set(_ name: String, _ value: String) {
        headers.removeAll { $0.name.lowercased() == name.lowercased() }
        headers.append((name, value))
    }
}

/// What is wrong with a body that is not there.
public enum BodyProblem: Sendable {
    /// It has more bytes than the limit.
    case tooLarge
    /// Its end did not come in time.
    case tooSlow
    /// Too many large ones are in hand.
    case tooMany
}

/// One API of the data plane, as the HTTP server sees it.
public protocol DataPlaneService: Sendable {
    /// Most bytes of a request's body.
    func bodyBytesMax(for request: ServiceRequest) -> Int

    /// Why a request is refused whatever its body says. Everything is looked at again in ``respond(to:)``.
    func refusal(ofHead request: ServiceRequest) -> ServiceResponse?

    /// The answer to a request whose body was not taken in.
    func refusal(ofBody problem: BodyProblem, _ request: ServiceRequest) -> ServiceResponse

    /// Answers a request. Never throws: every error is an answer.
    func respond(to request: ServiceRequest) async -> ServiceResponse

    /// Whether the answer needs no computation to speak of and nothing that blocks: then it is made on the event loop of
    /// the client's connection, beside other clients' answers.
    func isBrief(_ request: ServiceRequest) -> Bool

    /// Whether the body of a request is taken piece by piece: then ``respond(to:body:)`` answers.
    func takesPieces(of request: ServiceRequest) -> Bool

    /// Answers a request while its body comes in.
    func respond(to request: ServiceRequest, body: ServiceBody) async -> ServiceResponse

    /// Whether the answer may begin before the request's body has ended: then ``respond(to:body:by:)`` answers.
    func streams(_ request: ServiceRequest) -> Bool

    /// Answers a request piece by piece, while its body comes in. Returns with the answer finished or failed, and has
    /// put away by then what it began.
    func respond(to request: ServiceRequest, body: ServiceBody, by answer: AnswerStream) async
}

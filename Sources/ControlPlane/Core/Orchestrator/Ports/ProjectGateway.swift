public import ProjectModel

/// Sends HTTP requests to the gateways of projects, as their service role.
public protocol ProjectGateway: Sendable {
    /// Sends a request and returns the response, with any status. Redirects are responses. Time and bytes are bounded
    /// by the implementation's limits.
    func send(
        _ request: GatewayRequest, to target: GatewayTarget
    ) async throws(ProjectGatewayError) -> GatewayAnswer
}

/// A project's gateway and the key that opens it.
public struct GatewayTarget: Sendable {
    /// The project, for messages.
    public var ref: ProjectRef
    /// Scheme, host and port, for instance `http://127.0.0.1:20000`.
    public var baseURL: String
    /// The key of the role `service_role`.
    public var serviceKey: Secret<String>

    /// Names a gateway.
    public init(ref: ProjectRef, baseURL: String, serviceKey: Secret<String>) {
        self.ref = ref
        self.baseURL = baseURL
        self.serviceKey = serviceKey
    }
}

/// A request to a project's gateway.
public struct GatewayRequest: Sendable {
    /// The method in capitals.
    public let method: String
    /// The path, percent-encoded.
    public let path: String
    /// Names and values of the query, not yet encoded. A gateway takes the parameter `apikey` for a key: it is dropped.
    public let query: [(String, String)]
    /// Header fields. Keys, cookies and fields of the connection are dropped on the way.
    public let headers: [(String, String)]
    /// The body; empty for none.
    public let body: [UInt8]

    /// Checks a request.
    ///
    /// - Parameter path: begins with `/`, percent-encoded; parts that come from people go through
    ///   ``encoded(_:)``. A part that is `.` or `..`, also in encoded form, is refused: it would lead elsewhere.
    /// - Throws: ``ProjectGatewayError/invalid(_:)``.
    public init(
        method: String = "GET", path: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        body: [UInt8] = []
    ) throws(ProjectGatewayError) {
        if let problem = Self.problem(path: path) { throw .invalid("the path of a request to a project \(problem)") }
        self.method = method
        self.path = path
        self.query = query.filter { $0.0.lowercased() != "apikey" }
        self.headers = headers
        self.body = body
    }

    /// The path and, where there is one, the query, both encoded.
    public var target: String {
        guard !query.isEmpty else { return path }
        return path + "?" + query.map { Self.encoded($0.0) + "=" + Self.encoded($0.1) }.joined(separator: "&")
    }

    /// Text as one segment of a path, or as a name or value of a query: everything but letters, digits and `-._~` is
    /// percent-encoded, the slash included.
    public static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) { bytes.append(byte) } else { bytes += [UInt8(ascii: "%")] + hex(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "-._~".utf8.contains(byte)
    }

    /// What is wrong with a path, as the end of a sentence; nil if nothing is.
    private static func problem(path: String) -> String? {
        guard path.hasPrefix("/") else { return "must begin with /" }
        guard let decoded = decoded(path) else { return "must be percent-encoded" }
        guard decoded.allSatisfy({ $0 >= 32 && $0 != 127 }) else { return "holds a control character" }
        // A server behind the gateway may decode before it splits, and take a backslash for a slash.
        let segments = decoded.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
        let dots = segments.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
        return dots ? "must not hold . or .. as a part" : nil
    }

    /// The bytes of a path; nil for characters that may not stand in one (RFC 3986, section 3.3).
    private static func decoded(_ path: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.utf8.count == 2, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
                    let value = UInt8(digits, radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                guard isUnreserved(byte) || "/!$&'()*+,;=:@".utf8.contains(byte) else { return nil }
                bytes.append(byte)
            }
        }
        return bytes
    }
}

/// What a gateway answered.
public struct GatewayAnswer: Sendable, Equatable {
    /// The status code.
    public var status: Int
    /// The header field `Content-Type`.
    public var contentType: String?
    public var body: [UInt8]

    public init(status: Int, contentType: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// Why a gateway gave no answer. A bad status is an answer. No case holds a key.
public enum ProjectGatewayError: Error, Sendable, Equatable {
    /// The gateway cannot be reached, or broke off; a sentence that names the project.
    case unreachable(String)
    /// The answer has more bytes than the limit.
    case tooLarge(limitBytes: Int)
    /// No whole answer came in this time.
    case timedOut(Duration)
    /// The request cannot be sent; one sentence.
    case invalid(String)
    /// Too many requests are in progress already.
    case busy
    /// The task that waited was cancelled.
    case cancelled
}

extension ProjectGatewayError: CustomStringConvertible {
    /// The message: one sentence.
    public var description: String {
        switch self {
        case .unreachable(let sentence), .invalid(let sentence): sentence
        case .tooLarge(let limit): "the project's answer has more than \(limit) bytes"
        case .timedOut(let duration): "the project did not answer within \(duration.components.seconds) s"
        case .busy: "too many requests to projects are in progress; try again in a moment"
        case .cancelled: "the request to the project was cancelled"
        }
    }
}

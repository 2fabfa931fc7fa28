import DataPlaneCore

/// A request that was read, before the schema cache is asked.
struct RestRequest: Sendable {
    /// What a path names.
    enum Target: Equatable {
        case root
        case relation(String)
        case function(String)
    }

    enum Method: String {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    var method: Method
    var target: Target
    var schema: String
    /// Whether `Content-Profile` belongs into the answer.
    var showsProfile: Bool
    var accepted: [MediaType]
    var contentType: MediaType
    var preferences: Preferences
    var range: RowRange
    var query: QueryParameters
    var body: [UInt8]
    var http: RestHTTPRequest

    var isRead: Bool { method == .get || method == .head }

    init(_ http: RestHTTPRequest, _ configuration: RestConfiguration) throws(RestError) {
        self.http = http
        target = try Self.target(http.path)
        method = try Self.method(http.method, target)
        preferences = Preferences(headers: http.headers("prefer"))
        accepted = MediaType.accepted(http.header("accept"))
        contentType = http.header("content-type").flatMap { MediaType($0) } ?? .json
        body = http.body
        guard body.count <= configuration.bodyBytesMax else { throw .bodyTooLarge(configuration.bodyBytesMax) }
        let isReading = method == .get || method == .head || method == .options
        schema = try Self.schema(http, isReading: isReading, configuration)
        showsProfile = configuration.schemas.count > 1
        if preferences.handling == .strict, !preferences.invalid.isEmpty {
            throw .preferences(preferences.invalid)
        }
        let isFunction = if case .function = target { true } else { false }
        query = try QueryReader.read(http.query, isCall: isFunction && isReading)
        range = RowRange()
        if method == .get, let header = http.header("range") { range = try RowRange(header: header) ?? range }
    }

    /// The same request with this body.
    func with(_ body: [UInt8], _ configuration: RestConfiguration) throws(RestError) -> RestRequest {
        guard body.count <= configuration.bodyBytesMax else { throw .bodyTooLarge(configuration.bodyBytesMax) }
        var request = self
        (request.body, request.http.body) = (body, body)
        return request
    }

    /// Whether a path is that of the API itself.
    static func isRoot(_ path: String) -> Bool { (try? target(path)) == .root }

    private static func target(_ path: String) throws(RestError) -> Target {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { PercentCoding.decodeSegment($0) }
        switch segments.count {
        case 0: return .root
        case 1: return segments[0].isEmpty ? .root : .relation(segments[0])
        case 2 where segments[0] == "rpc" && !segments[1].isEmpty: return .function(segments[1])
        default: throw .path
        }
    }

    private static func method(_ text: String, _ target: Target) throws(RestError) -> Method {
        let allowed: Set<Method> =
            switch target {
            case .root: [.get, .head, .options]
            case .relation: [.get, .head, .post, .put, .patch, .delete, .options]
            case .function: [.get, .head, .post, .options]
            }
        if let method = Method(rawValue: text), allowed.contains(method) { return method }
        if case .function = target { throw .methodOnFunction(text) }
        throw .method(text)
    }

    private static func schema(
        _ http: RestHTTPRequest, isReading: Bool, _ configuration: RestConfiguration
    ) throws(RestError) -> String {
        let wanted = http.header(isReading ? "accept-profile" : "content-profile")
        let first = configuration.schemas.first ?? "public"
        guard let wanted else { return first }
        guard configuration.schemas.contains(wanted) else { throw .schema(wanted, exposed: configuration.schemas) }
        return wanted
    }
}

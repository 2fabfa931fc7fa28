import HTTPTypes

/// One operation of the API: where it is, who may use it, and what it does.
struct Route: Sendable {
    /// Does the work of a route.
    typealias Handler = @Sendable (APIRequest) async throws -> APIResponse

    /// Method.
    let method: HTTPRequest.Method
    /// Path with parameters in braces: `/platform/projects/{ref}`.
    let path: String
    /// Who may use it.
    let access: Access
    /// Does the work.
    let handler: Handler
    let segments: [Segment]

    /// One part of a path.
    enum Segment: Sendable, Equatable {
        case literal(Substring)
        case parameter(String)
    }

    init(_ method: HTTPRequest.Method, _ path: String, _ access: Access, _ handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.access = access
        self.handler = handler
        segments = path.dropFirst().split(separator: "/").map { part in
            part.hasPrefix("{") && part.hasSuffix("}")
                ? .parameter(String(part.dropFirst().dropLast())) : .literal(part)
        }
    }

    /// The route as logs name it: no part of it comes from a client.
    var name: String { "\(method.rawValue) \(path)" }

    func handle(_ request: APIRequest) async throws -> APIResponse { try await handler(request) }

    /// The parameters of a path that this route matches, else nothing. Nothing is decoded or collapsed: a path with
    /// empty parts, dots or percent signs matches no literal, and no parameter that is checked.
    func match(_ parts: [Substring]) -> [String: String]? {
        guard parts.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, part) in zip(segments, parts) {
            switch segment {
            case .literal(let text): guard part == text else { return nil }
            case .parameter(let name):
                guard !part.isEmpty else { return nil }
                parameters[name] = String(part)
            }
        }
        return parameters
    }
}

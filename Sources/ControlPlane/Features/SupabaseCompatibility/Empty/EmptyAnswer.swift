import APIKit
import HTTPTypes
import Identity

/// The documented answer of an operation whose feature does not exist here: what the page or program expects where
/// there is nothing, so that it shows an empty state instead of an error. All of them are rows of ``all``.
struct EmptyAnswer: Sendable {
    /// The body; it repeats at most what the caller or the project already is.
    typealias Body = @Sendable (APIRequest) throws -> JSON

    var method = HTTPRequest.Method.get
    var path: String
    var access: Access
    let summary: String
    var query: [Operation.Parameter] = []
    /// What is accepted and means nothing.
    var input = Operation.Body.none
    var status = HTTPResponse.Status.ok
    /// The body's shape; nil for an answer without a body.
    var schema: Schema?
    private let body: Body
    /// Whether the answer is a list with its length in a header.
    var isCounted = false

    /// The same for everybody. The shape follows from `body` where none is given.
    init(
        _ path: String, for access: Access = .signedIn, says summary: String, query: [Operation.Parameter] = [],
        body: JSON, schema: Schema? = nil, isCounted: Bool = false
    ) {
        self.init(path, for: access, says: summary, query: query, schema: schema ?? Schema(ofEmpty: body)) { _ in body }
        self.isCounted = isCounted
    }

    /// With parts that differ.
    init(
        _ path: String, for access: Access = .signedIn, says summary: String, query: [Operation.Parameter] = [],
        schema: Schema?, body: @escaping Body
    ) {
        self.path = path
        self.access = access
        self.summary = summary
        self.query = query
        self.schema = schema
        self.body = body
    }

    /// Takes what is sent and answers nothing.
    init(swallowing path: String, for access: Access = .signedIn, says summary: String) {
        self.init(path, for: access, says: summary, schema: nil) { _ in .null }
        (method, input, status) = (.post, .optionalJSON(.anything), .created)
    }

    /// The same by POST, which answers 201.
    func posted(_ input: Operation.Body = .none) -> EmptyAnswer {
        var copy = self
        (copy.method, copy.input, copy.status, copy.query) = (.post, input, .created, [])
        return copy
    }

    var route: Route {
        Route(
            method, path, access: access,
            operation: Operation(
                summary: summary, query: query, body: input,
                answer: schema.map { .json($0, status) } ?? .empty(status))
        ) { request in
            guard schema != nil else { return APIResponse(status) }
            var answer = try APIResponse(status, json: try body(request))
            if isCounted { answer.headers[.totalCount] = "0" }
            return answer
        }.supported(as: .empty)
    }

    /// Every one of them that needs no clock.
    static let all: [EmptyAnswer] = dashboard + organizations + projects + analytics + backups + management
}

extension [EmptyAnswer] {
    /// The same below a path, for callers with a permission.
    func under(_ path: String, for permission: Permission? = nil) -> [EmptyAnswer] {
        map { answer in
            var copy = answer
            copy.path = "\(path)/\(answer.path)"
            if let permission { copy.access = .permission(permission) }
            return copy
        }
    }
}

extension Schema {
    /// The shape of an empty answer: lists and objects without members may hold anything.
    fileprivate init(ofEmpty json: JSON) {
        switch json {
        case .null: self = .nullable(.anything)
        case .boolean: self = .boolean
        case .integer, .number: self = .number
        case .string: self = .text
        case .array: self = .array(.anything)
        case .object(let fields):
            let members = fields.sorted { $0.key < $1.key }.map { Field($0.key, Schema(ofEmpty: $0.value)) }
            self = members.isEmpty ? .map(.anything) : .object(members)
        }
    }
}

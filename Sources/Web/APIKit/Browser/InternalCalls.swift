package import HTTPTypes
import NIOCore

/// Calls of the API's own routes from inside: what a page shows and does is what its caller could read and do with a
/// token, with the same checks, audit entries and responses. It has no rights of its own.
package struct InternalCalls: Sendable {
    private let routes: RouteTable
    private let authorizer: Authorizer
    private let mutations: MutationRunner

    package init(routes: RouteTable, authorizer: Authorizer, mutations: MutationRunner) {
        self.routes = routes
        self.authorizer = authorizer
        self.mutations = mutations
    }

    /// Calls a route as the caller of a request.
    ///
    /// - Parameters:
    ///   - path: the path of the API, with its query.
    ///   - body: the JSON that the route takes.
    ///   - request: the request of the page, whose rate is counted already.
    /// - Throws: ``APIError``, as the route answers it.
    package func send(
        _ method: HTTPRequest.Method, _ path: String, body: JSON? = nil, for request: APIRequest
    ) async throws -> APIResponse {
        try await send(
            method, path, sending: Payload(bytes: ByteBuffer(bytes: try body?.bytes() ?? []), json: body), for: request)
    }

    /// Sends a file to a route that takes one, with POST.
    package func upload(
        _ path: String, _ file: MultipartBody.Part, for request: APIRequest
    ) async throws -> APIResponse {
        try await send(
            .post, path, sending: Payload(bytes: ByteBuffer(bytes: file.bytes), contentType: file.contentType),
            for: request)
    }

    /// The body of a call.
    private struct Payload {
        let bytes: ByteBuffer
        var json: JSON?
        var contentType: String?
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, sending payload: Payload, for request: APIRequest
    ) async throws -> APIResponse {
        let sides = path.split(separator: "?", maxSplits: 1)
        let found = try routes.find(method, String(sides.first ?? ""))
        let admission = try await authorizer.authorise(found, try request.caller())
        let query = try QueryParameters(sides.count == 2 ? sides[1] : "")
        if found.route.refusesUnknownQuery { try query.require(only: found.route.operation.query.map(\.name)) }
        var headers = HTTPFields()
        headers[.lastEventIdentifier] = request.headers[.lastEventIdentifier]
        headers[.contentType] = payload.contentType
        let call = APIRequest(
            parameters: found.parameters, query: query, headers: headers,
            body: payload.bytes, json: payload.json.map { .success($0) },
            principal: admission.principal, admitted: admission.project, address: request.address)
        return try await mutations.run(
            MutationRunner.Call(
                route: found.route, request: call, identifier: RequestIdentifier(headers: request.headers), key: nil,
                unfinished: request.unfinished))
    }

    /// The JSON that a route answers.
    package func json(
        _ method: HTTPRequest.Method, _ path: String, body: JSON? = nil, for request: APIRequest
    ) async throws -> JSON {
        let response = try await send(method, path, body: body, for: request)
        guard response.body.readableBytes > 0 else { return .null }
        return try JSONReader.read(Array(response.body.readableBytesView), limits: .answer)
    }
}

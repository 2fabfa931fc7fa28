import HTTPTypes
import NIOCore
import Synchronization

/// `GET /openapi.json`: the document of everything that is served, made from the routes themselves.
package struct OpenAPIController: Sendable {
    package let route: Route

    /// The route for a document about `routes` and itself.
    package init(routes: [Route], version: String) {
        let operation = Operation(summary: "This document", tag: "probes", answer: .json(.map(.anything)))
        let path = "/openapi.json"
        let placeholder = Route(.get, path, access: .open, operation: operation) { _ in APIResponse(.ok) }
        let text = EncodedOnce {
            try APIResponse(json: OpenAPIDocument.json(of: routes + [placeholder], version: version))
        }
        route = Route(.get, path, access: .open, operation: operation) { _ in try text.answer() }.costly
    }
}

/// A constant public response, encoded once: a megabyte of JSON takes a tenth of a second to encode.
private final class EncodedOnce: Sendable {
    private let encode: @Sendable () throws -> APIResponse
    private let known = Mutex<APIResponse?>(nil)

    init(_ encode: @escaping @Sendable () throws -> APIResponse) { self.encode = encode }

    func answer() throws -> APIResponse {
        try known.withLock { known in
            if let known { return known }
            let made = try encode()
            known = made
            return made
        }
    }
}

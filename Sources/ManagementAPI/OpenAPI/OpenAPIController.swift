import HTTPTypes

/// `GET /openapi.json`: the document of everything that is served, made from the routes themselves.
struct OpenAPIController: Sendable {
    let route: Route

    /// The route for a document about `routes` and itself.
    init(routes: [Route], version: String) {
        let operation = Operation(summary: "This document", tag: "probes", answer: .json(.map(.anything)))
        let path = "/openapi.json"
        let placeholder = Route(.get, path, .open, operation) { _ in APIResponse(.ok) }
        let document = OpenAPIDocument.json(of: routes + [placeholder], version: version)
        route = Route(.get, path, .open, operation) { _ in try APIResponse(json: document) }
    }
}

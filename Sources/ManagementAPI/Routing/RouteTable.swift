import HTTPTypes

/// All routes, and which of them a request is for.
struct RouteTable: Sendable {
    /// The routes in the order in which they were added.
    let routes: [Route]

    /// A route and the values that the path has for its parameters.
    struct Found: Sendable {
        let route: Route
        let parameters: [String: String]
    }

    init(_ routes: [Route]) { self.routes = routes }

    /// The route of a request: 404 for an unknown path, 405 for a method that the path does not know. Where several
    /// paths match, the one with the fewest parameters is meant (`/projects/available` before `/projects/{ref}`).
    func find(_ method: HTTPRequest.Method, _ path: String) throws(APIError) -> Found {
        let matches = path.hasPrefix("/") ? matching(path.dropFirst()) : []
        guard let best = matches.map({ $0.parameters.count }).min() else {
            throw APIError(.notFound, "this path does not exist")
        }
        let candidates = matches.filter { $0.parameters.count == best }
        guard let found = candidates.first(where: { $0.route.method == method }) else {
            throw .wrongMethod(candidates.map(\.route.method))
        }
        return found
    }

    private func matching(_ path: Substring) -> [Found] {
        let parts = path.split(separator: "/", maxSplits: Self.segmentsMax, omittingEmptySubsequences: false)
        return routes.compactMap { route in
            route.match(parts).map { Found(route: route, parameters: $0) }
        }
    }

    /// Parts into which a path is split at most; no route has as many.
    private static let segmentsMax = 16
}

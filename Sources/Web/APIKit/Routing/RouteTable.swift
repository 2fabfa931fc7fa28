package import HTTPTypes

/// All routes, and which of them a request is for.
package struct RouteTable: Sendable {
    /// The routes in the order in which they were added.
    package let routes: [Route]
    /// Routes by the number of parts of their path and, where that is a literal, the third part: the one in which most
    /// of them differ. Keeps a request from being compared with every route there is.
    private let index: [Key: [Int]]

    private struct Key: Hashable {
        let count: Int
        let third: Substring?
    }

    /// A route and the values that the path has for its parameters.
    package struct Found: Sendable {
        package let route: Route
        package let parameters: [String: String]
    }

    package init(_ routes: [Route]) {
        self.routes = routes
        index = Dictionary(grouping: routes.indices) { number in
            let segments = routes[number].segments
            guard segments.count > 2, case .literal(let text) = segments[2] else {
                return Key(count: segments.count, third: nil)
            }
            return Key(count: segments.count, third: text)
        }
    }

    /// The route of a request: 404 for an unknown path, 405 for a method that the path does not know. Where several
    /// paths match, the one with the fewest parameters is chosen (`/projects/available` before `/projects/{ref}`).
    /// `HEAD` is answered like `GET` where it has no route of its own.
    package func find(_ method: HTTPRequest.Method, _ path: String) throws(APIError) -> Found {
        let candidates = try candidates(path)
        if let found = candidates.first(where: { $0.route.method == method }) { return found }
        if method == .head, let found = candidates.first(where: { $0.route.method == .get }) { return found }
        throw .wrongMethod(Self.methods(of: candidates))
    }

    /// The methods that a path knows; 404 for an unknown path.
    package func methods(_ path: String) throws(APIError) -> [HTTPRequest.Method] {
        Self.methods(of: try candidates(path))
    }

    private static func methods(of found: [Found]) -> [HTTPRequest.Method] {
        let methods = Set(found.map(\.route.method))
        let implied: Set<HTTPRequest.Method> = methods.contains(.get) ? [.head, .options] : [.options]
        return methods.union(implied).sorted { $0.rawValue < $1.rawValue }
    }

    private func candidates(_ path: String) throws(APIError) -> [Found] {
        let matches = path.hasPrefix("/") ? matching(path.dropFirst()) : []
        guard let best = matches.map({ $0.parameters.count }).min() else {
            throw APIError(.notFound, "this path does not exist")
        }
        return matches.filter { $0.parameters.count == best }
    }

    private func matching(_ path: Substring) -> [Found] {
        let parts = path.split(separator: "/", maxSplits: Self.segmentsMax, omittingEmptySubsequences: false)
        var numbers = index[Key(count: parts.count, third: nil)] ?? []
        if parts.count > 2 { numbers += index[Key(count: parts.count, third: parts[2])] ?? [] }
        return numbers.sorted().compactMap { number in
            routes[number].match(parts).map { Found(route: routes[number], parameters: $0) }
        }
    }

    /// Parts into which a path is split at most; no route has as many.
    private static let segmentsMax = 16
}

import Foundation

/// The Management API of one manager, as a client sees it.
struct ManagerClient: Sendable {
    let port: UInt16
    let token: String

    /// Sends a request; `token` is sent as a bearer token unless it is absent.
    func send(_ method: String, _ path: String, body: String = "", token: String?) async throws -> Exchange {
        let headers = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
        return try await Exchange.send(method, "http://127.0.0.1:\(port)" + path, headers: headers, body: body)
    }

    /// Sends a request with the manager's access token.
    func send(_ method: String, _ path: String, body: String = "") async throws -> Exchange {
        try await send(method, path, body: body, token: token)
    }

    /// Sends a request that has to succeed.
    @discardableResult
    func must(_ method: String, _ path: String, body: String = "") async throws -> JSONValue {
        let answer = try await send(method, path, body: body)
        guard (200..<300).contains(answer.status) else {
            throw Trouble("\(method) \(path): \(answer.status) \(answer.text)")
        }
        return answer.json
    }

    /// Refs of all projects.
    func projects() async throws -> [String] {
        try await must("GET", "/platform/projects?limit=100")["projects"].items.compactMap { $0["ref"].text }
    }

    /// The body of a creation.
    static func creation(_ name: String, services: [String]?) throws -> String {
        var body: [String: Any] = ["name": name, "organization_slug": "default", "cloud_provider": "AWS"]
        body["services"] = services
        return try jsonText(body)
    }
}

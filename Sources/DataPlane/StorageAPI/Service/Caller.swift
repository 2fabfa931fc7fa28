import DataPlaneCore

/// Who asks, and what policies learn of the request.
struct Caller: Sendable {
    var role: String
    var claims: JSONText

    /// The user's id; nil for keys of the project.
    var subject: String? { claims["sub"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } }

    /// The owner's column of type uuid takes only uuids.
    static func uuid(_ subject: String?) -> String? {
        subject.flatMap { ObjectVersion($0.lowercased())?.text }
    }
}

/// A request's part of a transaction.
struct RequestScope: Sendable {
    var caller: Caller
    var operation: String
    var method: String
    var path: String
    var headers: [(name: String, value: String)]

    init(caller: Caller, operation: String, http: ServiceRequest) {
        self.caller = caller
        self.operation = operation
        method = http.method
        path = http.path
        headers = http.headers
    }

    /// Settings for the transaction; `role` is the last, since a role need not have the right to set the others.
    var settings: [(name: String, value: String)] {
        let visible = headers.filter { $0.name != "cookie" && $0.name != "authorization" }
        return [
            ("request.jwt.claims", claimsText), ("request.jwt.claim.sub", caller.subject ?? ""),
            ("request.jwt.claim.role", caller.role), ("request.method", method), ("request.path", path),
            ("request.headers", JSONText.object(visible.map { .init($0.name, .string($0.value)) }).text),
            ("storage.operation", operation), ("storage.allow_delete_query", "true"), ("role", caller.role),
        ]
    }

    private var claimsText: String {
        guard case .object(var members) = caller.claims else { return "{}" }
        members.removeAll { $0.name == "role" }
        members.append(.init("role", .string(caller.role)))
        return JSONText.object(members).text
    }
}

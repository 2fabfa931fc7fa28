package import APIKit
package import HTTPTypes
package import Orchestrator
package import ProjectModel

/// Errors inside a project as HTTP statuses.
extension APIError {
    /// An error of a project's database. `postgres-meta` answers 400 to every error that the statement caused.
    package init(_ error: ProjectDatabaseError) {
        switch error {
        case .unreachable, .busy, .cancelled: self = .unavailable("\(error)")
        case .query(let failure): self.init(.badRequest, failure.message)
        case .timedOut:
            // Studio and the command line match PostgreSQL's own text.
            self.init(.badRequest, "canceling statement due to statement timeout: \(error)")
        case .invalid, .tooManyRows, .tooLarge: self.init(.badRequest, "\(error)")
        }
    }

    /// An error on the way to a project's gateway.
    package init(_ error: ProjectGatewayError) {
        switch error {
        case .unreachable, .timedOut, .busy, .cancelled: self = .unavailable("\(error)")
        case .invalid, .tooLarge: self.init(.badRequest, "\(error)")
        }
    }

    /// 403 for what there is a route for and nothing behind it.
    package static func unoffered(_ feature: String, _ instead: String) -> APIError {
        APIError(.forbidden, "\(feature) is not offered by this installation: \(instead)")
    }
}

extension GatewayAnswer {
    /// Longest message of a service that is passed on, in Unicode scalars: a character can have any number of them.
    private static let messageScalarsMax = 1_000
    /// Statuses of a service that say the same here.
    private static let passed: Set<Int> = [400, 403, 404, 409, 413, 422, 429]

    /// Whether the service did what it was asked for.
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// A service's refusal as one of ours. Its 401 concerns the manager's own key, not the caller: as a rule the
    /// gateway is getting new keys.
    package func refusal(by role: ServiceRole) -> APIError {
        let service = role.inWords
        guard (400..<500).contains(status), status != 401 else {
            return .unavailable("the project's \(service) answered \(status): try again, or see its log")
        }
        let known = Self.passed.contains(status) ? status : 400
        return APIError(HTTPResponse.Status(code: known), message ?? "the project's \(service) answered \(status)")
    }

    /// The service's message, in any of the fields that services use.
    private var message: String? {
        guard let json = JSON(bytes: body) else { return nil }
        let fields = [
            json["msg"], json["message"], json["error_description"], json["error"], json["error"]?["message"],
        ]
        let text = fields.lazy.compactMap { $0?.text }.first { !$0.isEmpty }
        return text.map { String($0.unicodeScalars.prefix(Self.messageScalarsMax)) }
    }

    /// The response passed on unchanged; it must be JSON.
    package func response(_ status: HTTPResponse.Status, by role: ServiceRole) throws(APIError) -> APIResponse {
        guard isSuccess else { throw refusal(by: role) }
        guard contentType?.contains("json") == true, !body.isEmpty else {
            throw .unavailable("the project's \(role.inWords) did not answer with JSON")
        }
        return APIResponse(status, jsonBytes: body)
    }

    /// The answer read as JSON.
    package func value(by role: ServiceRole) throws(APIError) -> JSON {
        guard let json = JSON(bytes: body) else {
            throw .unavailable("the project's \(role.inWords) did not answer with JSON")
        }
        return json
    }
}

extension ServiceRole {
    /// The service in messages.
    fileprivate var inWords: String {
        switch self {
        case .rest: "REST API"
        case .meta: "catalogue service"
        default: rawValue
        }
    }
}

extension Operation.Refusal {
    /// Refusals of a project's own services.
    package static let upstream: [Operation.Refusal] = [
        .init(status: .conflict, meaning: "the project's service has it already, or it changed meanwhile"),
        .init(status: .unprocessableContent, meaning: "the project's service cannot do that"),
    ]
}

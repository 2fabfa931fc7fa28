import FoundationEssentials
import HTTPTypes
import Orchestrator
import OrchestratorTesting
import ProjectModel

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// A request that a route accepts. What a test does not say is made from the route's documentation.
struct ValidRequest: Sendable {
    /// Values of parameters in the path; `ref` and `slug` are known.
    var values: [String: String] = [:]
    var query = ""
    /// The body; made from its schema when absent.
    var body: String?
    var headers: [(name: String, value: String)] = []
    var token: String? = APIHost.token
    var slug = "default"
    /// Another project than the one that every route is tried with.
    var ref: ProjectRef?

    /// Makes what the request is about, then gives the request.
    typealias Preparation = @Sendable (APIHost, ProjectRef) async throws -> ValidRequest

    func send(to route: Route, _ host: APIHost, _ ref: ProjectRef) async throws -> Answer {
        var path = route.path.replacing("{ref}", with: (self.ref ?? ref).text).replacing("{slug}", with: slug)
        for (name, value) in values { path = path.replacing("{\(name)}", with: value) }
        // What refuses every request reads no parameter.
        if ValidRequests.refusals[route.name] != nil { path = path.replacing(/\{\w+\}/, with: "x") }
        if path.contains("{") { throw HostError("\(route.name) has a parameter without a value") }
        let body = try body ?? route.operation.body.example(ref)
        return try await host.send(
            route.method.rawValue, path + (query.isEmpty ? "" : "?\(query)"), body: body, token: token,
            headers: headers)
    }
}

extension Operation.Body {
    /// The smallest body that is accepted.
    func example(_ ref: ProjectRef) throws -> String? {
        switch self {
        case .none, .optionalJSON: nil
        case .json(let schema): String(decoding: try JSONEncoder().encode(schema.example(ref, "")), as: UTF8.self)
        case .other, .form: throw HostError("a body that is no JSON has to be given")
        }
    }
}

extension Schema {
    /// The smallest value of the shape; the name of a field decides its text.
    fileprivate func example(_ ref: ProjectRef, _ name: String) -> JSON {
        switch self {
        case .string(let rules): .string(rules.example(ref, name))
        case .integer(let range): .integer(range?.lowerBound ?? 1)
        case .number: .integer(1)
        case .boolean: .boolean(true)
        case .anything: .null
        case .array(let element): .array([element.example(ref, name)])
        case .map: .object([:])
        case .nullable: .null
        case .oneOf(let choices): choices.first?.example(ref, name) ?? .null
        case .named(_, let schema): schema.example(ref, name)
        case .object(let fields):
            .object(
                Dictionary(
                    uniqueKeysWithValues: fields.filter(\.isRequired).map {
                        ($0.name, $0.schema.example(ref, $0.name))
                    }))
        }
    }
}

extension Schema.Text {
    fileprivate func example(_ ref: ProjectRef, _ name: String) -> String {
        if let first = choices.first { return first }
        if format == "uuid" { return "10000000-0000-4000-8000-000000000010" }
        if format == "date-time" { return "2100-01-01T00:00:00.000Z" }
        if pattern == "^[a-z]{20}$" { return ref.text }
        if name.lowercased().contains("email") { return "user@example.com" }
        if name == "password" { return "correct horse 1 Battery" }
        if name.hasSuffix("organization_slug") { return "default" }
        return "example"
    }
}

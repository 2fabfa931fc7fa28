import HTTPTypes
import Identity

/// The OpenAPI 3.1 document of a set of routes.
package enum OpenAPIDocument {
    /// The document.
    package static func json(of routes: [Route], version: String) -> JSON {
        var named: [String: JSON] = ["Error": error]
        var paths: [String: [String: JSON]] = [:]
        for route in routes {
            paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route, &named)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "SupaManager Management API", "version": .string(version),
                "description": .string(introduction),
                "license": ["name": "See the project's LICENSE"],
            ],
            "paths": .object(paths.mapValues(JSON.object)),
            "components": ["schemas": .object(named), "securitySchemes": ["bearer": bearer]],
        ]
    }

    private static let introduction = """
        The API of Studio, the Supabase CLI and the Terraform provider. Errors are {"message": …}. Mutating requests \
        may carry an Idempotency-Key: a repeat returns the stored response for a day. x-support says what \
        stands behind an operation: served, empty (the same response for every caller), refused, or not applicable.
        """

    private static let error: JSON = [
        "type": "object", "required": ["message"], "properties": ["message": ["type": "string"]],
    ]

    private static let bearer: JSON = [
        "type": "http", "scheme": "bearer", "description": "A personal access token (sbp_…) or a session's token",
    ]

    private static func operation(_ route: Route, _ named: inout [String: JSON]) -> JSON {
        let operation = route.operation
        var fields: [String: JSON] = [
            "operationId": .string(identifier(route)), "summary": .string(operation.summary),
            "tags": [.string(operation.tag ?? tag(route))], "responses": .object(responses(route, &named)),
            "security": route.access == .open ? [] : [["bearer": []]],
        ]
        let parameters = pathParameters(route) + operation.query.map { query($0, &named) } + headers(route)
        if !parameters.isEmpty { fields["parameters"] = .array(parameters) }
        if let body = body(operation.body, &named) { fields["requestBody"] = body }
        switch route.access {
        case .anyOf(let permissions):
            fields["x-permissions"] = .array(permissions.map { .string($0.rawValue) })
        case .installation(let permission): fields["x-permissions"] = [.string(permission.rawValue)]
        case .open, .signedIn, .wholeAccount, .session: break
        }
        fields["x-support"] = .string(route.support.rawValue)
        return .object(fields)
    }

    /// Unique, and made of letters, digits and underscores, as generators of clients want it.
    private static func identifier(_ route: Route) -> String {
        let words = route.path.split { !($0.isLetter || $0.isNumber) }.joined(separator: "_")
        return "\(route.method.rawValue.lowercased())_\(words)"
    }

    /// `/platform/projects/…` is about projects, `/v1/…` a group of its own.
    private static func tag(_ route: Route) -> String {
        let parts = route.path.split(separator: "/")
        return parts.first == "platform" ? String(parts.dropFirst().first ?? "platform") : String(parts.first ?? "")
    }

    private static func pathParameters(_ route: Route) -> [JSON] {
        route.parameterNames.map { name in
            let schema: JSON =
                name == "ref" ? ["type": "string", "pattern": "^[a-z]{20}$"] : ["type": "string", "minLength": 1]
            return ["name": .string(name), "in": "path", "required": true, "schema": schema]
        }
    }

    private static func query(_ parameter: Operation.Parameter, _ named: inout [String: JSON]) -> JSON {
        [
            "name": .string(parameter.name), "in": "query", "required": .boolean(parameter.isRequired),
            "description": .string(parameter.description), "schema": parameter.schema.json(&named),
        ]
    }

    private static func headers(_ route: Route) -> [JSON] {
        guard route.isRepeatable, route.access != .open else { return [] }
        return [
            [
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "Idempotency key; a repeated request returns the stored response",
                "schema": ["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"],
            ]
        ]
    }

    private static func body(_ body: Operation.Body, _ named: inout [String: JSON]) -> JSON? {
        switch body {
        case .none: nil
        case .json(let schema):
            ["required": true, "content": ["application/json": ["schema": schema.json(&named)]]]
        case .optionalJSON(let schema):
            ["required": false, "content": ["application/json": ["schema": schema.json(&named)]]]
        case .form: Self.body(.other("application/x-www-form-urlencoded"), &named)
        case .other(let type):
            ["required": true, "content": [type: ["schema": ["type": "string", "format": "binary"]]]]
        }
    }

    private static func responses(_ route: Route, _ named: inout [String: JSON]) -> [String: JSON] {
        var responses: [String: JSON] = [:]
        for refusal in route.refusals { responses["\(refusal.status.code)"] = answer(refusal) }
        let answer = route.operation.answer
        var fields: [String: JSON] = ["description": .string(answer.schema == nil ? "Done" : "The answer")]
        if let schema = answer.schema {
            fields["content"] = [answer.contentType: ["schema": schema.json(&named)]]
        }
        responses["\(answer.status.code)"] = .object(fields)
        return responses
    }

    private static func answer(_ refusal: Operation.Refusal) -> JSON {
        [
            "description": .string(refusal.meaning),
            "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
        ]
    }
}

extension Route {
    /// Every refusal that a request may get: those of the route itself, and those that follow from how it is built.
    package var refusals: [Operation.Refusal] {
        var list: [Operation.Refusal] = [
            .init(status: .badRequest, meaning: "the request cannot be understood"),
            .init(status: .requestTimeout, meaning: "the request body did not arrive in time"),
            .init(status: .contentTooLarge, meaning: "the request body is too large"),
            .init(status: .internalServerError, meaning: "a defect of the manager"),
            .init(status: .serviceUnavailable, meaning: "the database or the engine does not answer; try again"),
        ]
        if access != .open {
            list += [
                .init(status: .unauthorized, meaning: "no valid access token"),
                .init(status: .forbidden, meaning: "a permission is missing"),
                .init(status: .tooManyRequests, meaning: "too many requests; Retry-After says when to try again"),
            ]
        }
        if !parameterNames.isEmpty { list.append(.init(status: .notFound, meaning: "no such object")) }
        if isRepeatable, access != .open {
            list += [
                .init(status: .conflict, meaning: "not possible at present, or the same request is in progress"),
                .init(status: .unprocessableContent, meaning: "the Idempotency-Key belongs to another request"),
            ]
        }
        if diskNeed != .none {
            list.append(.init(status: .insufficientStorage, meaning: "the disk with the manager's data is nearly full"))
        }
        return list + operation.refusals
    }
}

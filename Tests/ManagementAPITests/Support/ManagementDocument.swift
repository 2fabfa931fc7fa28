import FoundationEssentials

/// The Management API's own OpenAPI document, where it lies beside the checkout or where `MANAGEMENT_OPENAPI` says.
struct ManagementDocument: Sendable {
    private let root: JSONValue

    /// Nothing where there is no such document.
    static let shared: ManagementDocument? = {
        let beside = #filePath.split(separator: "/").dropLast(5).map { "/\($0)" }.joined()
        let path =
            ProcessInfo.processInfo.environment["MANAGEMENT_OPENAPI"]
            ?? "\(beside)/shared/data/management-openapi.json"
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let root = try? JSONValue(bytes: Array(data))
        else { return nil }
        return ManagementDocument(root: root)
    }()

    /// Documented statuses by operation, named as routes are: `GET /v1/projects`.
    var statuses: [String: Set<Int>] {
        guard case .object(let paths)? = root["paths"] else { return [:] }
        var statuses: [String: Set<Int>] = [:]
        for (path, methods) in paths {
            for method in methods.keys.intersection(["get", "post", "put", "patch", "delete", "head"]) {
                let codes = methods[method]?["responses"]?.keys ?? []
                statuses["\(method.uppercased()) \(path)"] = Set(codes.compactMap { Int($0) })
            }
        }
        return statuses
    }

    /// What an answer does not keep of the document; nothing for a status without a documented body.
    func problems(in answer: Answer, to method: String, _ path: String) throws -> [String] {
        let response = root["paths"]?[path]?[method.lowercased()]?["responses"]?["\(answer.status)"]
        guard let schema = response?["content"]?["application/json"]?["schema"] else { return [] }
        return problems(in: try answer.json, schema, "$")
    }

    private func problems(in value: JSONValue, _ schema: JSONValue, _ place: String) -> [String] {
        if let name = schema["$ref"]?.text?.split(separator: "/").last,
            let target = root["components"]?["schemas"]?[String(name)]
        {
            return problems(in: value, target, place)
        }
        if value == .null, schema["nullable"] == .bool(true) { return [] }
        for key in ["anyOf", "oneOf"] {
            guard case .array(let choices)? = schema[key] else { continue }
            return choices.contains { problems(in: value, $0, place).isEmpty } ? [] : ["\(place) is none of \(key)"]
        }
        if case .array(let words)? = schema["enum"], !words.contains(value) {
            return ["\(place) is \(value), which is not one of the known words"]
        }
        switch (schema["type"]?.text, value) {
        case ("object", .object(let fields)): return problems(in: fields, schema, place)
        case ("array", .array(let items)):
            guard let element = schema["items"] else { return [] }
            return items.enumerated().flatMap { problems(in: $1, element, "\(place)[\($0)]") }
        case ("string", .string), ("number", .number), ("integer", .number), ("boolean", .bool), (nil, _): return []
        default: return ["\(place) has the wrong type"]
        }
    }

    private func problems(in fields: [String: JSONValue], _ schema: JSONValue, _ place: String) -> [String] {
        var problems: [String] = []
        if case .array(let required)? = schema["required"] {
            problems = required.compactMap(\.text).filter { fields[$0] == nil }.map { "\(place).\($0) is missing" }
        }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            guard let inner = schema["properties"]?[name] else { continue }
            problems += self.problems(in: value, inner, "\(place).\(name)")
        }
        return problems
    }
}

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

    /// What an answer to an operation (`GET /v1/projects`) does not keep of the document. Refusals are for the route's
    /// own documentation to judge, which names their statuses; an operation that is not in the document is ours alone.
    func problems(in answer: Answer, to name: String) -> [PublishedSchema.Problem] {
        guard (200..<300).contains(answer.status), let operation = operation(name) else { return [] }
        guard let response = operation["responses"]?["\(answer.status)"] else {
            return [PublishedSchema.Problem("$", "came with \(answer.status), which is not documented")]
        }
        if let schema = schema(response) {
            guard let json = try? answer.json else { return [PublishedSchema.Problem("$", "is no JSON")] }
            return schema.problems(in: json)
        }
        guard let type = response["content"]?.keys.first else { return [] }
        return answer.header("Content-Type")?.hasPrefix(type) == true
            ? [] : [PublishedSchema.Problem("$", "is not of the type \(type)")]
    }

    /// The schema of a status's body, where it is JSON.
    func answer(_ name: String, _ status: Int) -> PublishedSchema? {
        schema(operation(name)?["responses"]?["\(status)"])
    }

    /// The schema of the body of a request, where it is JSON.
    func body(_ name: String) -> PublishedSchema? { schema(operation(name)?["requestBody"]) }

    /// Query parameters by name: whether each is required, and its schema.
    func query(_ name: String) -> [String: (isRequired: Bool, schema: PublishedSchema)] {
        guard case .array(let parameters)? = operation(name)?["parameters"] else { return [:] }
        var query: [String: (isRequired: Bool, schema: PublishedSchema)] = [:]
        for parameter in parameters where parameter["in"]?.text == "query" {
            guard let name = parameter["name"]?.text, let schema = parameter["schema"] else { continue }
            query[name] = (parameter["required"] == .bool(true), published(schema))
        }
        return query
    }

    private func operation(_ name: String) -> JSONValue? {
        let words = name.split(separator: " ")
        guard words.count == 2 else { return nil }
        return root["paths"]?[String(words[1])]?[words[0].lowercased()]
    }

    private func schema(_ content: JSONValue?) -> PublishedSchema? {
        content?["content"]?["application/json"]?["schema"].map(published)
    }

    private func published(_ schema: JSONValue) -> PublishedSchema {
        PublishedSchema(schema: schema, named: root["components"]?["schemas"] ?? .null)
    }
}

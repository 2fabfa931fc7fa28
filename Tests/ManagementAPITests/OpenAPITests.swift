import HTTPTypes
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("OpenAPI document")
struct OpenAPITests {
    @Test("it names every route that is served, and none besides")
    func complete() async throws {
        try await APIHost.run { host in
            let document = try await host.send("GET", "/openapi.json", token: nil).json
            var documented: Set<String> = []
            guard case .object(let paths)? = document["paths"] else {
                Issue.record("there are no paths")
                return
            }
            for (path, operations) in paths {
                for method in operations.keys { documented.insert("\(method.uppercased()) \(path)") }
            }
            #expect(documented == Set(allRoutes().map(\.name)))
        }
    }

    @Test("operation identifiers are unique, references lead somewhere, parameters of the path are documented")
    func consistent() async throws {
        try await APIHost.run { host in
            let document = try await host.send("GET", "/openapi.json", token: nil).json
            let identifiers = document.all("operationId").compactMap(\.text)
            #expect(identifiers.count == allRoutes().count)
            #expect(Set(identifiers).count == identifiers.count)
            let schemas = document["components"]?["schemas"]?.keys ?? []
            for reference in document.all("$ref").compactMap(\.text) {
                #expect(schemas.contains(reference.replacing("#/components/schemas/", with: "")), "\(reference)")
            }
            for route in allRoutes() {
                let operation = document["paths"]?[route.path]?[route.method.rawValue.lowercased()]
                let names = operation?["parameters"]?.all("name").compactMap(\.text) ?? []
                #expect(Set(route.parameterNames).isSubset(of: names), "\(route.name)")
            }
        }
    }

    @Test("a schema that is named twice is the same both times")
    func names() {
        var seen: [String: Schema] = [:]
        func visit(_ schema: Schema) {
            switch schema {
            case .named(let name, let inner):
                if let known = seen[name] { #expect(known == inner, "\(name)") }
                seen[name] = inner
                visit(inner)
            case .array(let inner), .map(let inner), .nullable(let inner): visit(inner)
            case .object(let fields): fields.forEach { visit($0.schema) }
            case .oneOf(let choices): choices.forEach(visit)
            case .string, .integer, .number, .boolean, .anything: break
            }
        }
        for route in allRoutes() {
            if let schema = route.operation.answer.schema { visit(schema) }
            if case .json(let schema) = route.operation.body { visit(schema) }
        }
        #expect(!seen.isEmpty)
    }
}

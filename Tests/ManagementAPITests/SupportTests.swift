import FoundationEssentials
import HTTPTypes
import Orchestrator
import ProjectModel
import SettingTables
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("What is served, and how it is documented")
struct SupportTests {
    /// The support of every operation of the published document, by its name.
    private func published() throws -> [String: Route.Support] {
        let document = try #require(ManagementDocument.shared)
        let routes = Dictionary(allRoutes().map { ($0.name, $0) }) { first, _ in first }
        return try document.statuses.keys.reduce(into: [:]) { support, name in
            // HEAD is answered by the route for GET.
            let route = routes[name] ?? routes[name.replacing(/^HEAD/, with: "GET")]
            support[name] = try #require(route, "\(name) has no route").support
        }
    }

    @Test(
        "every operation of the Management API's document has a route, which answers with a documented status",
        .enabled("needs the Management API's document") { ManagementDocument.shared != nil })
    func statuses() throws {
        let routes = Dictionary(allRoutes().map { ($0.name, $0) }) { first, _ in first }
        for (name, support) in try published() where support == .served || support == .empty {
            let status = try #require(routes[name] ?? routes[name.replacing(/^HEAD/, with: "GET")])
                .operation.answer.status.code
            let documented = ManagementDocument.shared?.statuses[name] ?? []
            #expect(documented.contains(status), "\(name) answers \(status), not one of \(documented)")
        }
    }

    @Test(
        "README counts what is served, empty, refused and not applicable as the routes do",
        .enabled("needs the Management API's document") { ManagementDocument.shared != nil })
    func readme() throws {
        let counts = Dictionary(grouping: try published().values) { $0 }.mapValues(\.count)
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let readme = try String(contentsOfFile: "/\(root)/README.md", encoding: .utf8).replacing("\n", with: " ")
        let sentence =
            "Of the \(counts.values.reduce(0, +)) operations of the published Management API, \(counts[.served] ?? 0) are "
            + "served with data of this installation, \(counts[.empty] ?? 0) give the same empty answer to every caller, "
            + "\(counts[.refused] ?? 0) are refused with the reason, \(counts[.notApplicable] ?? 0) do not apply"
        #expect(readme.contains(sentence), "README should say: \(sentence)")
    }

    @Test("an empty answer is the same for every project, whatever runs there")
    func empty() async throws {
        try await APIHost.run { host in
            let (one, two) = (try await host.create("one"), try await host.create("two"))
            for ref in [one, two] {
                try await host.set(.starting, of: ref)
                try await host.set(.active, of: ref)
            }
            for route in allRoutes() where route.support == .empty && route.method == .get {
                var texts: Set<String> = []
                for ref in [one, two] {
                    let request = try await ValidRequests.all[route.name]?(host, ref) ?? ValidRequest()
                    let answer = try await request.send(to: route, host, ref)
                    #expect(answer.status < 300, "\(route.name)")
                    texts.insert(
                        answer.text.replacing(ref.text, with: "").replacing(/"(id|timestamp)":"?[^,"]+/, with: ""))
                }
                #expect(texts.count == 1, "\(route.name) differs by project: \(texts)")
            }
        }
    }

    /// Asks for what would carry a feature out; whether that was done.
    private func isDone(_ witness: OptionalFeature.Witness, host: APIHost, ref: ProjectRef) async throws -> Bool {
        switch witness {
        case .nothing: return false
        case .operation(let name):
            let route = try #require(allRoutes().first { $0.name == name }, "there is no \(name)")
            if route.support == .empty { return false }
            let request = try await ValidRequests.all[name]?(host, ref) ?? ValidRequest(values: placeholders(route))
            let answer = try await request.send(to: route, host, ref)
            return answer.status < 300
        case .setting(let service, let key):
            let path = [
                AuthSettings.table.name: "auth", StackSettings.storage.name: "storage",
                StackSettings.realtime.name: "realtime",
            ][service.name]
            if let whole = Self.wholeBodies[key] {
                return try await host.send("PATCH", "/v1/projects/\(ref)/config/auth", body: whole).status < 300
            }
            let body = key.split(separator: ".").reversed().reduce(value(of: service, key)) { value, part in
                #"{"\#(part)":\#(value)}"#
            }
            let answer = try await host.send(
                "PATCH", "/v1/projects/\(ref)/config/\(try #require(path))", body: body)
            return answer.status < 300
        }
    }

    /// Settings that make sense together with others only.
    private static let wholeBodies = [
        "hook_custom_access_token_enabled": """
        {"hook_custom_access_token_enabled":true,"hook_custom_access_token_uri":"pg-functions://postgres/public/hook"}
        """
    ]

    private func placeholders(_ route: Route) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: route.parameterNames.filter { !["ref", "slug"].contains($0) }.map { ($0, "x") })
    }

    /// A value that is possible and not the one in force.
    private func value(of service: ServiceSettings, _ key: String) -> String {
        let setting = service.settings.first { $0.key == key }
        switch setting?.form {
        case .flag: return "true"
        case .whole(let range): return "\(range.upperBound)"
        case nil: return "true"
        default: return setting?.isFixed != false ? "true" : "7"
        }
    }

    @Test("a feature is granted exactly if using it works", arguments: OptionalFeature.all.indices)
    func features(index: Int) async throws {
        let feature = OptionalFeature.all[index]
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.starting, of: ref)
            try await host.set(.active, of: ref)
            let studio = try await host.send("GET", "/platform/organizations/default/entitlements").json
            let hidden = try await host.send("GET", "/platform/profile").json["disabled_features"]
            let isDone = try await isDone(feature.witness, host: host, ref: ref)
            let context = "\(feature.witness)"
            for entitlement in feature.entitlements {
                let row = try #require(self.row(entitlement.key, studio), "\(entitlement.key)")
                #expect(row["hasAccess"] == .bool(isDone), "\(entitlement.key) by \(context)")
                #expect(row["config"]?["enabled"] == .bool(isDone), "\(entitlement.key)")
                if !isDone, row["type"] == .string("numeric") { #expect(row["config"]?["value"] == .number(0)) }
            }
            guard case .array(let names)? = hidden else { throw HostError("no disabled_features") }
            for page in feature.pages { #expect(names.contains(.string(page)) == !isDone, "\(page) by \(context)") }
        }
    }

    private func row(_ key: String, _ answer: JSONValue) -> JSONValue? {
        guard case .array(let rows)? = answer["entitlements"] else { return nil }
        return rows.first { $0["feature"]?["key"] == .string(key) }
    }

    @Test("every key is listed once, and on /v1 those that its strict clients know")
    func keys() async throws {
        try await APIHost.run { host in
            let studio = try await host.send("GET", "/platform/organizations/default/entitlements").json.all("key")
            #expect(Set(studio).count == studio.count)
            let management = try await host.send("GET", "/v1/organizations/default/entitlements").json.all("key")
            #expect(management.count == studio.count - 4)
            #expect(Set(management).isSubset(of: Set(studio)))
        }
    }
}

import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Logins at registries over the wire")
struct RegistryRoutesTests {
    private static let body = #"{"username":"me","password":"hunter2-of-the-registry"}"#

    @Test("owners of the installation store, list and forget logins, and no answer shows a password")
    func life() async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/registries"
            #expect(try await host.send("GET", path).json.items == [])
            let made = try await host.send("PUT", "\(path)/GHCR.io", body: Self.body)
            #expect(try made.status == 200 && made.json["registry"]?.text == "ghcr.io")
            let port = try await host.send("PUT", "\(path)/registry.example.com%3A5000", body: Self.body)
            #expect(try port.json["registry"]?.text == "registry.example.com:5000")
            let list = try await host.send("GET", path)
            #expect(try list.json.items.map { $0["username"]?.text } == ["me", "me"])
            let removed = try await host.send("DELETE", "\(path)/registry.example.com:5000")
            #expect(removed.status == 200)
            #expect(try await host.send("DELETE", "\(path)/registry.example.com:5000").status == 404)
            for answer in [made, port, list, removed] { #expect(!answer.text.contains("hunter2")) }
            #expect(!host.log.lines.contains { $0.contains("hunter2") })
            let stored = try await host.registries.logins()
            #expect(stored.map(\.host.text) == ["ghcr.io"])
            #expect(stored.allSatisfy { !String(decoding: $0.sealedPassword, as: UTF8.self).contains("hunter2") })
        }
    }

    @Test("the audit trail says who logged in where, under which name, and out again")
    func audit() async throws {
        try await APIHost.run { host async throws in
            for username in ["me", "you"] {
                let body = #"{"username":"\#(username)","password":"hunter2"}"#
                #expect(try await host.send("PUT", "/platform/registries/ghcr.io", body: body).status == 200)
            }
            #expect(try await host.send("DELETE", "/platform/registries/ghcr.io").status == 200)
            let entries = host.ledger.entries.map(\.deed)
            #expect(entries.map(\.action) == ["registry.login", "registry.login", "registry.logout"])
            #expect(entries.allSatisfy { $0.scope == .organization("default") && $0.target["registry"] == "ghcr.io" })
            #expect(entries.map { $0.before["username"] } == [nil, "me", "you"])
            #expect(entries.map { $0.after["username"] } == ["me", "you", nil])
            #expect(!"\(entries)".contains("hunter2"))
        }
    }

    @Test("no other account sees or changes them", arguments: Person.allCases.filter { $0 != .owner })
    func others(person: Person) async throws {
        try await APIHost.run { host async throws in
            for (method, path) in [
                ("GET", "/platform/registries"), ("PUT", "/platform/registries/ghcr.io"),
                ("DELETE", "/platform/registries/ghcr.io"),
            ] {
                let body = method == "PUT" ? Self.body : nil
                let answer = try await host.send(method, path, body: body, token: person.token)
                #expect(answer.status == (person == .stranger ? 404 : 403), "\(method) \(path)")
            }
            #expect(try await host.registries.logins().isEmpty)
        }
    }

    @Test("what is no registry, name or password is refused, and one login too many")
    func refusals() async throws {
        try await APIHost.run { host async throws in
            for registry in ["a%20b", "me@ghcr.io", "%2E", "a:0"] {
                let answer = try await host.send("PUT", "/platform/registries/\(registry)", body: Self.body)
                #expect(answer.status == 400, "\(registry)")
            }
            for body in [
                #"{"username":"","password":"x"}"#, #"{"username":"me","password":""}"#, #"{"username":"me"}"#,
                #"{"username":"a\u0007b","password":"x"}"#,
            ] {
                #expect(try await host.send("PUT", "/platform/registries/ghcr.io", body: body).status == 400, "\(body)")
            }
            for number in 1...RegistryLogins.countMax {
                _ = try await host.registries.save(
                    RegistryLogin(
                        host: try #require(RegistryHost("r\(number).example")), username: "me", sealedPassword: [1],
                        updatedAt: Timestamp(milliseconds: 0)), limit: .max)
            }
            let many = try await host.send("PUT", "/platform/registries/ghcr.io", body: Self.body)
            #expect(many.status == 409 && many.text.contains("remove one first"))
        }
    }
}

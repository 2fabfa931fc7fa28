import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Lists of projects that are encoded once")
struct ListResponseCacheTests {
    private static let lists = [
        "/platform/projects", "/v1/projects", "/platform/organizations/default/projects",
        "/v1/organizations/default/projects",
    ]

    private func names(_ host: APIHost, path: String, person: Person = .owner) async throws -> [String] {
        let json = try await host.send("GET", path, token: person.token).json
        return ((json["projects"] ?? json).all("name")).compactMap(\.text).sorted()
    }

    @Test("every change is in the next answer of every list", arguments: lists)
    func changes(path: String) async throws {
        try await APIHost.run { host in
            let ref = try await host.create("first")
            #expect(try await names(host, path: path) == ["first"])
            #expect(try await names(host, path: path) == ["first"])
            _ = try await host.create("second")
            #expect(try await names(host, path: path) == ["first", "second"])
            try await host.store.rename(ref, to: ProjectName("renamed"), at: SystemTime().now())
            #expect(try await names(host, path: path) == ["renamed", "second"])
            try await host.set(.active, of: ref)
            let json = try await host.send("GET", path).json
            #expect((json["projects"] ?? json).all("status").contains(.string("ACTIVE_HEALTHY")))
            try await host.set(.deleting, of: ref)
            try await host.set(.deleted, of: ref)
            #expect(try await names(host, path: path) == ["second"])
        }
    }

    @Test("a cached response is not served to a viewer of other projects, nor for another page")
    func visibility() async throws {
        try await APIHost.run(verifier: TokenTable()) { host in
            for name in ["alpha", "beta"] { _ = try await host.create(name) }
            let theirs = #"{"name":"theirs","organization_slug":"elsewhere","db_pass":"Str0ng-pass-word"}"#
            let created = try await host.send("POST", "/v1/projects", body: theirs, token: Person.stranger.token)
            #expect(created.status == 201)
            for path in ["/platform/projects", "/v1/projects"] {
                for _ in 1...2 {
                    #expect(try await names(host, path: path) == ["alpha", "beta"])
                    #expect(try await names(host, path: path, person: .stranger) == ["theirs"])
                    #expect(try await names(host, path: path, person: .readOnly) == ["alpha", "beta"])
                }
            }
            for _ in 1...2 {
                #expect(try await names(host, path: "/platform/projects?limit=1") == ["alpha"])
                #expect(try await names(host, path: "/platform/projects?limit=1&offset=1") == ["beta"])
                #expect(try await names(host, path: "/platform/projects?search=beta") == ["beta"])
                #expect(try await names(host, path: "/platform/projects?statuses=INACTIVE") == [])
            }
        }
    }

    @Test("a list counts for one edition and for the same organizations; a store without editions is always encoded")
    func questions() async throws {
        let answers = ListResponseCache()
        var encoded = 0
        func ask(_ edition: String?, _ person: Person = .owner, limit: Int = 100) async throws -> String {
            let page = ProjectPage(count: 0, projects: [], edition: edition.map { ProjectEdition($0) })
            let answer = try await answers.answer(page, to: ProjectQuery(limit: limit), for: person.principal) {
                encoded += 1
                return APIResponse(jsonBytes: Array("\(encoded)".utf8))
            }
            #expect(answer.headers[.contentType] == "application/json" && answer.status == .ok)
            return String(buffer: answer.body)
        }
        for _ in 0..<3 { #expect(try await ask("a") == "1") }
        #expect(try await ask("a", .readOnly) == "1")
        #expect(try await ask("a", .stranger) == "2")
        #expect(try await ask("a", limit: 1) == "3")
        #expect(answers.count == 3)
        #expect(try await ask("b") == "4")
        #expect(answers.count == 1)
        #expect(try await ask("a") == "5")
        #expect(try await ask(nil) == "6")
        #expect(try await ask(nil) == "7")
        for limit in 1...1_000 { _ = try await ask("c", limit: limit) }
        #expect(answers.count <= ListResponseCache.answersMax)
    }

    @Test("what is kept is bounded in bytes")
    func bytes() async throws {
        let answers = ListResponseCache()
        let megabyte = [UInt8](repeating: 0x20, count: 1 << 20)
        let page = ProjectPage(count: 0, projects: [], edition: ProjectEdition("a"))
        for limit in 1...64 {
            _ = try await answers.answer(page, to: ProjectQuery(limit: limit), for: Person.owner.principal) {
                APIResponse(jsonBytes: megabyte)
            }
            #expect(answers.count <= ListResponseCache.bytesMax / megabyte.count)
        }
    }
}

import FoundationEssentials
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects

@Suite("/v1/projects")
struct V1RoutesTests {
    static let baseKeys: Set<String> = [
        "id", "ref", "organization_id", "organization_slug", "name", "region", "created_at", "status",
    ]

    @Test("create, read and list have the ref as id, and the slug as the organization's id")
    func shapes() async throws {
        try await APIHost.run { host in
            let body = #"{"name":"tf","organization_id":"default","db_pass":"Str0ng-pass-word","region":"eu-west-1"}"#
            let created = try await host.send("POST", "/v1/projects", body: body)
            #expect(created.status == 201)
            let base = try created.json
            #expect(base.keys == Self.baseKeys)
            let ref = try #require(base["ref"]?.text.flatMap { ProjectRef($0) })
            #expect(base["id"] == base["ref"])
            #expect(base["organization_id"] == .string("default"))
            #expect(base["organization_slug"] == .string("default"))
            #expect(base["region"] == .string("eu-west-1"))
            #expect(base["status"] == .string("COMING_UP"))
            let one = try await host.send("GET", "/v1/projects/\(ref)")
            #expect(one.status == 200)
            #expect(try one.json.keys == Self.baseKeys.union(["database"]))
            #expect(
                try one.json["database"]
                    == .object([
                        "host": .string("127.0.0.1"), "version": .string("17.6.1.175"),
                        "postgres_engine": .string("17"), "release_channel": .string("ga"),
                    ]))
            let list = try await host.send("GET", "/v1/projects")
            #expect(try list.json == .array([one.json]))
        }
    }

    @Test("the list, which has no pages, holds more projects than one page of the store")
    func longList() async throws {
        try await APIHost.run { host in
            for number in 1...105 { _ = try await host.create("project \(number)") }
            let list = try await host.send("GET", "/v1/projects").json
            #expect(Set(list.all("ref").compactMap(\.text)).count == 105)
        }
    }

    @Test("pause, restart and restore answer 200 without a body; delete answers the fate of the volumes, too")
    func lifecycle() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            let steps: [(String, ProjectStatus)] = [
                ("restart", .restarting), ("pause", .pausing), ("restore", .resuming),
            ]
            for (word, status) in steps {
                if word == "pause" { try await host.set(.active, of: ref) }
                if word == "restore" { try await host.set(.paused, of: ref) }
                let answer = try await host.send("POST", "/v1/projects/\(ref)/\(word)")
                #expect(answer.status == 200)
                #expect(answer.body.isEmpty)
                #expect(try await host.store.project(ref)?.status == status)
            }
            let deleted = try await host.send("DELETE", "/v1/projects/\(ref)")
            #expect(deleted.status == 200)
            #expect(try deleted.json.keys == ["id", "ref", "name", "volumes"])
            #expect(try deleted.json["volumes"]?.text == "destroyed")
        }
    }

    @Test("both legacy keys are listed with ids that are the same in every answer")
    func keys() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let first = try await host.send("GET", "/v1/projects/\(ref)/api-keys?reveal=true")
            let second = try await host.send("GET", "/v1/projects/\(ref)/api-keys")
            #expect(first.status == 200)
            let keys = try first.json
            #expect(keys.all("id") == (try second.json.all("id")))
            #expect(keys.all("name").prefix(2) == [.string("anon"), .string("service_role")])
            #expect(keys.all("type").prefix(2) == [.string("legacy"), .string("legacy")])
            #expect(
                keys.all("api_key").prefix(2)
                    == [.string("anon.\(ref).token"), .string("service_role.\(ref).token")])
            let ids = keys.all("id").compactMap(\.text)
            #expect(Set(ids).count == ids.count)
            for id in ids { #expect(UUID(uuidString: id)?.uuidString.lowercased() == id) }
            #expect(try await host.send("GET", "/v1/projects/\(ref)/api-keys?reveal=maybe").status == 400)
        }
    }

    @Test("key ids are UUIDs of version 8 and differ between refs and names", arguments: UInt64(1)...20)
    func keyIdentifiers(seed: UInt64) {
        let ids = [ProjectRef.sample(seed), .sample(seed + 1_000)].flatMap { ref in
            ["anon", "service_role"].map { APIKey.identifier(of: $0, in: ref) }
        }
        #expect(Set(ids).count == 4)
        let pattern = /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        for id in ids { #expect(id.wholeMatch(of: pattern) != nil, "\(id)") }
    }
}

import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Orchestrator

@Suite("Orphans and data over the wire")
struct OrphanRoutesTests {
    private static let orphan = Orphan(
        object: EngineObject(key: EngineObjectKey(.volume, "lost-data"), name: "lost-data", projectLabel: "lost"),
        firstSeen: Timestamp(milliseconds: 1_000), graceUntil: Timestamp(milliseconds: 2_000))

    @Test("those who administer the first organization see orphans and ask for their removal; others do not")
    func orphans() async throws {
        try await APIHost.run { host in
            try await host.orphans.add([Self.orphan])
            let list = try await host.send("GET", "/platform/orphans")
            #expect(list.status == 200)
            let first = try #require(try list.json.items.first)
            #expect(first["engine_id"]?.text == "lost-data" && first["state"]?.text == "reported")
            let path = "/platform/orphans/1/remove"
            for person in [Person.stranger, .readOnly] {
                let answer = try await host.send("POST", path, token: person.token)
                #expect([403, 404].contains(answer.status), "\(person): \(answer.status)")
            }
            #expect(try await host.send("GET", "/platform/orphans", token: Person.stranger.token).status == 404)
            #expect(try await host.orphans.orphans().map(\.state) == [.reported])
            #expect(try await host.send("POST", path).status == 202)
            #expect(try await host.orphans.orphans().map(\.state) == [.removing])
            #expect(try await host.send("POST", "/platform/orphans/77/remove").status == 404)
        }
    }

    @Test("data is given up by name, in the audit trail, by those who may change the project")
    func acceptLoss() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/platform/projects/\(ref)/volumes"
            #expect(try await host.send("GET", path).json.items == [])
            #expect(try await host.send("POST", "\(path)/data/accept-loss").status == 404)
            try await host.custody.save([
                VolumeRecord(
                    name: "data", owner: ref, ref: ref, composeName: "db-data", identity: "mark", holdsData: true,
                    postgresMajor: 17)
            ])
            #expect(try await host.send("GET", path).json.items.first?["postgres_major"] == .number(17))
            let readOnly = try await host.send("POST", "\(path)/data/accept-loss", token: Person.readOnly.token)
            #expect(readOnly.status == 403)
            #expect(try await host.send("POST", "\(path)/data/accept-loss").status == 202)
            #expect(try await host.send("GET", path).json.items == [])
            let volume = try await host.custody.volumes(of: ref).first
            #expect(volume?.holdsData == false && volume?.identity != "mark")
        }
    }

    @Test("a project cannot be created on volumes that are not kept")
    func attach() async throws {
        try await APIHost.run { host in
            for (source, status) in [("nonsense", 400), ("abcdefghijklmnopqrst", 409)] {
                let body = #"{"name":"x","organization_slug":"default","attach_volumes_of":"\#(source)"}"#
                let answer = try await host.send("POST", "/platform/projects", body: body)
                #expect(answer.status == status, "\(source)")
            }
            let count = try await host.store.projects(ProjectQuery()).count
            #expect(count == 0)
        }
    }
}

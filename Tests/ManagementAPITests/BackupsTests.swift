import HTTPTypes
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Backups")
struct BackupsTests {
    @Test("lists are empty and say that nothing makes backups")
    func lists() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let studio = try await host.send("GET", "/platform/database/\(ref)/backups").json
            #expect(studio["backups"] == .array([]))
            #expect(studio["walg_enabled"] == .bool(false))
            #expect(studio["pitr_enabled"] == .bool(false))
            let v1 = try await host.send("GET", "/v1/projects/\(ref)/database/backups").json
            #expect(v1["backups"] == .array([]))
            #expect(v1["physical_backup_data"] == .object([:]))
            let files = try await host.send("GET", "/platform/database/\(ref)/backups/downloadable-backups").json
            #expect(files == .object(["status": .string("ok"), "backups": .array([])]))
            #expect(try await host.send("GET", "/platform/database/\(ref)/clone/status").json["clones"] == .array([]))
        }
    }

    @Test("whatever needs a backup is refused and leaves no trail; what is not there is 404")
    func refusals() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let refused = allRoutes().filter {
                $0.operation.summary == "Not offered: the manager makes no backups"
            }
            #expect(refused.count == 11)
            for route in refused {
                let answer = try await host.send(
                    route.method.rawValue, route.path.replacing("{ref}", with: ref.text), body: "{}")
                #expect(answer.status == 403, "\(route.name)")
                #expect(try answer.message?.contains("pg_dump") == true)
            }
            let path = "/v1/projects/\(ref)/database/backups"
            for (method, tail) in [("GET", "schedule"), ("PATCH", "schedule"), ("GET", "restore-point")] {
                #expect(try await host.send(method, "\(path)/\(tail)").status == 404)
            }
            #expect(host.ledger.entries.map(\.deed.action) == ["project.create"])
        }
    }
}

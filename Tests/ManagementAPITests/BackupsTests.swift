import BackupModel
import BackupOperations
import HTTPTypes
import Logging
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import APIKit
@testable import Backups
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Backups")
struct BackupsTests {
    @Test("lists begin empty; moments between backups and dumps are not there")
    func lists() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let studio = try await host.send("GET", "/platform/database/\(ref)/backups").json
            #expect(studio["backups"] == .array([]))
            #expect(studio["walg_enabled"] == .bool(true))
            #expect(studio["pitr_enabled"] == .bool(false))
            let v1 = try await host.send("GET", "/v1/projects/\(ref)/database/backups").json
            #expect(v1["backups"] == .array([]))
            #expect(v1["physical_backup_data"] == .object([:]))
            let files = try await host.send("GET", "/platform/database/\(ref)/backups/downloadable-backups").json
            #expect(files == .object(["status": .string("ok"), "backups": .array([])]))
            #expect(try await host.send("GET", "/platform/database/\(ref)/clone/status").json["clones"] == .array([]))
        }
    }

    @Test("what is not served is refused and leaves no trail; what is not there is 404")
    func refusals() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let refused = allRoutes().filter {
                $0.operation.summary == "Not offered: backups and moments are restored, and in place"
            }
            #expect(refused.count == 6)
            for route in refused {
                let answer = try await host.send(
                    route.method.rawValue, route.path.replacing("{ref}", with: ref.text), body: "{}")
                #expect(answer.status == 403, "\(route.name)")
                #expect(try answer.message?.contains("pg_dump") == true)
            }
            let path = "/v1/projects/\(ref)/database/backups"
            for tail in ["schedule", "restore-point"] {
                #expect(try await host.send("GET", "\(path)/\(tail)").status == 404)
            }
            #expect(host.ledger.entries.map(\.deed.action) == ["project.create"])
        }
    }

    @Test("nothing is copied while the database does not run, and nothing restored that is not there")
    func tooEarly() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/platform/database/\(ref)/backups"
            #expect(try await host.send("POST", path).status == 400)
            try await host.bring(ref, to: .active)
            for tail in ["restore", "restore-physical"] {
                #expect(try await host.send("POST", "\(path)/\(tail)", body: #"{"id":99}"#).status == 404)
            }
            #expect(try await host.send("POST", "\(path)/99/verify").status == 404)
            #expect(try await host.send("POST", "\(path)/x/verify").status == 404)
            #expect(try await host.send("POST", "\(path)/undo-restore").status == 400)
            let made = try await host.send("POST", path)
            #expect(made.status == 201)
            let id = try made.json["id"]?.wholeText ?? ""
            // It is pending, and cannot be restored.
            #expect(try await host.send("POST", "\(path)/restore", body: #"{"id":\#(id)}"#).status == 400)
            for _ in 2...BackupLimits.pendingMax { #expect(try await host.send("POST", path).status == 201) }
            #expect(try await host.send("POST", path).status == 409)
            #expect(try await host.store.project(ref)?.status == .active)
        }
    }

    @Test("a schedule is a time of day, is shown, and is changed")
    func schedule() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/database/backups/schedule"
            for bad in ["24:00:00", "3:00:00", "03:00", ""] {
                #expect(try await host.send("PATCH", path, body: #"{"schedule_for":"\#(bad)"}"#).status == 400)
            }
            #expect(try await host.send("GET", path).status == 404)
            // The log between backups is copied only where there are some.
            #expect(try await host.send("PATCH", path, body: #"{"point_in_time":true}"#).status == 404)
            #expect(try await host.send("PATCH", path, body: "{}").status == 400)
            for time in ["03:00:00", "23:59:59"] {
                let set = try await host.send("PATCH", path, body: #"{"schedule_for":"\#(time)"}"#)
                #expect(try set.status == 200 && set.json["schedule_for"] == .string(time))
                #expect(try await host.send("GET", path).json == set.json)
            }
        }
    }

    @Test("each state has one word on the wire: complete is only what was restored")
    func words() {
        let expected: [BackupState: String] = [
            .pending: "PENDING", .stored: "PENDING", .verified: "COMPLETED", .unsound: "FAILED", .failed: "FAILED",
            .removed: "REMOVED",
        ]
        for state in BackupState.allCases { #expect(BackupStatusWord(state).rawValue == expected[state]) }
    }
}

import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Pause, resume, restart")
struct LifecycleRoutesTests {
    @Test("after a pause the very next read shows PAUSING, and asking again succeeds and changes nothing")
    func pause() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            for _ in 1...2 {
                let answer = try await host.send("POST", "/platform/projects/\(ref)/pause")
                #expect(answer.status == 201)
                #expect(answer.body.isEmpty)
                let status = try await host.send("GET", "/platform/projects/\(ref)/status")
                #expect(try status.json == .object(["status": .string("PAUSING")]))
            }
            #expect(try await host.store.events(of: ref, limit: 100).filter { $0.status == .pausing }.count == 1)
            try await host.set(.paused, of: ref)
            #expect(try await host.send("POST", "/platform/projects/\(ref)/pause").status == 201)
            #expect(try await host.store.project(ref)?.status == .paused)
        }
    }

    @Test("pause/status says whether a project can be resumed, and since when")
    func pauseStatus() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/platform/projects/\(ref)/pause/status"
            let running = try await host.send("GET", path).json
            #expect(running["can_restore"] == .bool(false))
            #expect(running["last_paused_on"] == .null)
            try await host.set(.paused, of: ref)
            let paused = try await host.send("GET", path).json
            #expect(
                paused.keys == [
                    "can_restore", "last_paused_on", "latest_downloadable_backup_id",
                    "max_days_till_restore_disabled", "remaining_days_till_restore_disabled",
                ])
            #expect(paused["can_restore"] == .bool(true))
            #expect(paused["last_paused_on"]?.isTimestamp == true)
            #expect(paused["latest_downloadable_backup_id"] == .null)
        }
    }

    @Test("restore and resume are the same", arguments: ["restore", "resume"])
    func resume(word: String) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.paused, of: ref)
            for body in ["{}", ""] {
                let answer = try await host.send("POST", "/platform/projects/\(ref)/\(word)", body: body)
                #expect(answer.status == 200)
                let json = try answer.json
                #expect(
                    json.keys == ["id", "organization_id", "region", "cloud_provider", "status", "back_ups"])
                #expect(json["status"] == .string("RESTORING"))
                #expect(json["back_ups"] == .array([]))
            }
            #expect(
                try await host.send("GET", "/platform/projects/\(ref)/status").json["status"] == .string("RESTORING"))
        }
    }

    @Test("after a restart the very next read shows RESTARTING")
    func restart() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.degraded, of: ref)
            let answer = try await host.send(
                "POST", "/platform/projects/\(ref)/restart", body: #"{"database_identifier":"x"}"#)
            #expect(answer.status == 201)
            #expect(
                try await host.send("GET", "/platform/projects/\(ref)").json["status"] == .string("RESTARTING"))
            #expect(try await host.store.project(ref)?.restartRequestedAt != nil)
        }
    }

    @Test(
        "what a status does not allow is 409, and the message has Studio's word for the status",
        arguments: [
            ("pause", ProjectStatus.provisioning, "COMING_UP"), ("restart", .paused, "INACTIVE"),
            ("restore", .active, "ACTIVE_HEALTHY"), ("resume", .deleting, "GOING_DOWN"),
            ("pause", .rollingBack, "COMING_UP"),
        ])
    func conflict(word: String, status: ProjectStatus, wire: String) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: status)
            for prefix in word == "resume" ? ["platform"] : ["platform", "v1"] {
                let answer = try await host.send("POST", "/\(prefix)/projects/\(ref)/\(word)")
                #expect(answer.status == 409)
                #expect(try answer.message?.contains(wire) == true)
            }
            #expect(try await host.store.project(ref)?.status == status)
        }
    }

    @Test("a failed project comes up again with new leases")
    func retry() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .failed)
            let failed = try await host.send("GET", "/platform/projects/\(ref)").json
            #expect(failed["status"] == .string("INIT_FAILED"))
            #expect(failed["connectionString"] == .string(""))
            #expect(failed["restUrl"] == .string(""))
            let settings = try await host.send("GET", "/platform/projects/\(ref)/settings").json
            #expect(settings["app_config"] == nil)
            #expect(settings["service_api_keys"]?.count == 2)
            let answer = try await host.send("POST", "/platform/projects/\(ref)/restore")
            #expect(try answer.json["status"] == .string("COMING_UP"))
            #expect(try await host.store.project(ref)?.leases != nil)
        }
    }
}

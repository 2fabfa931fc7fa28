import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects

@Suite("Health of services")
struct HealthTests {
    @Test("a comma list and repeated parameters ask for the same, each service once")
    func encodings() throws {
        let comma = try QueryParameters("services=auth,db,auth")
        let repeated = try QueryParameters("services=auth&services=db")
        #expect(comma.list("services") == ["auth", "db", "auth"])
        #expect(repeated.list("services") == ["auth", "db"])
        #expect(try QueryParameters("x=1").list("services") == nil)
    }

    @Test("an unknown, misspelt or empty service is 400", arguments: ["studio", "DB", "", "auth,", "auth,,db"])
    func unknownService(list: String) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let answer = try await host.send("GET", "/v1/projects/\(ref)/health?services=\(list)")
            #expect(answer.status == 400)
            #expect(try answer.message?.contains("db_postgres_user") == true)
        }
    }

    @Test("timeout_ms is checked", arguments: ["10001", "-1", "soon"])
    func timeout(text: String) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let answer = try await host.send("GET", "/v1/projects/\(ref)/health?services=db&timeout_ms=\(text)")
            #expect(answer.status == 400)
        }
    }

    @Test("while a project starts nothing is unhealthy, whatever its services do")
    func starting() {
        let states: [Assessment.ServiceState] = [.comingUp("starting"), .failing("connection refused")]
        for status in [ProjectStatus.provisioning, .starting, .resuming, .restarting, .upgrading, .reverting] {
            for state in states {
                let entry = HealthEntry(.db, state, in: status)
                #expect(entry.status == "COMING_UP")
                #expect(entry.error == nil)
                #expect(!entry.healthy)
            }
        }
        let failing = HealthEntry(.rest, .failing("connection refused"), in: .degraded)
        #expect(failing.status == "UNHEALTHY")
        #expect(failing.error == "connection refused")
        #expect(HealthEntry(.auth, .ready, in: .active) == HealthEntry(.auth, .ready, in: .degraded))
    }

    @Test("every service state in every status has one of the three health statuses")
    func threeStatuses() {
        for status in ProjectStatus.allCases {
            for state: Assessment.ServiceState in [.ready, .comingUp(""), .failing("")] {
                let entry = HealthEntry(.db, state, in: status)
                #expect(["COMING_UP", "ACTIVE_HEALTHY", "UNHEALTHY"].contains(entry.status))
                #expect(entry.healthy == (entry.status == "ACTIVE_HEALTHY"))
            }
        }
    }

    @Test("a project that the loops bring up reports each service as ready, and one that is killed as failing")
    func live() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let early = try await host.send("GET", "/platform/projects/\(ref)/services").json
            #expect(Set(early.all("state")) == [.string("coming_up")])
            #expect(early["services"]?.count == 12)
            #expect(early["failure"] == .null)
            try await host.withLoops {
                try await host.wait(for: .active, of: ref)
                let health = try await host.send("GET", "/v1/projects/\(ref)/health?services=auth,db&services=rest")
                #expect(health.status == 200)
                #expect(try health.json.all("name") == [.string("auth"), .string("db"), .string("rest")])
                #expect(try health.json.all("healthy") == [.bool(true), .bool(true), .bool(true)])
                #expect(try Set(health.json.all("status")) == [.string("ACTIVE_HEALTHY")])
                let all = try await host.send("GET", "/v1/projects/\(ref)/health").json
                #expect(
                    Set(all.all("name").compactMap(\.text)) == ["auth", "db", "realtime", "rest", "storage"])
                let ready = try await host.send("GET", "/platform/projects/\(ref)/services").json
                #expect(ready["status"] == .string("ACTIVE_HEALTHY"))
                #expect(Set(ready.all("state")) == [.string("ready")])
                #expect(ready["services"]?[0]?.keys == ["service", "state", "message", "observed_at", "image_pull"])
                for time in ready.all("observed_at") {
                    #expect(time.isTimestamp)
                }
                host.engine.behave(.rest, as: ServiceBehaviour(answers: false))
                host.engine.kill(.rest, of: ref)
                try await host.wait(for: .degraded, of: ref)
                let sick = try await host.send("GET", "/v1/projects/\(ref)/health?services=rest").json
                #expect(sick[0]?["healthy"] == .bool(false))
            }
        }
    }

    @Test("a failed start is reported with its service, its reason and the tail of its log")
    func failure() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .failed)
            let json = try await host.send("GET", "/platform/projects/\(ref)/services").json
            #expect(json["status"] == .string("INIT_FAILED"))
            #expect(
                json["failure"]
                    == .object([
                        "service": .string("db"), "message": .string("db ended with 1"),
                        "log_tail": .string("no space\nbye"),
                    ]))
        }
    }

    @Test("who may not read logs does not see the end of one in any answer about a failed project")
    func withheldLogs() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .failed)
            for path in [
                "/platform/projects", "/platform/projects/\(ref)", "/platform/projects/\(ref)/services",
                "/platform/projects/\(ref)/events", "/platform/projects/\(ref)/operations",
                "/platform/notifications", "/v1/projects", "/v1/projects/\(ref)",
                "/v1/projects/\(ref)/health?services=db",
            ] {
                let answer = try await host.send("GET", path, token: Person.readOnly.token)
                #expect(!answer.text.contains("no space"), "\(path): \(answer.text)")
            }
        }
    }

    @Test("events come newest first, in Studio's words, and no more than asked for")
    func events() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            try await host.set(.pausing, of: ref)
            let json = try await host.send("GET", "/platform/projects/\(ref)/events?limit=2").json
            #expect(json["events"]?.all("status") == [.string("PAUSING"), .string("ACTIVE_HEALTHY")])
            #expect(json["events"]?[0]?.keys == ["at", "status", "message", "kind", "facts"])
            #expect(json["events"]?[0]?["kind"] == .string("status_changed"))
            #expect(json["events"]?[0]?["facts"]?["status_before"] == .string("ACTIVE_HEALTHY"))
            for limit in ["0", "201", "all"] {
                let answer = try await host.send("GET", "/platform/projects/\(ref)/events?limit=\(limit)")
                #expect(answer.status == 400)
            }
        }
    }
}

import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Upgrades over HTTP")
struct UpgradeRoutesTests {
    @Test("a project tells its stack, its template version, and whether another one is installed")
    func detail() async throws {
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            let digest = FakeTemplates.content(1).digest
            for (path, name) in [("/platform/projects/\(ref)", nil), ("/platform/projects", "projects")] {
                let answer = try await host.send("GET", path).json
                let project = name.map { answer[$0]?[0] } ?? answer
                #expect(project?["stack"] == .string("supabase") && project?["upgrade_available"] == .bool(false))
                #expect(project?["template_version"] == .string(digest.text))
            }
            try await host.store.unpin(ref)
            let unknown = try await host.send("GET", "/platform/projects/\(ref)").json
            #expect(unknown["template_version"] == .null && unknown["upgrade_available"] == .bool(true))
        }
    }

    @Test("a stack that is not installed, or is none, is refused with what there is")
    func stacks() async throws {
        try await APIHost.run { host async throws in
            func create(_ stack: String) async throws -> Answer {
                try await host.send(
                    "POST", "/platform/projects",
                    body: #"{"name": "x", "organization_slug": "default", "stack": "\#(stack)"}"#)
            }
            let absent = try await create("lite")
            #expect(absent.status == 400)
            #expect(try absent.message == "no stack named \"lite\" is installed: choose one of supabase")
            #expect(try await create("../lite").status == 400)
            #expect(try await create("supabase").status == 201)
        }
    }

    @Test("a project with the installed version is not eligible, and an upgrade is refused")
    func nothingToDo() async throws {
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            let path = "/v1/projects/\(ref)/upgrade"
            let answer = try await host.send("GET", "\(path)/eligibility").json
            #expect(answer["eligible"] == .bool(false) && answer["target_upgrade_versions"]?.count == 0)
            #expect(answer["reasons"]?[0] == .string("the project has the template version that is installed"))
            let digest = FakeTemplates.content(1).digest.text
            #expect(try await host.send("POST", path, body: #"{"target_version": "\#(digest)"}"#).status == 409)
            #expect(try await host.send("POST", path, body: #"{"target_version": "99"}"#).status == 400)
            #expect(try await host.send("GET", "\(path)/status").json["databaseUpgradeStatus"] == .null)
        }
    }

    @Test("an upgrade is accepted, tracked and shown as UPGRADING; a paused project hibernates")
    func upgrade() async throws {
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            try await host.bring(ref, to: .paused)
            try await host.store.unpin(ref)
            let path = "/v1/projects/\(ref)/upgrade"
            let paused = try await host.send("GET", "\(path)/eligibility").json
            #expect(paused["eligible"] == .bool(false))
            #expect(paused["validation_errors"]?[0]?["type"] == .string("project_hibernating"))
            try await host.bring(ref, to: .active)
            let plan = try await host.send("GET", "\(path)/eligibility").json["plan"]
            let digest = FakeTemplates.content(1).digest
            #expect(plan?["to"] == .string(digest.text) && plan?["from"] == .null)
            let answer = try await host.send("POST", path, body: #"{"target_version": "\#(digest.short)"}"#)
            #expect(answer.status == 201)
            let id = try #require(try answer.json["tracking_id"]?.text)
            #expect(
                try await host.send("GET", "/platform/projects/\(ref)/status").json["status"] == .string("UPGRADING"))
            let status = try await host.send("GET", "\(path)/status?tracking_id=\(id)").json["databaseUpgradeStatus"]
            #expect(status?["status"] == .number(0) && status?["progress"] == .string("0_requested"))
            #expect(try await host.send("POST", path, body: #"{"target_version": "\#(digest.short)"}"#).status == 409)
            #expect(try await host.send("POST", "/platform/projects/\(ref)/pause").status == 409)
            let cancel = "/platform/projects/\(ref)/operations/\(id)/cancel"
            #expect(try await host.send("POST", cancel).json["state"] == .string("cancelled"))
            let over = try await host.send("GET", "\(path)/status").json["databaseUpgradeStatus"]
            #expect(over?["status"] == .number(2) && over?["error"] == .string("1_upgraded_instance_launch_failed"))
        }
    }

    @Test("services are changed as asked for, and the plan is shown without a change")
    func services() async throws {
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            let path = "/platform/projects/\(ref)/services"
            let dry = try await host.send("PATCH", path, body: #"{"remove": ["studio"], "dry_run": true}"#).json
            #expect(dry["tracking_id"] == .null && dry["plan"]?["removed"]?[0] == .string("studio"))
            #expect(try await host.store.project(ref)?.status == .active)
            for (body, status) in [
                ("{}", 400), (#"{"add": ["studio"]}"#, 400), (#"{"remove": ["nowhere"]}"#, 400),
                (#"{"add": ["a b"]}"#, 400), (#"{"remove": ["studio", "studio"]}"#, 400), (#"{"remove": ["db"]}"#, 409),
            ] { #expect(try await host.send("PATCH", path, body: body).status == status, "\(body)") }
            let answer = try await host.send("PATCH", path, body: #"{"remove": ["studio"]}"#)
            #expect(try answer.status == 200 && answer.json["tracking_id"]?.text != nil)
            let record = try await host.store.project(ref)
            #expect(record?.status == .upgrading && record?.upgrade?.services.contains { $0.text == "studio" } == false)
        }
    }
}

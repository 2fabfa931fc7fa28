import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Users of a project")
struct AuthUsersTests {
    private static let id = "6f1c0f5e-0000-4000-8000-000000000001"

    private static func json(_ text: String, _ status: Int = 200) -> GatewayAnswer {
        GatewayAnswer(status: status, contentType: "application/json", body: Array(text.utf8))
    }

    private static func body(_ call: FakeProjectGateway.Call?) -> String {
        String(decoding: call?.request.body ?? [], as: UTF8.self)
    }

    @Test("a user is created, changed and deleted by the project's own auth")
    func life() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/platform/auth/\(ref)/users"
            host.gateways.setAnswer { _ in Self.json(#"{"id":"\#(Self.id)","email":"a@example.com"}"#) }
            let made = try await host.send(
                "POST", path, body: #"{"email":"a@example.com","password":"hunter2","email_confirm":true,"other":1}"#)
            #expect(made.status == 201)
            #expect(try made.json["id"] == .string(Self.id))
            var call = host.gateways.calls.last
            #expect(call?.request.method == "POST")
            #expect(call?.request.path == "/auth/v1/admin/users")
            #expect(Self.body(call) == #"{"email":"a@example.com","email_confirm":true,"password":"hunter2"}"#)
            #expect(host.ledger.entries.last?.deed.target["user"] == Self.id)
            #expect(!"\(host.ledger.entries)".contains("hunter2"))

            let banned = try await host.send("PATCH", "\(path)/\(Self.id)", body: #"{"ban_duration":"24h"}"#)
            #expect(banned.status == 200)
            call = host.gateways.calls.last
            #expect(call?.request.method == "PUT")
            #expect(call?.request.path == "/auth/v1/admin/users/\(Self.id)")

            let deleted = try await host.send("DELETE", "\(path)/\(Self.id)?soft_delete=true")
            #expect(deleted.status == 200)
            #expect(Self.body(host.gateways.calls.last) == #"{"should_soft_delete":true}"#)
            #expect(try await host.send("DELETE", "\(path)/me").status == 404)
            #expect(try await host.send("DELETE", "\(path)/\(Self.id)?soft_delete=x").status == 400)
        }
    }

    @Test("every second factor of a user is removed")
    func factors() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.gateways.setAnswer { call in
                call.request.method == "GET" ? Self.json(#"[{"id":"f1"},{"id":"f/2"},{}]"#) : Self.json("{}")
            }
            let answer = try await host.send("DELETE", "/platform/auth/\(ref)/users/\(Self.id)/factors")
            #expect(answer.status == 200)
            let paths = host.gateways.calls.filter { $0.request.method == "DELETE" }.map(\.request.path)
            let base = "/auth/v1/admin/users/\(Self.id)/factors"
            #expect(paths == ["\(base)/f1", "\(base)/f%2F2"])
        }
    }

    @Test("messages are sent to the address in the row that Studio sends")
    func messages() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.gateways.setAnswer { _ in Self.json("{}") }
            for (name, field) in [
                ("invite", "email"), ("magiclink", "email"), ("recover", "email"), ("otp", "phone"),
            ] {
                let path = "/platform/auth/\(ref)/\(name)"
                let row = #"{"id":"\#(Self.id)","email":"a@example.com","phone":"4915"}"#
                #expect(try await host.send("POST", path, body: row).status == 201)
                let call = host.gateways.calls.last
                #expect(call?.request.path == "/auth/v1/\(name)")
                #expect(Self.body(call) == (field == "email" ? #"{"email":"a@example.com"}"# : #"{"phone":"4915"}"#))
                #expect(try await host.send("POST", path, body: "{}").status == 400)
            }
        }
    }

    @Test("what auth refuses is refused in its words, and leaves no trail")
    func refusals() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/platform/auth/\(ref)/users"
            host.gateways.setAnswer { _ in
                Self.json(#"{"code":422,"error_code":"email_exists","msg":"this address is taken"}"#, 422)
            }
            let answer = try await host.send("POST", path, body: #"{"email":"a@example.com"}"#)
            #expect(answer.status == 422)
            #expect(try answer.message == "this address is taken")
            #expect(try await host.send("POST", path, body: #"{"email":1}"#).status == 400)
            #expect(try await host.send("POST", path, body: #"{"email_confirm":"yes"}"#).status == 400)
            #expect(try await host.send("POST", path, body: "{}", token: Person.readOnly.token).status == 403)
            #expect(host.ledger.entries.map(\.deed.action) == ["project.create"])
        }
    }

    @Test("there is no spam filter, and no text of a mail")
    func rest() async throws {
        try await APIHost.run { host in
            let path = "/platform/auth/\(try await host.create())"
            let spam = try await host.send("POST", "\(path)/validate/spam", body: #"{"subject":"a","content":"b"}"#)
            #expect(try spam.json == .object(["rules": .array([])]))
            #expect(try await host.send("GET", "\(path)/templates/confirmation").status == 403)
        }
    }
}

import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("/platform/notifications")
struct NotificationRoutesTests {
    /// Notes a failed start, and gives the notification's identifier.
    @discardableResult
    private func note(
        _ status: ProjectStatus, of ref: ProjectRef, on host: APIHost, seconds: Int64 = 0
    ) async throws -> String {
        let record = try #require(try await host.store.project(ref))
        let transition = StatusTransition(
            from: .rollingBack, to: status, cause: "db does not answer",
            failure: ProjectFailure(service: ServiceName("db"), message: "db ended with 1"),
            at: Timestamp(milliseconds: 1_700_000_000_000 + seconds * 1_000))
        try await host.notifications.note(transition.event(), of: record)
        return try #require(try await list(host).first?["id"]?.text)
    }

    private func list(_ host: APIHost, query: String = "", person: Person = .owner) async throws -> [JSONValue] {
        let answer = try await host.send("GET", "/platform/notifications\(query)", token: person.token)
        #expect(answer.status == 200)
        guard case .array(let rows) = try answer.json else { throw HostError("the answer is no list") }
        return rows
    }

    @Test("a notification says what happened, to which project, and leads there")
    func shape() async throws {
        try await APIHost.run { host async throws in
            #expect(try await list(host).isEmpty)
            let ref = try await host.create()
            try await note(.failed, of: ref, on: host)
            let rows = try await list(host)
            let row = try #require(rows.first)
            #expect(rows.count == 1)
            #expect(row.keys == ["id", "inserted_at", "name", "priority", "status", "data", "meta"])
            #expect(row["name"] == .string("project.start_failed"))
            #expect(row["priority"] == .string("Critical"))
            #expect(row["status"] == .string("new"))
            #expect(row["inserted_at"] == .string("2023-11-14T22:13:20.000Z"))
            #expect(row["data"]?["title"] == .string("Project demo could not be started"))
            #expect(row["data"]?["message"]?.text?.contains("`db ended with 1`") == true)
            #expect(row["data"]?["org_slug"] == .string("default"))
            #expect(row["data"]?["project_ref"] == .string(ref.text))
            #expect(row["data"]?["actions"]?[0]?["url"] == .string("/project/\(ref)"))
        }
    }

    @Test("the summary counts, a mark changes it for one account only, and archive-all empties the list of new ones")
    func marks() async throws {
        try await APIHost.run { host async throws in
            let ref = try await host.create()
            let id = try await note(.failed, of: ref, on: host)
            try await note(.degraded, of: ref, on: host, seconds: 1)
            func summary(_ person: Person) async throws -> JSONValue {
                try await host.send("GET", "/platform/notifications/summary", token: person.token).json
            }
            #expect(
                try await summary(.owner)
                    == .object(["unread_count": .number(2), "has_critical": .bool(true), "has_warning": .bool(true)]))
            let marked = try await host.send(
                "PATCH", "/platform/notifications", body: #"[{"id":"\#(id.uppercased())","status":"seen"}]"#)
            #expect(marked.status == 200)
            #expect(try marked.json.all("status") == [.string("seen")])
            #expect(try await summary(.owner)["unread_count"] == .number(1))
            #expect(try await summary(.developer)["unread_count"] == .number(2))
            #expect(try await list(host, query: "?status=seen,archived").count == 1)
            #expect(try await list(host, query: "?status=seen&status=new").count == 2)
            #expect(try await list(host, query: "?status=").count == 2)
            #expect(try await list(host, query: "?priority=Warning").count == 1)
            #expect(try await list(host, query: "?org_slug=default&project_ref=\(ref)").count == 2)
            #expect(try await list(host, query: "?org_slug=elsewhere").isEmpty)
            #expect(try await list(host, query: "?limit=1&offset=1").count == 1)
            let archived = try await host.send("PATCH", "/platform/notifications/archive-all")
            #expect(archived.status == 200)
            #expect(try await list(host, query: "?status=new,seen").isEmpty)
            #expect(try await list(host, query: "?status=archived").count == 2)
            #expect(host.ledger.entries.map(\.deed.action) == ["project.create"])
        }
    }

    @Test("non-members of the project see and mark nothing")
    func strangers() async throws {
        try await APIHost.run { host async throws in
            let id = try await note(.failed, of: try await host.create(), on: host)
            #expect(try await list(host, query: "", person: .stranger).isEmpty)
            let marked = try await host.send(
                "PATCH", "/platform/notifications", body: #"[{"id":"\#(id)","status":"archived"}]"#,
                token: Person.stranger.token)
            #expect(try marked.json == .array([]))
            #expect(try await list(host, query: "?status=new").count == 1)
        }
    }

    @Test(
        "what is not a filter or a mark is 400",
        arguments: ["?status=read", "?priority=high", "?project_ref=x", "?limit=0", "?limit=101", "?offset=-1"])
    func badQueries(query: String) async throws {
        try await APIHost.run { host async throws in
            #expect(try await host.send("GET", "/platform/notifications\(query)").status == 400)
        }
    }

    @Test(
        "a body that is no list of marks is 400",
        arguments: ["", "{}", "[{}]", #"[{"id":"x","status":"seen"}]"#, #"[{"id":1,"status":"seen"}]"#])
    func badBodies(body: String) async throws {
        try await APIHost.run { host async throws in
            #expect(try await host.send("PATCH", "/platform/notifications", body: body).status == 400)
            let unknown = #"[{"id":"00000000-0000-4000-8000-000000000001","status":"read"}]"#
            #expect(try await host.send("PATCH", "/platform/notifications", body: unknown).status == 400)
            let one = #"{"id":"00000000-0000-4000-8000-000000000001","status":"seen"}"#
            let many = "[" + Array(repeating: one, count: 101).joined(separator: ",") + "]"
            #expect(try await host.send("PATCH", "/platform/notifications", body: many).status == 400)
        }
    }
}

import Foundation
import HTTPStub
import ManagementClient
import Testing

/// The commands about operations, by the built program against a stub in place of the API.
@Suite("The program's commands about operations")
struct OperationCommandsTests {
    private static let project = "/platform/projects/\(Sample.refText)"

    private static func operation(_ id: String, kind: String, state: String, rest: String) -> String {
        """
        {"id": "\(id)", "kind": "\(kind)", "state": "\(state)", "requested_by": "ann@example.test",
         "requested_at": "2026-01-01T00:00:00Z", "deadline": "2026-01-01T00:15:00Z", "attempts": 3, \(rest)}
        """
    }

    private static let latest = operation(
        "op-2", kind: "create", state: "running",
        rest: #""waiting_for": "db is not ready", "last_call": "start db", "last_error": "no room\u001b[31m""#)
    private static let earlier = operation(
        "op-1", kind: "pause", state: "succeeded", rest: #""result": "no container runs""#)

    /// An API with one project and what was asked of it.
    private static func api(
        operations: [String] = [latest, earlier], cancel: StubStep = .response(200, "{}")
    ) -> @Sendable (StubRequest) -> [StubStep] {
        { request in
            switch "\(request.method) \(request.path)" {
            case "GET \(project)": [.response(200, Sample.detail())]
            case "GET \(project)/operations":
                [.response(200, #"{"operations": [\#(operations.joined(separator: ","))]}"#)]
            case "GET \(project)/operations/op-2/explain":
                [
                    .response(
                        200,
                        """
                        {"operation": \(latest), "status": "COMING_UP", "is_overdue": true,
                         "blocking": {"service": "db", "state": "failing", "message": "it ended with exit code 1",
                            "probe_output": "connection refused", "log_tail": "one\\n\\u001b[31mtwo\\n"}}
                        """)
                ]
            case "GET \(project)/operations/op-1/explain":
                [.response(200, #"{"operation": \#(earlier), "status": "INACTIVE", "is_overdue": false}"#)]
            case "POST \(project)/operations/op-2/cancel": [cancel]
            case "GET \(project)/status": [.response(200, #"{"status": "GOING_DOWN"}"#)]
            default: [.response(404, #"{"message": "there is no such path"}"#)]
            }
        }
    }

    private func run(
        _ arguments: [String], api: @escaping @Sendable (StubRequest) -> [StubStep] = Self.api(),
        then check: (Program, StubServer) async throws -> Void
    ) async throws {
        let stub = try StubServer(.loopback, answer: api)
        defer { stub.stop() }
        try await withFolder { home in
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "SUPAMANAGER_ACCESS_TOKEN": Sample.token,
            ]
            let program = try await Program.run(
                ["projects"] + arguments, environment: environment, home: home)
            try await check(program, stub)
        }
    }

    @Test("a list shows what each operation waits for, or how it ended")
    func list() async throws {
        try await run(["operations", Sample.refText, "--limit", "7"]) { program, stub in
            #expect(program.exitCode == 0, "\(program.errors)")
            let lines = program.output.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines.dropFirst().map { $0.prefix(4) } == ["op-2", "op-1"])
            #expect(lines[1].contains("db is not ready") && lines[2].contains("no container runs"))
            #expect(stub.requests.last?.query("limit") == "7")
        }
        try await run(["operations", Sample.refText, "--json"]) { program, _ in
            let list = try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [[String: Any]]
            #expect(list?.compactMap { $0["state"] as? String } == ["running", "succeeded"])
        }
    }

    @Test("an explanation is of the latest operation, or of the one that is named")
    func explain() async throws {
        try await run(["explain", Sample.refText]) { program, _ in
            #expect(program.exitCode == 0, "\(program.errors)")
            for text in [
                "create, running", "by ann@example.test", "overdue", "db is not ready", "start db", "no room",
                "db, failing", "it ended with exit code 1", "connection refused", "\none\n",
            ] {
                #expect(program.output.contains(text), "\(text)")
            }
            #expect(!program.output.contains("\u{1B}"), "what others wrote must not steer the terminal")
        }
        try await run(["explain", Sample.refText, "op-1"]) { program, stub in
            #expect(program.exitCode == 0, "\(program.errors)")
            #expect(program.output.contains("pause, succeeded") && !program.output.contains("overdue"))
            #expect(!stub.requests.contains { $0.path == "\(Self.project)/operations" })
        }
        try await run(["explain", Sample.refText, "--json"]) { program, _ in
            let answer = try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any]
            #expect(answer?["is_overdue"] as? Bool == true)
        }
    }

    @Test("the latest operation is taken back, and the status after that is shown")
    func cancel() async throws {
        try await run(["cancel", Sample.refText]) { program, stub in
            #expect(program.exitCode == 0, "\(program.errors)")
            #expect(program.output == "Project shop (\(Sample.refText)) is GOING_DOWN.\n")
            let posts = stub.requests.filter { $0.method == "POST" }
            #expect(posts.map(\.path) == ["\(Self.project)/operations/op-2/cancel"])
        }
        try await run(["cancel", Sample.refText, "--json"]) { program, _ in
            let answer = try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any]
            #expect(answer?["status"] as? String == "GOING_DOWN" && answer?["ref"] as? String == Sample.refText)
        }
    }

    @Test("what cannot be taken back, or was never asked, has an exit status of its own")
    func refusals() async throws {
        let refusal = StubStep.response(409, #"{"message": "a restart cannot be taken back"}"#)
        try await run(["cancel", Sample.refText], api: Self.api(cancel: refusal)) { program, _ in
            #expect(program.exitCode == ExitStatus.conflict.rawValue)
            #expect(program.errors.contains("a restart cannot be taken back") && program.output.isEmpty)
        }
        for command in ["explain", "cancel"] {
            try await run([command, Sample.refText], api: Self.api(operations: [])) { program, stub in
                #expect(program.exitCode == ExitStatus.notFound.rawValue)
                #expect(program.errors.contains("nothing has been asked of this project"))
                #expect(!stub.requests.contains { $0.method == "POST" })
            }
        }
    }
}

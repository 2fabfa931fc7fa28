import Foundation
import HTTPStub
import Testing

/// Commands of README that no other test runs, by the built program against a stub in place of the API.
@Suite("Commands that README tells people to type")
struct DocumentedCommandsTests {
    private static let project = "/platform/projects/\(Sample.refText)"

    private static let api: @Sendable (StubRequest) -> [StubStep] = { request in
        switch "\(request.method) \(request.path)" {
        case "GET /platform/organizations":
            [.response(200, #"[{"id": 1, "slug": "default", "name": "Default", "is_owner": true}]"#)]
        case "GET /platform/organizations/default/kept-volumes": [.response(200, "[]")]
        case "GET \(project)": [.response(200, Sample.detail())]
        case "GET \(project)/events": [.response(200, #"{"events": []}"#)]
        case "PATCH \(project)/services":
            [
                .response(
                    200,
                    """
                    {"plan": {"from": null, "to": "0123456789abcdef", "replaced": [],
                     "added": [{"service": "pooler", "image": "pooler:1", "changes": []}], "removed": [],
                     "untouched": ["db"], "images": [], "unused_volumes": [], "interrupted": [],
                     "interruption_seconds_max": 0, "refusals": []}}
                    """)
            ]
        default: [.response(404, #"{"message": "there is no such path"}"#)]
        }
    }

    private func run(_ arguments: [String], then check: (Program, StubServer) throws -> Void) async throws {
        let stub = try StubServer(.loopback, answer: Self.api)
        defer { stub.stop() }
        try await withFolder { home in
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "SUPAMANAGER_ACCESS_TOKEN": Sample.token,
            ]
            let program = try await Program.run(arguments, environment: environment, home: home)
            #expect(program.exitCode == 0, "\(program.errors)")
            try check(program, stub)
        }
    }

    @Test("volumes list says that nothing is kept")
    func volumes() async throws {
        try await run(["volumes", "list"]) { program, _ in #expect(program.errors == "No volumes are kept.\n") }
    }

    @Test("services add shows its plan, and nothing more without applying it")
    func services() async throws {
        try await run(["projects", "services", "add", Sample.refText, "pooler", "--dry-run"]) { program, stub in
            #expect(program.output.contains("add      pooler: pooler:1\n"))
            let body = try #require(stub.requests.first { $0.method == "PATCH" }).bodyText
            #expect(body.contains(#""add":["pooler"]"#) && body.contains(#""dry_run":true"#))
        }
    }

    @Test("template check finds nothing wrong with the stacks", arguments: ["supabase", "lite"])
    func template(stack: String) async throws {
        try await run(["template", "check", Repository.root + "Templates/\(stack)/compose.yaml"]) { _, stub in
            #expect(stub.requests.isEmpty)
        }
    }
}

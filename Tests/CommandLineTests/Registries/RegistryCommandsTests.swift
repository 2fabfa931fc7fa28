import Foundation
import HTTPStub
import ManagementClient
import Testing

/// The commands about registries, by the built program against a stub in place of the API.
@Suite("The program's commands about registries")
struct RegistryCommandsTests {
    private static let login =
        #"{"registry": "registry.example.com:5000", "username": "me", "updated_at": "2026-01-01T00:00:00Z"}"#

    private func run(
        _ arguments: [String], input: String = "", logins: String = login,
        then check: (Program, StubServer) throws -> Void
    ) async throws {
        let stub = try StubServer(.loopback) { request in
            switch "\(request.method) \(request.path)" {
            case "GET /platform/registries": [.response(200, "[\(logins)]")]
            case "PUT /platform/registries/registry.example.com%3A5000": [.response(200, Self.login)]
            case "DELETE /platform/registries/registry.example.com%3A5000": [.response(200, Self.login)]
            default: [.response(404, #"{"message": "the manager keeps no login for registry x"}"#)]
            }
        }
        defer { stub.stop() }
        try await withFolder { home in
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "SUPAMANAGER_ACCESS_TOKEN": Sample.token,
            ]
            let program = try await Program.run(
                ["registries"] + arguments, environment: environment, input: input, home: home)
            try check(program, stub)
        }
    }

    private static let host = "registry.example.com:5000"

    @Test("a password comes from the standard input, goes into the body alone, and is not printed")
    func login() async throws {
        let arguments = ["login", Self.host, "--username", "me", "--password-stdin"]
        try await run(arguments, input: "hunter2\n") { program, stub in
            #expect(program.exitCode == 0, "\(program.errors)")
            #expect(program.output.contains("pulls from \(Self.host) as me"))
            #expect(!program.output.contains("hunter2") && !program.errors.contains("hunter2"))
            let body = try JSONSerialization.jsonObject(with: Data(stub.requests.last?.body ?? [])) as? [String: String]
            #expect(body == ["username": "me", "password": "hunter2"])
        }
    }

    @Test("without a terminal and without --password-stdin nothing is asked for or sent")
    func noPassword() async throws {
        try await run(["login", Self.host, "--username", "me"]) { program, stub in
            #expect(program.exitCode == ExitStatus.usage.rawValue && program.errors.contains("--password-stdin"))
            #expect(stub.requests.isEmpty)
        }
    }

    @Test("the list is a table, JSON, or a note that there is nothing")
    func list() async throws {
        for arguments in [["list"], []] {
            try await run(arguments) { program, _ in
                #expect(program.exitCode == 0, "\(program.errors)")
                #expect(program.output.contains(Self.host) && program.output.contains("2026-01-01"))
            }
        }
        try await run(["list", "--json"]) { program, _ in
            let list = try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [[String: String]]
            #expect(list?.first?["username"] == "me")
        }
        try await run(["list"], logins: "") { program, _ in
            #expect(program.output.isEmpty && program.errors.contains("keeps no logins"))
        }
    }

    @Test("a login is forgotten by its registry; one that is not there is not found")
    func logout() async throws {
        try await run(["logout", Self.host]) { program, _ in
            #expect(program.exitCode == 0, "\(program.errors)")
            #expect(program.output.contains("no login for \(Self.host) any more"))
        }
        try await run(["logout", "x"]) { program, _ in
            #expect(program.exitCode == ExitStatus.notFound.rawValue, "\(program.errors)")
        }
    }
}

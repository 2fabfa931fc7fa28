import Foundation
import HTTPStub
import Testing

/// `supamanager doctor` against a stub in place of the API, and on folders of its own.
@Suite("The doctor")
struct DoctorTests {
    private static func report(_ severity: String, _ findings: String) -> String {
        #"{"checked_at": "2026-01-01T00:00:00Z", "severity": "\#(severity)", "findings": [\#(findings)]}"#
    }

    private static func finding(_ severity: String, advice: String = "") -> String {
        #"{"id": "disk.space", "severity": "\#(severity)", "project_ref": null, "service": null, "subject": "/d", "#
            + #""found": "12 MiB are free", "advice": "\#(advice)"}"#
    }

    /// Runs the doctor against an API that answers a check with this.
    private func run(
        _ arguments: [String] = [], status: Int = 200, answer: String, token: String? = Sample.token,
        then check: (Program, StubServer) async throws -> Void
    ) async throws {
        let stub = try StubServer(.loopback) { request in
            guard request.path == "/platform/debug/consistency", request.method == "POST" else {
                return [.response(404, "{}")]
            }
            return [.response(status, answer)]
        }
        defer { stub.stop() }
        try await withFolder { home in
            var environment = Self.local(home)
            environment["SUPAMANAGER_API_URL"] = "http://127.0.0.1:\(stub.port)"
            environment["SUPAMANAGER_ACCESS_TOKEN"] = token
            try await check(
                try await Program.run(["doctor"] + arguments, environment: environment, home: home), stub)
        }
    }

    /// Settings with which no check of the machine's own manager runs.
    private static func local(_ home: String) -> [String: String] {
        ["SUPAMANAGER_DATA_DIR": home + "/data", "DOCKER_HOST": "unix://\(home)/no.sock"]
    }

    @Test("all is well: a table, no word on the standard error, and code 0")
    func well() async throws {
        try await run(answer: Self.report("ok", Self.finding("ok"))) { program, _ async throws in
            #expect(program.exitCode == 0 && program.errors.isEmpty, "\(program.errors)")
            #expect(program.output.contains("ok      disk.space           12 MiB are free"), "\(program.output)")
        }
    }

    @Test("a warning or an error is reported with what to do, and the code is 1", arguments: ["warning", "error"])
    func trouble(severity: String) async throws {
        let answer = Self.report(severity, Self.finding(severity, advice: "make room"))
        try await run(answer: answer) { program, _ async throws in
            #expect(program.exitCode == 1)
            #expect(program.output.contains("What to do: make room"))
            #expect(program.errors.contains("1 \(severity)"), "\(program.errors)")
        }
        try await run(["--json"], answer: answer) { program, _ async throws in
            #expect(program.exitCode == 1)
            let json = try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any]
            #expect(json?["severity"] as? String == severity)
            let finding = (json?["findings"] as? [[String: Any]])?.first
            #expect(finding?["advice"] as? String == "make room")
        }
    }

    @Test("with --fail-on error a warning is shown and no failure, an error still is one")
    func failOn() async throws {
        for (severity, code) in [("ok", Int32(0)), ("warning", 0), ("error", 1)] {
            let answer = Self.report(severity, Self.finding(severity, advice: "make room"))
            try await run(["--fail-on", "error"], answer: answer) { program, _ async throws in
                #expect(program.exitCode == code, "\(severity)")
                #expect(program.output.contains("disk.space"))
            }
        }
    }

    @Test("a caller who is not signed in or not allowed gets the check of the machine, with the reason")
    func alone() async throws {
        try await run(answer: "{}", token: nil) { program, stub async throws in
            #expect(stub.requests.isEmpty)
            #expect(program.errors.contains("No manager was asked"))
            #expect(program.output.contains("engine.socket") && program.exitCode == 1)
        }
        try await run(status: 403, answer: #"{"message": "not yours"}"#) { program, _ async throws in
            #expect(program.errors.contains("not yours"))
            #expect(program.output.contains("engine.socket") && program.exitCode == 1)
        }
    }

    /// Runs the check of the machine in a home that `prepare` furnishes.
    private func local(
        _ prepare: (String) throws -> [String: String], check: (Program, String) throws -> Void
    ) async throws {
        try await withFolder { home in
            let environment = Self.local(home).merging(try prepare(home)) { $1 }
            let program = try await Program.run(["doctor", "--local"], environment: environment, home: home)
            try check(program, home)
        }
    }

    @Test("no engine, a key that others may read, a folder that others may write, a template that is none")
    func machine() async throws {
        try await local { home in
            let files = FileManager.default
            try files.createDirectory(atPath: home + "/data", withIntermediateDirectories: false)
            try files.setAttributes([.posixPermissions: 0o777], ofItemAtPath: home + "/data")
            try Data(repeating: 7, count: 32).write(to: URL(filePath: home + "/data/master.key"))
            try files.setAttributes([.posixPermissions: 0o640], ofItemAtPath: home + "/data/master.key")
            try files.createDirectory(atPath: home + "/stacks/supabase", withIntermediateDirectories: true)
            try Data("services: 7\n".utf8).write(to: URL(filePath: home + "/stacks/supabase/compose.yaml"))
            return ["SUPAMANAGER_TEMPLATES": home + "/stacks"]
        } check: { program, home in
            #expect(program.exitCode == 1)
            for text in [
                "error   engine.socket", "there is no Docker Engine at \(home)/no.sock",
                "chmod 600 \(home)/data/master.key",
                "chmod go-w \(home)/data", "error   template.valid",
            ] { #expect(program.output.contains(text), "\(text) in \(program.output)") }
            #expect(!FileManager.default.fileExists(atPath: home + "/data/postgres"))
        }
    }

    @Test("a key that is gone while its database is there is an error, and none is made")
    func lostKey() async throws {
        try await local { home in
            try FileManager.default.createDirectory(
                atPath: home + "/data/postgres", withIntermediateDirectories: true)
            return [:]
        } check: { program, home in
            #expect(program.output.contains("error   master.key"), "\(program.output)")
            #expect(!FileManager.default.fileExists(atPath: home + "/data/master.key"))
        }
    }

    @Test("settings that cannot be used are reported by name; a missing database is reported, without its password")
    func settings() async throws {
        try await local { _ in
            ["SUPAMANAGER_PORT_RANGE": "banana"]
        } check: { program, _ in
            #expect(program.output.contains("SUPAMANAGER_PORT_RANGE=banana") && program.exitCode == 1)
        }
        try await local { _ in
            ["SUPAMANAGER_DATABASE_URL": "postgres://u:hush-hush@127.0.0.1:1/none"]
        } check: { program, _ in
            #expect(program.output.contains("error   database.answers"), "\(program.output)")
            #expect(!(program.output + program.errors).contains("hush-hush"))
        }
    }
}

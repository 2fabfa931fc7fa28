import Foundation
import HTTPStub
import Synchronization
import Testing

/// The commands of README, by the built program, in the order in which they stand there, against one stub that keeps
/// the state of the project.
@Suite("README, command by command")
struct ReadmeCommandsTests {
    /// What a person would type or have beside the words of README. Everything else runs as it stands.
    private struct Aid {
        /// Words behind those of README.
        var words: [String] = []
        var input = ""
        var exitCode: Int32 = 0
    }

    /// Questions that a terminal would ask, and words of README that stand for something.
    private static let aids: [String: Aid] = [
        "login --email you@example.com": Aid(words: ["--password-stdin"], input: "hunter2hunter2\n"),
        "projects delete shop": Aid(words: ["--yes", "--keep-volumes"]),
        "registries login ghcr.io --username me": Aid(words: ["--password-stdin"], input: "hunter2\n"),
        "projects db psql shop": Aid(input: "select 1\n"),
    ]

    /// Commands that need more than an API: what runs them, and words of it that say so.
    private static let elsewhere: [String: (file: String, words: String)] = [
        "serve": ("Tests/CommandLineTests/StartTests.swift", #"["serve"]"#),
        "network-rules install": ("Tests/EndToEndTests/NetworkRulesTests.swift", #""network-rules", verb"#),
    ]

    /// An API whose project pauses, runs and goes as it is asked to.
    private final class Shop: Sendable {
        private let status = Mutex("NONE")
        private static let project = "/platform/projects/\(Sample.refText)"

        /// Another project than the one that was deleted.
        func revive() { become("ACTIVE_HEALTHY") }

        private func become(_ next: String) { status.withLock { $0 = next } }

        func answer(_ request: StubRequest) -> [StubStep] {
            let present = status.withLock { $0 }
            let call = "\(request.method) \(request.path)"
            switch call {
            case "POST /platform/projects":
                become("ACTIVE_HEALTHY")
                return [
                    .response(
                        201,
                        Sample.row(name: "shop").dropLast()
                            + #", "endpoint": "http://127.0.0.1:1", "anon_key": "k", "service_key": "k"}"#)
                ]
            case "GET /platform/projects":
                return [
                    .response(
                        200, #"{"pagination": {"count": 1}, "projects": [\#(Sample.row(name: "shop"))]}"#)
                ]
            case "POST \(Self.project)/pause": become("INACTIVE")
            case "POST \(Self.project)/restore": become("ACTIVE_HEALTHY")
            case "DELETE \(Self.project)": become("GONE")
            case "GET \(Self.project)", "GET \(Self.project)/services", "GET \(Self.project)/status":
                guard present != "GONE", present != "NONE" else { return [.response(404, #"{"message": "gone"}"#)] }
                return [
                    .response(
                        200,
                        request.path.hasSuffix("/services")
                            ? Sample.progress(present, services: [("db", "ready")])
                            : request.path.hasSuffix("/status")
                                ? #"{"status": "\#(present)"}"#
                                : Sample.detail(status: present))
                ]
            case "GET \(Self.project)/services/db/logs":
                return [
                    .head(headers: ["Content-Type: text/event-stream", "Connection: close"]),
                    .text("event: log\nid: a\ndata: a line\n\nevent: end\ndata: finished\n\n"), .close,
                ]
            default:
                return ReadmeCommandsTests.answers[call].map { [.response(200, $0)] }
                    ?? [.response(404, #"{"message": "the stub has no answer to \#(call)"}"#)]
            }
            return [.response(200, "{}")]
        }
    }

    private static let operation = "10000000-0000-4000-8000-000000000010"

    private static let plan =
        #"{"eligible": true, "reasons": [], "plan": {"from": "0123456789abcdef", "to": "0123456789abcde0", "replaced": [], "added": [], "removed": [], "#
        + #""untouched": ["db"], "images": [], "unused_volumes": [], "interrupted": [], "#
        + #""interruption_seconds_max": 0, "refusals": []}}"#

    private static let answers: [String: String] = [
        "POST /auth/v1/token": #"{"access_token": "jwt"}"#, "POST /auth/v1/logout": "{}",
        "POST /platform/profile/access-tokens": #"{"id": 7, "name": "n", "token": "\#(Sample.token)"}"#,
        "GET /platform/organizations": #"[{"id": 1, "slug": "default", "name": "Default", "is_owner": true}]"#,
        "GET /platform/organizations/default/kept-volumes": "[]",
        "GET /platform/projects/\(Sample.refText)/events": #"{"events": []}"#,
        "GET /platform/projects/\(Sample.refText)/credentials":
            #"{"database": {"host": "h", "port": 5, "name": "n", "user": "u", "password": "p"}, "#
            + #""dashboard": {"url": null, "username": null, "password": null}}"#,
        "GET /platform/projects/\(Sample.refText)/deletion-receipt":
            #"{"ref": "\#(Sample.refText)", "name": "shop", "status": "REMOVED", "destroys_volumes": false, "#
            + #""requested_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:00Z", "destroyed": [], "#
            + #""kept": [], "remaining": []}"#,
        "POST /v1/projects/\(Sample.refText)/functions/deploy":
            #"{"id": "x", "slug": "hello", "name": "hello", "version": 1, "status": "ACTIVE", "verify_jwt": true, "#
            + #""updated_at": 1}"#,
        "POST /platform/database/\(Sample.refText)/backups":
            #"{"id": 5, "state": "verified", "reason": "request", "inserted_at": "2026-01-01T00:00:00Z"}"#,
        "GET /platform/database/\(Sample.refText)/backups":
            #"{"backups": [{"id": 5, "state": "verified", "reason": "request", "inserted_at": "2026-01-01T00:00:00Z"}]}"#,
        "PUT /platform/registries/ghcr.io":
            #"{"registry": "ghcr.io", "username": "me", "updated_at": "2026-01-01T00:00:00Z"}"#,
        "POST /platform/debug/consistency":
            #"{"checked_at": "2026-01-01T00:00:00Z", "severity": "ok", "findings": []}"#,
        "GET /v1/projects/\(Sample.refText)/upgrade/eligibility": plan,
        "POST /v1/projects/\(Sample.refText)/upgrade": #"{"tracking_id": "\#(operation)"}"#,
        "GET /platform/projects/\(Sample.refText)/operations/\(operation)":
            #"{"id": "\#(operation)", "kind": "upgrade", "state": "succeeded", "requested_by": "a@example.test", "#
            + #""requested_at": "2026-01-01T00:00:00.000Z", "attempts": 1, "deadline": "2026-01-01T01:00:00.000Z", "#
            + #""waiting_for": null, "service": null, "last_call": null, "last_error": null, "next_retry_at": null, "#
            + #""finished_at": "2026-01-01T00:00:09.000Z", "result": "done"}"#,
    ]

    /// The lines of README's blocks for a shell: each command, without its comment.
    private static func commands() throws -> [[String]] {
        var isShell = false
        var found: [[String]] = []
        for line in try Repository.text("README.md").split(separator: "\n") {
            if line.hasPrefix("```") {
                isShell = line == "```bash"
                continue
            }
            guard isShell else { continue }
            for command in line.split(separator: "#", omittingEmptySubsequences: false)[0].split(separator: "&&") {
                let words = command.split(separator: " ").map(String.init).drop {
                    $0 == "sudo" || $0.contains("=") || $0 == "export"
                }
                if words.first == "supamanager" || words.first?.hasSuffix("/supamanager") == true {
                    found.append(Array(words.dropFirst()))
                }
            }
        }
        return found
    }

    @Test("every command runs, in its order, and does what README says of it")
    func everyCommand() async throws {
        let commands = try Self.commands()
        #expect(commands.count > 15)
        for used in Self.aids.keys { #expect(commands.contains { $0.joined(separator: " ") == used }, "\(used)") }
        let shop = Shop()
        let stub = try StubServer(.loopback) { shop.answer($0) }
        defer { stub.stop() }
        try await withFolder { home in
            try FileManager.default.createDirectory(atPath: home + "/hello", withIntermediateDirectories: true)
            try Data("Deno.serve(() => new Response(\"hello\"))\n".utf8).write(
                to: URL(filePath: home + "/hello/index.ts"))
            try Data("#!/bin/sh\nexec cat\n".utf8).write(to: URL(filePath: home + "/psql"))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: home + "/psql")
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "PATH": "\(home):/usr/bin:/bin",
            ]
            var wasDeleted = false
            for command in commands {
                let name = command.joined(separator: " ")
                if let place = Self.elsewhere[name] {
                    #expect(try Repository.text(place.file).contains(place.words), "\(place.file) does not run \(name)")
                    continue
                }
                // What comes after the deletion is about another project, called REF.
                if wasDeleted, name.contains("REF") {
                    wasDeleted = false
                    shop.revive()
                }
                let aid = Self.aids[name] ?? Aid()
                let words = command.map { word in
                    switch word {
                    case "REF": Sample.refText
                    case "./hello": home + "/hello"
                    case _ where word.hasPrefix("Templates/"): Repository.root + word
                    default: word
                    }
                }
                let program = try await Program.run(
                    words + aid.words, environment: environment, input: aid.input, home: home)
                #expect(program.exitCode == aid.exitCode, "supamanager \(name): \(program.errors)\(program.output)")
                if command.starts(with: ["projects", "delete"]) { wasDeleted = true }
            }
            // None was without effect: the stub saw what README promises.
            let calls = Set(stub.requests.map { "\($0.method) \($0.path)" })
            for wanted in [
                "POST /platform/projects", "POST /platform/projects/\(Sample.refText)/pause",
                "POST /platform/projects/\(Sample.refText)/restore", "DELETE /platform/projects/\(Sample.refText)",
                "POST /v1/projects/\(Sample.refText)/functions/deploy",
                "POST /platform/database/\(Sample.refText)/backups", "PUT /platform/registries/ghcr.io",
            ] { #expect(calls.contains(wanted), "\(wanted)") }
        }
    }
}

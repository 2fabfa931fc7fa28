import Foundation
import HTTPStub
import ManagementClient
import ProjectModel
import Testing

@Suite("Contexts for several managers")
struct ContextTests {
    private func run(_ words: [String], home: String, _ environment: [String: String] = [:]) async throws -> Program {
        try await Program.run(words, environment: environment, home: home)
    }

    @Test("commands talk to the manager of the context in use, or of the one that is named, as its organization")
    func use() async throws {
        func manager(_ slug: String) throws -> StubServer {
            try StubServer(.loopback) { request in
                switch "\(request.method) \(request.path)" {
                case "GET /platform/organizations":
                    [
                        .response(
                            200,
                            #"[{"id": 1, "slug": "a", "name": "A", "is_owner": true}, "#
                                + #"{"id": 2, "slug": "\#(slug)", "name": "B", "is_owner": true}]"#)
                    ]
                case "GET /platform/organizations/\(slug)/kept-volumes": [.response(200, "[]")]
                default: [.response(404, #"{"message": "there is no such path"}"#)]
                }
            }
        }
        let (first, second) = (try manager("one"), try manager("two"))
        defer { for stub in [first, second] { stub.stop() } }
        try await withFolder { home in
            for (name, stub, slug) in [("first", first, "one"), ("second", second, "two")] {
                let added = try await run(
                    ["context", "add", name, "http://127.0.0.1:\(stub.port)", "--org", slug], home: home)
                #expect(added.exitCode == 0, "\(added.errors)")
            }
            // Never sent: the managers of contexts get what is stored for them.
            let token = ["SUPAMANAGER_ACCESS_TOKEN": "sbp_of_another_manager"]
            let unknown = try await run(["volumes", "list"], home: home, token)
            #expect(unknown.exitCode != 0 && unknown.errors.contains("not signed in"), "\(unknown.errors)")
            #expect(first.requests.isEmpty)
            try CredentialsFile(environment: ["HOME": home]).save(
                StoredCredentials(
                    tokens: Dictionary(
                        uniqueKeysWithValues: try [first, second].map { stub in
                            (
                                try APIAddress("http://127.0.0.1:\(stub.port)"),
                                StoredToken(token: Secret(Sample.token), id: nil, email: "a@example.test")
                            )
                        })))
            func asked(_ stub: StubServer) -> Int { stub.requests.count { $0.path.hasSuffix("/kept-volumes") } }
            // The first one that was added is in use.
            #expect(try await run(["volumes", "list"], home: home, token).exitCode == 0)
            #expect((asked(first), asked(second)) == (1, 0))
            #expect(try await run(["context", "use", "second"], home: home).output == "Context second is in use.\n")
            #expect(try await run(["volumes", "list"], home: home, token).exitCode == 0)
            #expect((asked(first), asked(second)) == (1, 1))
            #expect(try await run(["volumes", "list", "--context", "first"], home: home, token).exitCode == 0)
            #expect((asked(first), asked(second)) == (2, 1))
            let named = token.merging(["SUPAMANAGER_CONTEXT": "first"]) { $1 }
            #expect(try await run(["volumes", "list"], home: home, named).exitCode == 0)
            #expect((asked(first), asked(second)) == (3, 1))
            #expect(
                (first.requests + second.requests).allSatisfy { request in
                    request.headers["authorization"] == "Bearer \(Sample.token)"
                })
            // An address that is given is not the context's, and neither is its organization; no context is needed,
            // be there none of the name, or none that can be read.
            var given = token.merging(["SUPAMANAGER_API_URL": "http://127.0.0.1:\(first.port)"]) { $1 }
            given["SUPAMANAGER_CONTEXT"] = "none"
            for _ in 1...2 {
                let several = try await run(["volumes", "list"], home: home, given)
                #expect(several.exitCode == 64 && several.errors.contains("several organizations"), "\(several.errors)")
                #expect(first.requests.last?.headers["authorization"] == "Bearer sbp_of_another_manager")
                try Data("{".utf8).write(
                    to: URL(filePath: try ContextsFile(environment: ["HOME": home]).path))
            }
        }
    }

    @Test("the file is its owner's alone; a name that is none is answered with the nearest that is")
    func file() async throws {
        try await withFolder { home in
            #expect(try await run(["context", "add", "home", "https://example.test"], home: home).exitCode == 0)
            let file = try #require(
                FileManager.default.enumerator(atPath: home)?.compactMap { $0 as? String }
                    .first { $0.hasSuffix("contexts.json") })
            let mode = try FileManager.default.attributesOfItem(atPath: home + "/" + file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let list = try await run(["context", "list"], home: home)
            #expect(list.output.contains("home  yes                     https://example.test"), "\(list.output)")
            let wrong = try await run(["volumes", "list", "--context", "hoem"], home: home)
            #expect(wrong.exitCode == 64 && wrong.errors.contains(#"did you mean "home"?"#), "\(wrong.errors)")
            #expect(try await run(["context", "use", "other"], home: home).exitCode == 4)
            for name in ["", "-x", "a b", "a/b", "\u{1B}", String(repeating: "a", count: 65)] {
                let refused = try await run(["context", "add", "--", name, "https://example.test"], home: home)
                #expect(refused.exitCode == 64, "\(name)")
            }
            #expect(try await run(["context", "remove", "home"], home: home).exitCode == 0)
            #expect(
                try await run(["context", "list", "--json"], home: home).output.filter { !$0.isWhitespace } == "[]")
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: home + "/" + file)
            let open = try await run(["context", "list"], home: home)
            #expect(open.exitCode != 0 && open.errors.contains("chmod 600"), "\(open.errors)")
        }
    }

    @Test("a shell completes names of projects, and nothing where no manager answers")
    func completion() async throws {
        let stub = try StubServer(.loopback) { request in
            request.path == "/platform/projects"
                ? [.response(200, #"{"pagination": {"count": 1}, "projects": [\#(Sample.row(name: "shop"))]}"#)]
                : [.response(404)]
        }
        defer { stub.stop() }
        try await withFolder { home in
            let words = [
                "---completion", "projects", "get", "--", "positional@0", "3", "0", "supamanager", "projects", "get",
                "",
            ]
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "SUPAMANAGER_ACCESS_TOKEN": Sample.token,
                "SAP_SHELL": "bash",
            ]
            let found = try await run(words, home: home, environment)
            #expect(found.output.split(separator: "\n").contains("shop"), "\(found.output) \(found.errors)")
            let away = environment.merging(["SUPAMANAGER_API_URL": "http://127.0.0.1:9"]) { $1 }
            let none = try await run(words, home: home, away)
            #expect(!none.output.contains("shop") && none.errors.isEmpty, "\(none.errors)")
        }
    }
}

@Suite("Filtered logs")
struct FilteredLogTests {
    @Test("only lines that match are printed, as text or as objects")
    func grep() async throws {
        let stub = try StubServer(.loopback) { request in
            switch (request.path, request.query("past")) {
            case ("/platform/projects/\(Sample.refText)", _): [.response(200, Sample.detail())]
            case (_, nil): [.response(200, "one\ntwo\n", headers: ["Content-Type: text/plain"])]
            default:
                [
                    .head(headers: ["Content-Type: text/event-stream", "Connection: close"]),
                    .text("event: log\nid: t1\ndata: one\n\nevent: log\nid: t2\ndata: two\n\n"),
                    .text("event: end\ndata: finished\n\n"), .close,
                ]
            }
        }
        defer { stub.stop() }
        try await withFolder { home in
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "SUPAMANAGER_ACCESS_TOKEN": Sample.token,
            ]
            for (options, output) in [
                (["--grep", "^t"], "two\n"), (["--grep", "x"], ""),
                (["--grep", "o", "--timestamps"], "t1 one\nt2 two\n"),
                (["--since", "1h", "--json", "--grep", "n"], #"{"at":"t1","line":"one","service":"db"}"# + "\n"),
            ] {
                let words = ["projects", "logs", Sample.refText, "--service", "db"] + options
                let program = try await Program.run(words, environment: environment, home: home)
                #expect(program.output == output && program.exitCode == 0, "\(options): \(program.errors)")
            }
        }
    }
}

@Suite("Times and sizes on the command line")
struct CommandLineTextTests {
    @Test(
        "a person says how long ago, or when",
        arguments: [
            ("90s", "2026-01-31T11:58:30.000000000Z"), ("15m", "2026-01-31T11:45:00.000000000Z"),
            ("2h", "2026-01-31T10:00:00.000000000Z"), ("1d", "2026-01-30T12:00:00.000000000Z"),
            ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00.000000000Z"),
            ("2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00.000000000Z"),
        ])
    func moments(text: String, moment: String) throws {
        let now = try Date("2026-01-31T12:00:00Z", strategy: .iso8601)
        #expect(LogMomentText.moment(text, at: now) == moment)
    }

    @Test(
        "what is no time is none", arguments: ["", "h", "-1h", "1e9d", "infd", "5", "yesterday", "1x", "99999999999d"])
    func noMoments(text: String) { #expect(LogMomentText.moment(text) == nil) }

    @Test(
        "sizes have one digit after the point",
        arguments: [
            (0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (47_396_659, "45.2 MiB"), (Int64.max, "8388608.0 TiB"),
            (-5, "0 B"),
        ])
    func sizes(bytes: Int64, text: String) { #expect(ByteText.text(bytes) == text) }
}

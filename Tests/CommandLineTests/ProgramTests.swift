import Foundation
import HTTPStub
import ManagementClient
import Testing

/// The built program against a stub in place of the API: what scripts rely on.
@Suite("The program")
struct ProgramTests {
    private static let sample = "/platform/projects/\(Sample.refText)"

    /// An API with one project, whose status changes with every poll.
    private static func api(
        looks: [String] = [], keyed: Bool = true, failure: String = "null"
    ) -> @Sendable (StubRequest) -> [StubStep] {
        let counter = Counter()
        return { request in
            switch "\(request.method) \(request.path)" {
            case "GET /platform/profile":
                return [.response(200, #"{"gotrue_id": "u", "primary_email": "a@example.test", "username": "a"}"#)]
            case "GET /platform/organizations":
                return [.response(200, #"[{"id": 1, "slug": "default", "name": "Default", "is_owner": true}]"#)]
            case "GET /platform/projects":
                let row = Sample.row(name: "shop")
                return [.response(200, #"{"pagination": {"count": 1}, "projects": [\#(row)]}"#)]
            case "POST /platform/projects":
                return [
                    .response(
                        201,
                        Sample.row(name: "shop").dropLast()
                            + #", "endpoint": "http://127.0.0.1:1", "anon_key": "hush", "service_key": "hush"}"#)
                ]
            case "GET \(sample)": return [.response(200, Sample.detail())]
            case "GET \(sample)/services":
                guard !looks.isEmpty else { return [.response(404, #"{"message": "there is no project"}"#)] }
                let look = counter.next()
                let status = looks[min(look, looks.count - 1)]
                if status == "GONE" { return [.response(404, #"{"message": "there is no project"}"#)] }
                let services = [("db", look == 0 ? "coming_up" : "ready")]
                return [.response(200, Sample.progress(status, services: services, failure: failure))]
            case "GET \(sample)/events": return [.response(200, #"{"events": []}"#)]
            case "GET \(sample)/status": return [.response(200, #"{"status": "\#(looks.last ?? "UNKNOWN")"}"#)]
            case "POST \(sample)/pause", "POST \(sample)/restart", "POST \(sample)/restore": return [.response(201)]
            case "DELETE \(sample)": return [.response(200, "{}")]
            case "GET \(sample)/deletion-receipt": return [.response(200, receiptBody)]
            case "GET \(sample)/services/db/logs":
                return [.response(200, "one\n\u{1B}[31mtwo\n", headers: ["Content-Type: text/plain"])]
            case "GET /v1/projects/\(Sample.refText)/api-keys":
                let key = "hush" + String(repeating: "k", count: 40)
                return [.response(200, #"[{"name": "anon", "type": "legacy", "api_key": "\#(key)"}]"#)]
            case "GET \(sample)/credentials":
                return [
                    .response(
                        200,
                        #"{"database": {"host": "h", "port": 5, "name": "n", "user": "u", "password": "hush-db"}, "#
                            + #""dashboard": {"url": "http://h", "username": "u", "password": "hush-ui"}}"#)
                ]
            case "POST /auth/v1/token": return [.response(200, #"{"access_token": "jwt"}"#)]
            case "POST /platform/profile/access-tokens":
                return [.response(201, #"{"id": 7, "name": "n", "token": "sbp_made"}"#)]
            case "POST /auth/v1/logout", "DELETE /platform/profile/access-tokens/7": return [.response(200, "{}")]
            default: return [.response(404, #"{"message": "there is no such path"}"#)]
            }
        }
    }

    /// Runs the program with an API and a home of its own.
    private func run(
        _ arguments: [String], input: String = "", token: String? = Sample.token,
        api: @escaping @Sendable (StubRequest) -> [StubStep] = Self.api(),
        then check: (Program, StubServer, String) async throws -> Void
    ) async throws {
        let stub = try StubServer(.loopback, answer: api)
        defer { stub.stop() }
        try await withFolder { home in
            var environment = ["SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)"]
            environment["SUPAMANAGER_ACCESS_TOKEN"] = token
            let program = try await Program.run(arguments, environment: environment, input: input, home: home)
            try await check(program, stub, home)
        }
    }

    @Test("a list is a table, and JSON for scripts")
    func list() async throws {
        try await run(["projects", "list"]) { program, _, _ async throws in
            #expect(program.exitCode == 0)
            let lines = program.output.split(separator: "\n")
            #expect(lines.first == "NAME  REF                   STATUS     ORG      REGION  AGE")
            #expect(
                try #require(lines.last).wholeMatch(
                    of: /shop  abcdefghijklmnopqrst  COMING_UP  default  local   [0-9]+ d/) != nil)
        }
        try await run(["projects", "list", "--json"]) { program, _, _ async throws in
            let list = try #require(
                try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [[String: Any]])
            #expect(list.first?["ref"] as? String == Sample.refText)
            #expect(program.errors.isEmpty)
        }
    }

    @Test("a creation waits, tells each change once on the standard error, and shows no key")
    func create() async throws {
        try await run(
            ["projects", "create", "shop"], api: Self.api(looks: ["COMING_UP", "COMING_UP", "ACTIVE_HEALTHY"])
        ) { program, stub, _ async throws in
            #expect(program.exitCode == 0)
            let changes = program.errors.split(separator: "\n").map { $0.drop { $0 != "]" }.dropFirst(2) }
            #expect(
                changes == [
                    "project is COMING_UP", "db is coming up", "db is ready", "project is ACTIVE_HEALTHY",
                ])
            #expect(program.output.contains("http://127.0.0.1:54321"))
            #expect(program.output.contains("supamanager projects keys \(Sample.refText)"))
            #expect(!program.output.contains("hush"))
            #expect(!program.output.contains("\u{1B}"))
            let body = try #require(stub.requests.first { $0.method == "POST" }).bodyText
            #expect(body.contains(#""organization_slug":"default""#))
        }
    }

    @Test("--no-wait does not look, and --json alone is on the standard output")
    func createWithoutWait() async throws {
        try await run(
            [
                "projects", "create", "shop", "--org", "default", "--services", "db, rest", "--no-wait", "--json",
                "--db-password-stdin",
            ], input: "s3cret\n"
        ) { program, stub, _ async throws in
            #expect(program.exitCode == 0)
            #expect(program.errors.isEmpty)
            let answer = try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any]
            #expect(answer?["ref"] as? String == Sample.refText)
            #expect(!program.output.contains("hush"))
            #expect(stub.requests.count == 1)
            let body = stub.requests[0].bodyText
            #expect(body.contains(#""services":["db","rest"]"#))
            #expect(body.contains(#""db_pass":"s3cret""#))
        }
    }

    @Test("a failed start exits with 7 and says why")
    func failedStart() async throws {
        let failure = #"{"service": "db", "message": "exited with 1", "log_tail": "boom"}"#
        try await run(
            ["projects", "resume", Sample.refText],
            api: Self.api(looks: ["COMING_UP", "INIT_FAILED"], failure: failure)
        ) { program, _, _ async throws in
            #expect(program.exitCode == 7)
            #expect(program.errors.contains("service db: exited with 1\nThe end of its log:\n  | boom\n"))
            #expect(program.errors.contains("projects delete \(Sample.refText)"))
            #expect(program.output.isEmpty)
        }
    }

    @Test("resuming what runs already is no failure, and says so; every other conflict is one")
    func resumeTwice() async throws {
        for (status, code) in [("ACTIVE_HEALTHY", Int32(0)), ("PAUSING", 5)] {
            let usual = Self.api(looks: [status])
            try await run(
                ["projects", "resume", "shop"],
                api: { request in
                    request.method == "POST" ? [.response(409, #"{"message": "not now"}"#)] : usual(request)
                }
            ) { program, _, _ async throws in
                #expect(program.exitCode == code)
                #expect(program.errors.contains("runs already") == (code == 0))
                #expect(program.errors.contains("not now") == (code != 0))
            }
        }
    }

    @Test("a wait has an end")
    func timeout() async throws {
        try await run(
            ["projects", "restart", "shop", "--timeout", "1"], api: Self.api(looks: ["RESTARTING"])
        ) { program, _, _ async throws in
            #expect(program.exitCode == 7)
            #expect(program.errors.contains("the time to wait was up (RESTARTING)"))
        }
    }

    @Test("a deletion without a terminal needs --yes")
    func delete() async throws {
        try await run(["projects", "delete", "shop"], input: "shop\n") { program, stub, _ async throws in
            #expect(program.exitCode == 64)
            #expect(!stub.requests.contains { $0.method == "DELETE" })
        }
        // No default for the data.
        try await run(["projects", "delete", "shop", "--yes"]) { program, stub, _ async throws in
            #expect(program.exitCode == 64)
            #expect(program.errors.contains("--keep-volumes or --destroy-volumes"))
            #expect(!stub.requests.contains { $0.method == "DELETE" })
        }
        try await run(
            ["projects", "delete", "shop", "--yes", "--keep-volumes"], api: Self.api(looks: ["GOING_DOWN", "GONE"])
        ) { program, stub, _ async throws in
            #expect(program.exitCode == 0)
            #expect(program.output.hasPrefix("Project shop (\(Sample.refText)) is gone.\n"))
            #expect(program.output.contains("destroyed  container  shop-db-1  0123456789ab"))
            #expect(program.output.contains("kept       volume     shop_data                on request"))
            #expect(
                stub.requests.filter { $0.method == "DELETE" }.map(\.target) == ["\(Self.sample)?keep_volumes=true"])
        }
    }

    @Test("data goes only when that is said")
    func destroyVolumes() async throws {
        try await run(
            ["projects", "delete", "shop", "--yes", "--destroy-volumes", "--json"],
            api: Self.api(looks: ["GOING_DOWN", "GONE"])
        ) { program, stub, _ async throws in
            #expect(program.exitCode == 0)
            let receipt = try JSONDecoder().decode(DeletionReceipt.self, from: Data(program.output.utf8))
            #expect(receipt.kept.map(\.name) == ["shop_data"])
            #expect(
                stub.requests.filter { $0.method == "DELETE" }.map(\.target) == ["\(Self.sample)?keep_volumes=false"])
        }
        try await run(
            ["projects", "delete", "shop", "--yes", "--destroy-volumes", "--keep-volumes"]
        ) { program, stub, _ async throws in
            #expect(program.exitCode == 64)
            #expect(!stub.requests.contains { $0.method == "DELETE" })
        }
    }

    @Test("a receipt can be read again")
    func receipt() async throws {
        try await run(["projects", "receipt", Sample.refText]) { program, _, _ async throws in
            #expect(program.exitCode == 0)
            #expect(program.output.contains("shop-db-1"))
        }
        try await run(["projects", "receipt", "shop"]) { program, _, _ async throws in #expect(program.exitCode == 64) }
    }

    @Test("keys are masked unless they are asked for")
    func keys() async throws {
        for format in [[], ["--json"]] {
            try await run(["projects", "keys", "shop"] + format) { program, stub, _ async throws in
                #expect(program.exitCode == 0)
                #expect(!program.output.contains("hush-"))
                #expect(program.output.contains("hushkkkk…kkkk"))
                #expect(stub.requests.contains { $0.target.hasSuffix("reveal=false") })
            }
            try await run(["projects", "keys", "shop", "--reveal"] + format) { program, _, _ async throws in
                #expect(program.output.contains("hush" + String(repeating: "k", count: 40)))
                #expect(program.output.contains("hush-db"))
                #expect(program.output.contains("hush-ui"))
            }
        }
    }

    @Test("logs of one service are as they are, those of several have its name")
    func logs() async throws {
        try await run(["projects", "logs", "shop", "--service", "db", "--tail", "5"]) { program, stub, _ async throws in
            #expect(program.output == "one\n\u{1B}[31mtwo\n")
            #expect(stub.requests.last?.query("tail") == "5")
        }
        try await run(["projects", "logs", "shop", "--service", "../x"]) { program, _, _ async throws in
            #expect(program.exitCode == 64)
        }
        try await run(["projects", "logs", "shop", "--service", "none"]) { program, _, _ async throws in
            #expect(program.exitCode == 4)
        }
    }

    @Test("without a desktop the address is printed")
    func open() async throws {
        try await run(["projects", "open", "shop"]) { program, _, _ async throws in
            #expect(program.exitCode == 0)
            #expect(program.output == "http://127.0.0.1:54321\n")
        }
    }

    @Test("signing in stores a token, signing out revokes it and forgets it")
    func loginAndLogout() async throws {
        let stub = try StubServer(.loopback, answer: Self.api())
        defer { stub.stop() }
        try await withFolder { home in
            let environment = ["SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)"]
            let login = ["login", "--email", "a@example.test", "--password-stdin"]
            var program = try await Program.run(login, environment: environment, input: "pass word\n", home: home)
            #expect(program.exitCode == 0)
            #expect(stub.requests.first?.bodyText.contains(#""pass word""#) == true)
            let file = home + "/.config/supamanager/credentials.json"
            let stored = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
            #expect(stored.contains("sbp_made"))
            #expect(!stored.contains("pass word"))
            program = try await Program.run(["whoami"], environment: environment, home: home)
            #expect(program.output.contains("a@example.test"))
            #expect(stub.requests.last?.headers["authorization"] == "Bearer sbp_made")
            program = try await Program.run(["logout"], environment: environment, home: home)
            #expect(program.exitCode == 0)
            #expect(stub.requests.last?.target == "/platform/profile/access-tokens/7")
            program = try await Program.run(["whoami"], environment: environment, home: home)
            #expect(program.exitCode == 3)
        }
    }

    @Test("a token from the standard input is checked before it is stored, and is not revoked later")
    func tokenLogin() async throws {
        let stub = try StubServer(.loopback) { request in
            request.headers["authorization"] == "Bearer \(Sample.token)"
                ? Self.api()(request) : [.response(401, #"{"message": "no such token"}"#)]
        }
        defer { stub.stop() }
        try await withFolder { home in
            let environment = ["SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)"]
            let login = ["login", "--token-stdin"]
            var program = try await Program.run(login, environment: environment, input: "sbp_wrong\n", home: home)
            #expect(program.exitCode == 3)
            program = try await Program.run(login, environment: environment, input: Sample.token + "\n", home: home)
            #expect(program.exitCode == 0)
            program = try await Program.run(["logout"], environment: environment, home: home)
            #expect(program.exitCode == 0)
            #expect(!stub.requests.contains { $0.method == "DELETE" })
        }
    }

    @Test("a stored token that others can read is refused")
    func openCredentials() async throws {
        try await withFolder { home in
            let file = home + "/credentials.json"
            try CredentialsFile(path: home + "/supamanager/credentials.json").save(StoredCredentials())
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: home + "/supamanager/credentials.json")
            let program = try await Program.run(["whoami"], environment: ["XDG_CONFIG_HOME": home], home: home)
            #expect(program.exitCode == 1)
            #expect(program.errors.contains("chmod 600"))
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test(
        "a refusal of the API has an exit code",
        arguments: [(400, 1), (401, 3), (403, 3), (404, 4), (409, 5), (503, 6)])
    func refusals(_ status: Int, _ code: Int32) async throws {
        try await run(
            ["projects", "pause", Sample.refText],
            api: { request in
                request.method == "POST"
                    ? [.response(status, #"{"message": "said no"}"#)]
                    : Self.api(looks: ["ACTIVE_HEALTHY"])(request)
            }
        ) { program, _, _ async throws in
            #expect(program.exitCode == code)
            #expect(program.errors.hasPrefix("Error: said no (\(status))"))
            #expect(program.output.isEmpty)
        }
    }

    @Test(
        "a command line that is not understood exits with 64",
        arguments: [
            ["projects", "list", "--nonsense"], ["projects", "restart", "shop", "--timeout", "0"],
            ["whoami", "--api-url", "nonsense"], ["projects", "logs", "shop", "--tail", "0"],
            ["projects", "logs", "shop", "--since", "yesterday"], ["projects", "logs", "shop", "--grep", "("],
            ["projects", "logs", "shop", "--since", "1h", "--tail", "5"],
            ["tokens", "revoke", "x"],
            ["login", "--token-stdin", "--email", "a@example.test"], ["login"], ["projects", "pause"],
            ["tokens", "create", "n", "--expires-in", "0"],
        ])
    func usage(_ arguments: [String]) async throws {
        try await run(arguments) { program, stub, _ async throws in
            #expect(program.exitCode == 64)
            #expect(program.output.isEmpty)
            #expect(stub.requests.isEmpty)
        }
    }

    @Test("without a sign-in, and without a server: each has its exit code")
    func exitCodes() async throws {
        try await run(["projects", "list"], token: nil) { program, stub, _ async throws in
            #expect(program.exitCode == 3)
            #expect(program.errors.contains("supamanager login"))
            #expect(stub.requests.isEmpty)
        }
        try await run(["projects", "list", "--api-url", "http://127.0.0.1:1"]) { program, _, _ async throws in
            #expect(program.exitCode == 6)
            #expect(!program.errors.contains(Sample.token))
        }
    }

    @Test("the help documents every exit code, and completion scripts can be made")
    func help() async throws {
        try await run(["--help"]) { program, _, _ async throws in
            for status in ExitStatus.allCases where status != .usage {
                #expect(program.output.contains("   \(status.rawValue)  "))
            }
            #expect(program.output.contains("64  invalid command line"))
            #expect(program.output.contains("--generate-completion-script bash"))
        }
        for shell in ["bash", "zsh", "fish"] {
            try await run(["--generate-completion-script", shell]) { program, _, _ async throws in
                #expect(program.exitCode == 0)
                #expect(program.output.contains("projects"))
            }
        }
    }
}

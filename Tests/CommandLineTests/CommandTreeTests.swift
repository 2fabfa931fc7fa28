import ArgumentParser
import Foundation
import HTTPStub
import Testing

@testable import supamanager

/// Every command of `--help`, as it is typed, and as scripts run it.
@Suite("Every command")
struct CommandTreeTests {
    private static let project = CommandAnswers.project
    private static let v1 = CommandAnswers.v1
    private static let backups = CommandAnswers.backups
    private static let credentials = CommandAnswers.credentials
    private static let hash = CommandAnswers.hash
    private static let organizations = CommandAnswers.organizations
    private static let answers = notificationAnswers.merging(CommandAnswers.answers) { first, _ in first }

    /// A run of a command, and what it prints; `json` where a script asks for it.
    struct Form {
        let words: [String]
        var input = ""
        /// Part of the standard output.
        let text: String
        /// What `--json` prints has these keys: of the object, or of the first one in a list. Nil: it has no `--json`.
        var keys: Set<String>?
        /// The change that it asks the API for, and part of its body.
        var change: (request: String, body: String)?
    }

    private static let forms = notificationForms + otherForms
    private static let otherForms: [Form] = [
        Form(words: ["projects", "list"], text: "NAME  REF", keys: ["name", "ref", "status"]),
        Form(words: ["projects", "get", "shop"], text: "ACTIVE_HEALTHY", keys: ["ref", "status", "services"]),
        Form(words: ["projects", "keys", "shop"], text: "anon", keys: ["ref", "keys", "database"]),
        Form(
            words: ["projects", "rename", "shop", "market"], text: "market", keys: ["ref", "name"],
            change: ("PATCH \(project)", #"{"name":"market"}"#)),
        Form(
            words: ["projects", "import", "shop", "-"], input: "SELECT 1;\n", text: "3 rows in 1 tables",
            keys: ["dry_run", "taken", "rows", "changed", "left_out", "by_hand"],
            change: ("POST \(project)/import", "")),
        Form(
            words: ["projects", "db", "url", "shop"], text: "postgresql://u:pass%2Fword@h:5/n\n", keys: ["ref", "url"]),
        Form(
            words: ["projects", "sql", "shop", "select 1"], text: "zeta  alpha\n1     x\n      y\n",
            keys: ["zeta", "alpha"], change: ("POST \(v1)/database/query", #""read_only":false"#)),
        Form(
            words: ["projects", "config", "get", "shop", "auth"], text: "site_url        http://a\n",
            keys: ["site_url", "disable_signup", "smtp_host"]),
        Form(
            words: ["projects", "config", "set", "shop", "auth", "disable_signup=true", "site_url=\"5\""],
            text: "Changed disable_signup, site_url of auth", keys: ["disable_signup", "site_url"],
            change: ("PATCH \(v1)/config/auth", #""disable_signup":true"#)),
        Form(words: ["projects", "secrets", "list", "shop"], text: "A     ", keys: ["name", "value"]),
        Form(
            words: ["projects", "secrets", "set", "shop"], input: "# note\nA=1=2\n\nB=x\n", text: "Set A, B",
            keys: ["set"], change: ("POST \(v1)/secrets", #""value":"1=2""#)),
        Form(
            words: ["projects", "secrets", "unset", "shop", "A"], text: "Forgot A", keys: ["unset"],
            change: ("DELETE \(v1)/secrets", #"["A"]"#)),
        Form(
            words: ["projects", "accept-volume-loss", "shop", "vol", "--yes"], text: "continues without",
            keys: ["ref", "volume"], change: ("POST \(project)/volumes/vol/accept-loss", "")),
        Form(
            words: ["projects", "services", "remove", "shop", "pooler", "--dry-run"], text: "pooler",
            keys: ["ref", "plan", "result"], change: ("PATCH \(project)/services", #""remove":["pooler"]"#)),
        Form(
            words: ["functions", "secrets", "set", "shop", "A=1=2"], text: "Set A", keys: ["set"],
            change: ("POST \(v1)/secrets", #""value":"1=2""#)),
        Form(words: ["functions", "secrets", "list", "shop"], text: "A     ", keys: ["name", "value"]),
        Form(
            words: ["functions", "secrets", "unset", "shop", "A"], text: "Forgot A", keys: ["unset"],
            change: ("DELETE \(v1)/secrets", #"["A"]"#)),
        Form(words: ["functions", "list", "shop"], text: "hello  3", keys: ["slug", "version", "verify_jwt"]),
        Form(
            words: ["functions", "delete", "shop", "hello"], text: "is deleted",
            change: ("DELETE \(v1)/functions/hello", "")),
        Form(
            words: ["storage", "credentials", "list", "shop"], text: "7   laptop",
            keys: ["id", "description", "access_key"]),
        Form(
            words: ["storage", "credentials", "create", "shop", "laptop"], text: "AWS_SECRET_ACCESS_KEY=shown-once",
            keys: ["id", "access_key", "secret_key"], change: ("POST \(credentials)", #""description":"laptop""#)),
        Form(
            words: ["storage", "credentials", "delete", "shop", "7"], text: "is deleted",
            change: ("DELETE \(credentials)/7", "")),
        Form(words: ["backups", "list", "shop"], text: "5   stored", keys: ["id", "state", "reason"]),
        Form(
            words: ["backups", "create", "shop", "--no-wait"], text: "Backup 5 is stored", keys: ["id", "state"],
            change: ("POST \(backups)", "")),
        Form(
            words: ["backups", "verify", "shop", "5"], text: "restored for a trial", keys: ["id", "state"],
            change: ("POST \(backups)/5/verify", "")),
        Form(
            words: ["backups", "restore", "shop", "5", "--yes", "--no-wait"], text: "RESTORING",
            keys: ["ref", "status"], change: ("POST \(backups)/restore", #""id":5"#)),
        Form(
            words: ["backups", "undo", "shop", "--no-wait"], text: "RESTORING", keys: ["ref", "status"],
            change: ("POST \(backups)/undo-restore", "")),
        Form(words: ["backups", "schedule", "shop"], text: "at 03:00:00 UTC", keys: ["schedule_for"]),
        Form(words: ["orgs", "list"], text: "Default  default  yes", keys: ["slug", "name"]),
        Form(
            words: ["orgs", "create", "Second"], text: "abc", keys: ["slug", "name"],
            change: ("POST /platform/organizations", "Second")),
        Form(
            words: ["orgs", "delete", "default", "--yes"], text: "Deleted", keys: ["deleted"],
            change: ("DELETE /platform/organizations/default", "")),
        Form(
            words: ["orgs", "members"], text: "ada@example.com  ada       Owner, Developer of shop  u-1",
            keys: ["id", "email", "roles"]),
        Form(words: ["orgs", "roles"], text: "Developer of shop", keys: ["id", "name", "projects"]),
        Form(
            words: ["orgs", "invite", "b@example.com", "--role", "developer"], text: "t0ken\n", keys: ["token", "id"],
            change: ("POST /platform/organizations/default/members/invitations", #""role_id":3"#)),
        Form(
            words: ["orgs", "remove-member", "ada@example.com"], text: "no member", keys: ["removed"],
            change: ("DELETE /platform/organizations/default/members/u-1", "")),
        Form(words: ["users", "list"], text: "ada@example.com", keys: ["id", "email", "roles"]),
        Form(
            words: ["users", "create", "b@example.com", "--role", "developer", "--password-stdin"], input: "a secret\n",
            text: "Created b@example.com, Developer of the organization default.", keys: ["email", "role"],
            change: ("POST /platform/signup", #""invitation_token":"t0ken""#)),
        Form(
            words: ["users", "reset-password", "ada@example.com", "--password-stdin"], input: "a secret\n",
            text: "2 access tokens are revoked", keys: ["id", "access_tokens_revoked"],
            change: ("POST /platform/accounts/u-1/reset-password", #"{"password":"a secret"}"#)),
        Form(words: ["projects", "usage", "shop"], text: "1.3 %  45.2 MiB", keys: ["range", "samples"]),
        Form(words: ["projects", "top"], text: "shop  COMING_UP  1.3 %  45.2 MiB", keys: ["name", "last"]),
        Form(words: ["context", "list"], text: "", keys: []),
        Form(words: ["audit", "list"], text: "project.create", keys: ["number", "action", "actor", "target"]),
        Form(words: ["tokens", "list"], text: "laptop", keys: ["id", "name"]),
        Form(words: ["jobs", "list"], text: "", keys: []),
        Form(words: ["orphans", "list"], text: "volume", keys: ["id", "kind", "state"]),
        Form(
            words: ["orphans", "remove", "5", "--yes"], text: "is being removed", keys: ["id", "state"],
            change: ("POST /platform/orphans/5/remove", "")),
        Form(words: ["volumes", "list"], text: "", keys: []),
        Form(
            words: ["volumes", "destroy", "vol", "--yes"], text: "is being destroyed", keys: ["name", "state"],
            change: ("DELETE /platform/organizations/default/kept-volumes/vol", "")),
        Form(words: ["network-rules", "print", "--installation", "0123456789ab"], text: "SUPAMANAGER-0123456789ab-FW"),
    ]

    /// Commands whose tests need more than this stub: the file that runs them, and a word of it that says so.
    private static let elsewhere: [String: (file: String, word: String)] = [
        "serve": ("Tests/CommandLineTests/StartTests.swift", #"["serve"]"#),
        "backup": ("Tests/CommandLineTests/ManagerBackupTests.swift", #"["backup""#),
        "restore": ("Tests/CommandLineTests/ManagerBackupTests.swift", #"["restore""#),
        "admin accounts": ("Tests/CommandLineTests/ManagerBackupTests.swift", #"["admin", "accounts"]"#),
        "admin create": ("Tests/CommandLineTests/ManagerBackupTests.swift", #"["admin", "create""#),
        "admin appoint": ("Tests/CommandLineTests/ManagerBackupTests.swift", #"["admin", "appoint""#),
        "admin confirm-email": ("Tests/CommandLineTests/ManagerBackupTests.swift", #"["admin", "confirm-email""#),
        "admin reset-password": ("Tests/CommandLineTests/ManagerBackupTests.swift", #"["admin", "reset-password""#),
        "doctor": ("Tests/CommandLineTests/DoctorTests.swift", #""doctor""#),
        "network-rules install": ("Tests/EndToEndTests/NetworkRulesTests.swift", #""install""#),
        "network-rules check": ("Tests/EndToEndTests/NetworkRulesTests.swift", #""check""#),
        "network-rules remove": ("Tests/EndToEndTests/NetworkRulesTests.swift", #""remove""#),
        "login": ("Tests/CommandLineTests/ProgramTests.swift", #""login""#),
        "logout": ("Tests/CommandLineTests/ProgramTests.swift", #""logout""#),
        "whoami": ("Tests/CommandLineTests/ProgramTests.swift", #""whoami""#),
        "tokens create": ("Tests/CommandLineTests/ProgramTests.swift", #"["tokens", "create""#),
        "tokens revoke": ("Tests/CommandLineTests/ProgramTests.swift", #"["tokens", "revoke""#),
        "projects create": ("Tests/CommandLineTests/ProgramTests.swift", #"["projects", "create""#),
        "projects pause": ("Tests/CommandLineTests/ProgramTests.swift", #"["projects", "pause""#),
        "projects resume": ("Tests/CommandLineTests/ProgramTests.swift", #"["projects", "resume""#),
        "projects restart": ("Tests/CommandLineTests/ProgramTests.swift", #"["projects", "restart""#),
        "projects delete": ("Tests/CommandLineTests/ProgramTests.swift", #"["projects", "delete""#),
        "projects receipt": ("Tests/CommandLineTests/ProgramTests.swift", #"["projects", "receipt""#),
        "projects logs": ("Tests/CommandLineTests/ProgramTests.swift", #"["projects", "logs""#),
        "projects open": ("Tests/CommandLineTests/ProgramTests.swift", #"["projects", "open""#),
        "projects operations": ("Tests/CommandLineTests/OperationCommandsTests.swift", #""operations""#),
        "projects explain": ("Tests/CommandLineTests/OperationCommandsTests.swift", #""explain""#),
        "projects cancel": ("Tests/CommandLineTests/OperationCommandsTests.swift", #""cancel""#),
        "projects export": ("Tests/CommandLineTests/ExportCommandTests.swift", #""export""#),
        "projects upgrade": ("Tests/EndToEndTests/UpgradeTests.swift", #""upgrade""#),
        "projects services add": ("Tests/CommandLineTests/DocumentedCommandsTests.swift", #""services", "add""#),
        "registries list": ("Tests/CommandLineTests/Registries/RegistryCommandsTests.swift", #""list""#),
        "registries login": ("Tests/CommandLineTests/Registries/RegistryCommandsTests.swift", #""login""#),
        "registries logout": ("Tests/CommandLineTests/Registries/RegistryCommandsTests.swift", #""logout""#),
        "template check": ("Tests/CommandLineTests/DocumentedCommandsTests.swift", #""check""#),
        "template config": ("Tests/CommandLineTests/ExportCommandTests.swift", #""template", "config""#),
        "functions deploy": ("Tests/Clients/test_functions_client.py", #"run_command("deploy""#),
        "functions invoke": ("Tests/Clients/test_functions_client.py", #"run_command("invoke""#),
        "context add": ("Tests/CommandLineTests/ContextTests.swift", #"["context", "add""#),
        "context use": ("Tests/CommandLineTests/ContextTests.swift", #"["context", "use""#),
        "context remove": ("Tests/CommandLineTests/ContextTests.swift", #"["context", "remove""#),
        "audit verify": ("Tests/CommandLineTests/CommandTreeTests.swift", #"["audit", "verify"]"#),
        "projects db psql": ("Tests/CommandLineTests/CommandTreeTests.swift", #""db", "psql""#),
    ]

    /// Paths of all commands that do something, without the program's name.
    private static func leaves(of command: any ParsableCommand.Type, _ path: [String] = []) -> [[String]] {
        let subcommands = command.configuration.subcommands
        return subcommands.isEmpty ? [path] : subcommands.flatMap { leaves(of: $0, path + [$0._commandName]) }
    }

    @Test("has a test")
    func tree() throws {
        let paths = Self.leaves(of: SupaManager.self).map { $0.joined(separator: " ") }
        #expect(paths.count > 50)
        for path in paths {
            if Self.forms.contains(where: { $0.words.joined(separator: " ").hasPrefix(path) }) { continue }
            guard let place = Self.elsewhere[path] else {
                Issue.record("no test runs supamanager \(path)")
                continue
            }
            #expect(try Repository.text(place.file).contains(place.word), "\(place.file) does not run \(path)")
        }
        for path in Self.elsewhere.keys { #expect(paths.contains(path), "there is no command \(path)") }
    }

    private func run(_ words: [String], input: String = "", then check: (Program, StubServer) throws -> Void)
        async throws
    {
        let answers = Self.answers
        let stub = try StubServer(.loopback) { request in
            answers["\(request.method) \(request.path)"].map { [.response(200, $0)] }
                ?? [.response(404, #"{"message": "there is no such path"}"#)]
        }
        defer { stub.stop() }
        try await withFolder { home in
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "SUPAMANAGER_ACCESS_TOKEN": Sample.token,
            ]
            try check(try await Program.run(words, environment: environment, input: input, home: home), stub)
        }
    }

    @Test("prints what people read")
    func people() async throws {
        for form in Self.forms {
            try await run(form.words, input: form.input) { program, stub in
                #expect(program.exitCode == 0, "\(form.words): \(program.errors)")
                #expect(form.text.isEmpty || program.output.contains(form.text), "\(form.words): \(program.output)")
                guard let change = form.change else { return }
                let sent = stub.requests.first { "\($0.method) \($0.path)" == change.request }
                let body = try #require(sent, "\(form.words) did not send \(change.request)").bodyText
                #expect(change.body.isEmpty || body.contains(change.body), "\(form.words): \(body)")
            }
        }
    }

    @Test("prints JSON for scripts, with the names that are documented")
    func scripts() async throws {
        for form in Self.forms {
            guard let keys = form.keys else { continue }
            try await run(form.words + ["--json"], input: form.input) { program, _ in
                #expect(program.exitCode == 0, "\(form.words): \(program.errors)")
                let json = try JSONSerialization.jsonObject(with: Data(program.output.utf8))
                let object = json as? [String: Any] ?? (json as? [[String: Any]])?.first ?? [:]
                #expect(keys.isSubset(of: object.keys), "\(form.words): \(object.keys.sorted())")
                #expect(program.errors.isEmpty, "\(form.words): \(program.errors)")
            }
        }
    }

    @Test(
        "an alias is the command",
        arguments: [
            (["projects", "ls"], "shop"), (["project", "show", "shop"], "ACTIVE_HEALTHY"),
            (["projects", "ps", "shop"], "db"), (["orgs", "ls"], "Default"),
            (["projects", "exec", "shop", "x"], "zeta"),
        ])
    func aliases(words: [String], text: String) async throws {
        try await run(words) { program, _ in
            #expect(program.exitCode == 0, "\(program.errors)")
            #expect(program.output.contains(text))
        }
    }

    @Test(
        "a word that names nothing is answered with the nearest that does",
        arguments: [
            (["projects", "gett", "shop"], "did you mean supamanager projects get?"),
            (["project", "secrets", "sett"], "did you mean supamanager projects secrets set?"),
            (["porjects"], "did you mean supamanager projects?"),
            (["projects", "xyzzyx"], "projects --help lists all"),
            (["orgs", "membres"], "did you mean supamanager orgs members?"),
        ])
    func unknown(words: [String], text: String) async throws {
        try await run(words) { program, stub in
            #expect(program.exitCode == 64)
            #expect(program.errors.contains(text), "\(program.errors)")
            #expect(stub.requests.isEmpty)
        }
    }

    @Test("a project that is not there is answered with the nearest that is")
    func unknownProject() async throws {
        try await run(["projects", "get", "shpo"]) { program, _ in
            #expect(program.exitCode == 4)
            #expect(program.errors.contains("did you mean \"shop\"?"), "\(program.errors)")
        }
    }

    @Test("one key, as a value, as a variable of a shell, or as JSON")
    func keys() async throws {
        for (options, output) in [
            (["--name", "anon"], "the-anon-key\n"), (["--name", "anon", "-o", "value"], "the-anon-key\n"),
            (["-o", "env"], "ANON_KEY='the-anon-key'\nDATABASE_PASSWORD='pass/word'\n"),
            (["--name", "database", "-o", "env"], "DATABASE_PASSWORD='pass/word'\n"),
        ] {
            try await run(["projects", "keys", "shop"] + options) { program, _ in
                #expect(program.output == output, "\(options): \(program.errors)")
            }
        }
        try await run(["projects", "keys", "shop", "--name", "anno"]) { program, _ in
            #expect(program.exitCode == 4 && program.errors.contains("anon, database"))
        }
        try await run(["projects", "keys", "shop", "-o", "value"]) { program, _ in #expect(program.exitCode == 64) }
    }

    @Test("an audit trail without entries is whole")
    func emptyTrail() async throws {
        let stub = try StubServer(.loopback) { request in
            guard request.path.hasSuffix("/audit") else { return [.response(200, Self.organizations)] }
            return [
                .response(
                    200, #"{"result": [], "head": {"number": 0, "hash": "\#(Self.hash)", "signature": "missing"}}"#)
            ]
        }
        defer { stub.stop() }
        try await withFolder { home in
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "SUPAMANAGER_ACCESS_TOKEN": Sample.token,
            ]
            let program = try await Program.run(["audit", "verify"], environment: environment, home: home)
            #expect(program.output == "The audit trail of default is empty.\n", "\(program.errors)")
            let json = try await Program.run(["audit", "verify", "--json"], environment: environment, home: home)
            #expect(json.output.contains(#""entries" : 0"#), "\(json.errors)")
        }
    }

    @Test("psql gets the address by its environment, and its own arguments")
    func psql() async throws {
        try await withFolder { folder in
            let psql = folder + "/psql"
            try Data("#!/bin/sh\necho \"$PGUSER $PGPASSWORD $PGHOST $PGPORT $PGDATABASE $*\"\n".utf8).write(
                to: URL(filePath: psql))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: psql)
            let answers = Self.answers
            let stub = try StubServer(.loopback) { request in
                [.response(200, answers["\(request.method) \(request.path)"] ?? "{}")]
            }
            defer { stub.stop() }
            let program = try await Program.run(
                ["projects", "db", "psql", "shop", "--", "-c", "select 1"],
                environment: [
                    "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "SUPAMANAGER_ACCESS_TOKEN": Sample.token,
                    "PATH": "\(folder):/usr/bin:/bin",
                ], home: folder)
            #expect(program.output == "u pass/word h 5 n -c select 1\n", "\(program.errors)")
        }
    }
}

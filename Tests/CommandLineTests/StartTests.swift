import Foundation
import Testing

/// `serve` with something that cannot be used: one line that names it and says what to do.
@Suite("A start that cannot be") struct StartTests {
    private func withHome(_ body: (String) async throws -> Void) async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "start-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        try await body(home.path)
    }

    private func check(_ errors: String, exitCode: Int32, words: [String]) {
        #expect(exitCode != 0)
        let lines = errors.split(separator: "\n")
        #expect(lines.count == 1, "\(errors)")
        #expect(errors.hasPrefix("Error: "))
        for word in words { #expect(errors.contains(word), "\(errors)") }
        for word in ["descriptor:", "NSCocoa", "DecodingError", "Optional(", "errno:"] {
            #expect(!errors.contains(word), "\(errors)")
        }
    }

    @Test(
        "every option with a value of no use",
        arguments: [
            ("--listen", "8080", "HOST:PORT"), ("--listen", "[::1", "HOST:PORT"),
            ("--database-url", "mysql://x", "database URL"), ("--port-range", "9-1", "FIRST-LAST"),
            ("--port-range", "0-99999999999999999999", "FIRST-LAST"), ("--subnet-pool", "10.0.0.0/99", "10.201.0.0/16"),
            ("--subnet-pool", "10.0.0.0/30", "10.201.0.0/16"), ("--bind-address", "localhost", "IPv4"),
            ("--public-host", "http://example.com", "without scheme"), ("--public-host", "a b", "without scheme"),
            ("--public-host", "example.com:80", "without scheme"), ("--public-host", "example.com/x", "without scheme"),
            ("--admin-token", "secret", "sbp_"), ("--signup", "yes", "open or closed"),
            ("--public-url", "example.com", "https://"), ("--cors-origins", "example.com", "origins"),
            ("--rate-limit", "-1", "requests"), ("--projects-per-organization", "-1", "number of projects"),
            ("--docker-host", "tcp://1.2.3.4:2375", "unix://"),
            ("--orphans", "delete", "report or remove"), ("--log-level", "loud", "log level"),
            ("--image-registry", "https://registry.example.com", "without https://"),
            ("--data-dir", "/tmp/a,b", "comma"), ("--data-dir", "/proc/supamanager", "SUPAMANAGER_DATA_DIR"),
            ("--data-dir", "/dev/null/x", "is not a folder"),
        ])
    func options(name: String, value: String, word: String) async throws {
        try await withHome { home in
            // An option's own value wins over the folder's.
            let program = try await Program.run(
                ["serve", "\(name)=\(value)"], environment: ["SUPAMANAGER_DATA_DIR": home + "/data"], home: home)
            check(program.errors, exitCode: program.exitCode, words: [word])
            if name == "--admin-token" { #expect(!program.errors.contains(value)) }
        }
    }

    @Test("a template that is not there, is none, or has problems; nothing is started for it")
    func templates() async throws {
        try await withHome { home in
            let folder = home + "/stacks/supabase"
            let environment = ["SUPAMANAGER_DATA_DIR": home + "/data", "SUPAMANAGER_TEMPLATES": home + "/stacks"]
            func errors(_ text: String?) async throws -> Program {
                if let text {
                    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                    try Data(text.utf8).write(to: URL(filePath: folder + "/compose.yaml"))
                }
                return try await Program.run(["serve"], environment: environment, home: home)
            }
            let missing = try await errors(nil)
            check(missing.errors, exitCode: missing.exitCode, words: [folder, "name another folder"])
            let none = try await errors("services: [")
            check(none.errors, exitCode: none.exitCode, words: ["compose.yaml:", "template check"])
            let problems = try await errors("services: {a: {image: i, privileged: true, pid: host}}")
            check(problems.errors, exitCode: problems.exitCode, words: ["services.a.privileged", "(and 1 more)"])
            #expect(!FileManager.default.fileExists(atPath: home + "/data/postgres"))
        }
    }

    @Test("the doctor says the same of an option and of a template")
    func doctor() async throws {
        try await withHome { home in
            let program = try await Program.run(
                ["doctor", "--local"], environment: ["SUPAMANAGER_DATA_DIR": home + "/a,b"], home: home)
            #expect(program.output.contains("comma"), "\(program.output)\(program.errors)")
        }
    }
}

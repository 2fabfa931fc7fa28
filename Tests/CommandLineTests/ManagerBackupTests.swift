import Foundation
import Glibc
import Synchronization
import Testing

/// `backup` and `restore` with a real manager on a PostgreSQL of its own; there is no engine, and none is needed.
@Suite(
    "A backup of the manager", .serialized,
    .enabled("needs PostgreSQL's server programs") { FileManager.default.fileExists(atPath: "/usr/lib/postgresql") })
struct ManagerBackupTests {
    /// A manager that runs until it is stopped.
    private struct RunningManager {
        let process: Process
        let home: String
        let port: Int
        let token: String

        static func start(home: String, data: String) async throws -> RunningManager {
            let port = Int.random(in: 20_000..<32_000)
            let process = Process()
            process.executableURL = URL(filePath: Program.path)
            process.arguments = ["serve"]
            process.environment = ManagerBackupTests.environment(home: home, data: data).merging(
                ["SUPAMANAGER_LISTEN": "127.0.0.1:\(port)"]) { $1 }
            let log = home + "/log-\(port)"
            try #require(FileManager.default.createFile(atPath: log, contents: nil))
            process.standardOutput = FileHandle(forWritingAtPath: log)
            process.standardError = FileHandle(forWritingAtPath: log)
            try process.run()
            let end = ContinuousClock.now + .seconds(60)
            while !String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self).contains(
                "listening")
            {
                guard process.isRunning, .now < end else {
                    Issue.record(
                        "\(String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self))")
                    throw CancellationError()
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            let token = try String(contentsOfFile: data + "/admin-token", encoding: .utf8).dropLast()
            return RunningManager(process: process, home: home, port: port, token: String(token))
        }

        func stop() {
            process.terminate()
            process.waitUntilExit()
        }

        func run(_ words: [String]) async throws -> Program {
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(port)", "SUPAMANAGER_ACCESS_TOKEN": token,
            ]
            return try await Program.run(words, environment: environment, home: home)
        }

        func projects() async throws -> Set<String> {
            let list = try await run(["projects", "list", "--json"])
            let rows = try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]]
            return Set(try #require(rows, "\(list.errors)").compactMap { $0["name"] as? String })
        }
    }

    private static func environment(home: String, data: String) -> [String: String] {
        [
            "HOME": home, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SUPAMANAGER_DATA_DIR": data,
            "SUPAMANAGER_TEMPLATES": Repository.root + "Templates",
            "SUPAMANAGER_DASHBOARD": Repository.root + "Dashboard", "SUPAMANAGER_NETWORK_RULES": "off",
            "SUPAMANAGER_RATE_LIMIT": "0", "SUPAMANAGER_PROJECTS_PER_ORGANIZATION": "0",
            "DOCKER_HOST": "unix://\(home)/no-engine.sock",
        ]
    }

    /// A folder through which PostgreSQL's user can pass.
    private func withHome(_ body: (String) async throws -> Void) async throws {
        let home = "/tmp/smtest-backup-\(String(UInt32.random(in: 0 ... .max), radix: 16))"
        try FileManager.default.createDirectory(
            atPath: home, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o711])
        defer { try? FileManager.default.removeItem(atPath: home) }
        try await body(home)
    }

    private func run(_ words: [String], _ home: String, data: String, input: String = "") async throws -> Program {
        try await Program.run(
            words, environment: Self.environment(home: home, data: data), input: input, home: home)
    }

    @Test("taken while projects are created, it has everything that was acknowledged before, and nothing half")
    func underLoad() async throws {
        try await withHome { home in
            let (data, other) = (home + "/data", home + "/other")
            let manager = try await RunningManager.start(home: home, data: data)
            var acknowledged: Set<String> = []
            for number in 0..<3 {
                let made = try await manager.run(["projects", "create", "before-\(number)", "--no-wait"])
                #expect(made.exitCode == 0, "\(made.errors)")
                acknowledged.insert("before-\(number)")
            }
            let isBackedUp = Atomic(false)
            async let created: Int = {
                var count = 0
                while !isBackedUp.load(ordering: .relaxed) {
                    let made = try await manager.run(["projects", "create", "during-\(count)", "--no-wait"])
                    #expect(made.exitCode == 0, "\(made.errors)")
                    count += 1
                }
                return count
            }()
            let backup = try await run(["backup", home + "/file", "--json"], home, data: data)
            isBackedUp.store(true, ordering: .relaxed)
            let during = try await created
            #expect(backup.exitCode == 0, "\(backup.errors)")
            manager.stop()
            let restored = try await run(["restore", home + "/file"], home, data: other)
            #expect(restored.exitCode == 0, "\(restored.errors)")
            let again = try await RunningManager.start(home: home, data: other)
            #expect(again.token == manager.token)
            let found = try await again.projects()
            again.stop()
            #expect(found.isSuperset(of: acknowledged))
            #expect(found.isSubset(of: acknowledged.union((0..<during).map { "during-\($0)" })))
            let report = try JSONSerialization.jsonObject(with: Data(backup.output.utf8)) as? [String: Any]
            #expect(report?["projects"] as? Int ?? 0 >= 3)
            for key in ["master.key", "installation"] {
                #expect(
                    FileManager.default.contents(atPath: "\(data)/\(key)")
                        == FileManager.default.contents(atPath: "\(other)/\(key)"))
            }
        }
    }

    @Test("of a stopped manager: files of projects, a passphrase, and what is refused")
    func stopped() async throws {
        try await withHome { home in
            let (data, other, file) = (home + "/data", home + "/other", home + "/file")
            try await RunningManager.start(home: home, data: data).stop()
            let mounted = data + "/projects/abc/volumes"
            try FileManager.default.createDirectory(atPath: mounted, withIntermediateDirectories: true)
            try Data("served".utf8).write(to: URL(filePath: mounted + "/file"))
            try Data("a passphrase\n".utf8).write(to: URL(filePath: home + "/pass"))
            let options = ["--passphrase-file", home + "/pass"]
            let backup = try await run(["backup", file] + options, home, data: data)
            #expect(backup.exitCode == 0, "\(backup.errors)")
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            // Files that are there are never replaced, neither the backup nor a manager.
            let twice = try await run(["backup", file], home, data: data)
            #expect(twice.exitCode == 1 && twice.errors.contains("is there already"))
            let over = try await run(["restore", file] + options, home, data: data)
            #expect(over.exitCode == 1 && over.errors.contains("holds a manager already"))
            for words in [["restore", file], ["restore", file, "--passphrase-file", home + "/log"]] {
                #expect(try await run(words, home, data: other).exitCode != 0)
            }
            try await refuseDamage(of: file, options, home)
            let restored = try await run(["restore", file] + options, home, data: other)
            #expect(restored.exitCode == 0, "\(restored.errors)")
            #expect(try String(contentsOfFile: other + "/projects/abc/volumes/file", encoding: .utf8) == "served")
            for left in ["backup.work", "restore.unfinished"] {
                #expect(!FileManager.default.fileExists(atPath: "\(other)/\(left)"))
                #expect(!FileManager.default.fileExists(atPath: "\(data)/\(left)"))
            }
        }
    }

    /// A file that was cut short or changed is refused before anything is written.
    private func refuseDamage(of file: String, _ options: [String], _ home: String) async throws {
        let whole = try Data(contentsOf: URL(filePath: file))
        var flipped = whole
        flipped[whole.count / 2] ^= 1
        for (name, bytes) in [("cut", whole.prefix(whole.count / 2)), ("flipped", flipped)] {
            try bytes.write(to: URL(filePath: "\(home)/\(name)"))
            let refused = try await run(["restore", "\(home)/\(name)"] + options, home, data: home + "/third")
            #expect(refused.exitCode == 1 && refused.errors.contains("damaged"), "\(name): \(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: home + "/third"))
        }
    }

    @Test("a restore that was killed is begun again, and one that fails leaves nothing")
    func unfinished() async throws {
        try await withHome { home in
            let (data, other, file) = (home + "/data", home + "/other", home + "/file")
            try await RunningManager.start(home: home, data: data).stop()
            #expect(try await run(["backup", file], home, data: data).exitCode == 0)
            // As a kill leaves it: the marker, and a part of what it makes.
            try FileManager.default.createDirectory(atPath: other + "/projects/half", withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: other + "/restore.unfinished"))
            let restored = try await run(["restore", file], home, data: other)
            #expect(restored.exitCode == 0, "\(restored.errors)")
            #expect(!FileManager.default.fileExists(atPath: other + "/projects/half"))
            // No program of the name: the database cannot be loaded.
            let failed = try await run(
                ["restore", file, "--database-url", "postgres://nobody@127.0.0.1:1/none"], home, data: home + "/third")
            #expect(failed.exitCode != 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: home + "/third") == [])
        }
    }

    @Test("accounts are administered while the manager is stopped")
    func accounts() async throws {
        try await withHome { home in
            let data = home + "/data"
            let created = try await run(
                ["admin", "create", "--email", "ada@example.com"], home, data: data, input: "write-a-program\n")
            #expect(created.exitCode == 0, "\(created.errors)")
            let id = try #require(created.output.firstMatch(of: /\(([0-9a-f-]{36})\)/)?.1)
            let list = try await run(["admin", "accounts"], home, data: data)
            #expect(list.output.contains("ada@example.com"), "\(list.errors)")
            for words in [
                ["admin", "confirm-email", String(id), "--email", "ada@example.com"],
                ["admin", "appoint", String(id), "--yes"],
            ] {
                let done = try await run(words, home, data: data)
                #expect(done.exitCode == 0 && done.output.contains(id), "\(words): \(done.errors)")
            }
            let reset = try await run(
                ["admin", "reset-password", String(id)], home, data: data, input: "another-program\n")
            #expect(reset.exitCode == 0 && reset.output.contains("password is set"), "\(reset.errors)")
        }
    }
}

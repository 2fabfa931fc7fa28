import Foundation
import Testing

/// A PostgreSQL cluster for one test, on a port of 127.0.0.1, in a folder that is removed afterwards.
struct ThrowawayDatabase: Sendable {
    private static let account = "postgres"
    private static let password = "throwaway"
    private static let startDeadline: Duration = .seconds(30)

    /// The newest installed server programs.
    private static var programs: String? {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.compactMap { Int($0) }.max().map { "\(root)/\($0)/bin" }
    }

    /// Whether there is a PostgreSQL server to run.
    static var isAvailable: Bool { programs != nil }

    /// What is missing where there is none.
    static let reason: Comment = "needs PostgreSQL's server programs"

    let url: String

    /// Runs `body` with a cluster.
    static func with(_ body: @Sendable (ThrowawayDatabase) async throws -> Void) async throws {
        guard let programs else { throw Trouble("PostgreSQL is not installed") }
        let folder = "/tmp/smtest-e2e-pg-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = try await eventually("a free port for PostgreSQL", within: .seconds(5)) {
            let port = UInt16.random(in: 18_000...19_999)
            return PortHolder.isFree(port) ? port : nil
        }
        // The server refuses to run as root.
        let prefix =
            NSUserName() == "root" ? ["setpriv", "--reuid", account, "--regid", account, "--clear-groups"] : []
        try await must(prefix + ["mkdir", "-m", "700", folder])
        try await must(
            prefix + [
                "sh", "-c",
                "printf \(password) >\(folder)/password && exec \(programs)/initdb --no-sync -D \(folder)/data "
                    + "-U supamanager --pwfile \(folder)/password --auth scram-sha-256",
            ])
        let server = Process()
        server.executableURL = URL(filePath: "/usr/bin/env")
        server.arguments =
            prefix + [
                "\(programs)/postgres", "-D", folder + "/data", "-c", "listen_addresses=127.0.0.1", "-c",
                "port=\(port)",
                "-c", "unix_socket_directories=\(folder)", "-c", "fsync=off", "-c", "logging_collector=on",
            ]
        server.standardInput = FileHandle.nullDevice
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        try server.run()
        let outcome: Result<Void, any Error>
        do {
            _ = try await eventually("a PostgreSQL that answers", within: startDeadline) {
                let probe = try await Command.run(["\(programs)/pg_isready", "-h", "127.0.0.1", "-p", String(port)])
                return probe.exitCode == 0 ? true : nil
            }
            let url = "postgres://supamanager:\(password)@127.0.0.1:\(port)/postgres"
            outcome = .success(try await body(ThrowawayDatabase(url: url)))
        } catch { outcome = .failure(error) }
        // SIGINT is the fast shutdown.
        server.interrupt()
        await uncancelled {
            do {
                _ = try await eventually("the end of PostgreSQL", within: startDeadline) {
                    server.isRunning ? nil : true
                }
            } catch { Issue.record("\(error)") }
        }
        try outcome.get()
    }

    private static func must(_ arguments: [String]) async throws {
        let run = try await Command.run(arguments)
        guard run.exitCode == 0 else { throw Trouble("\(arguments.joined(separator: " ")): \(run.output)") }
    }
}

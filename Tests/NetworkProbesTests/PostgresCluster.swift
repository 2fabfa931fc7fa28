import Foundation
import Glibc

/// A PostgreSQL server of the test's own, on 127.0.0.1. It refuses to run as root, so root hands it to `postgres`.
final class PostgresCluster {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Role that gets in without a password. All others have to bring one.
    static let trusted = "trusted"

    let port: UInt16
    private let folder: URL
    private var server: Process?

    static let programs: URL? = {
        let versions = try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
        let newest = versions?.max { $0.compare($1, options: .numeric) == .orderedAscending }
        return newest.map { URL(filePath: "/usr/lib/postgresql/\($0)/bin") }
    }()

    static var isAvailable: Bool {
        guard let programs else { return false }
        let isExecutable = FileManager.default.isExecutableFile
        return isExecutable(programs.appending(path: "initdb").path)
            && isExecutable(programs.appending(path: "postgres").path)
            && isExecutable(programs.appending(path: "pg_isready").path)
            && (geteuid() != 0 || isExecutable("/usr/bin/setpriv"))
    }

    init() async throws {
        // Free again when this line is done, long before the server takes it.
        port = try ReservedPort().port
        folder = FileManager.default.temporaryDirectory.appending(path: "supamanager-probe-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        if geteuid() == 0 { try await Self.finish(Self.command("/usr/bin/chown", ["postgres", folder.path])) }
        let options = ["-U", Self.trusted, "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"]
        try await Self.finish(Self.program("initdb", ["-D", data] + options))
        let access = "host all \(Self.trusted) 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        try Data(access.utf8).write(to: URL(filePath: "\(data)/pg_hba.conf"))
    }

    private var data: String { folder.appending(path: "data").path }
    private var logFile: String { folder.appending(path: "log").path }

    /// Starts the server and waits until PostgreSQL's own probe finds it.
    func start() async throws {
        let settings = [
            "listen_addresses=127.0.0.1", "port=\(port)", "unix_socket_directories=", "fsync=off",
        ]
        let server = try Self.program("postgres", ["-D", data] + settings.flatMap { ["-c", $0] })
        try Data().write(to: URL(filePath: logFile))
        server.standardError = try FileHandle(forWritingTo: URL(filePath: logFile))
        try server.run()
        self.server = server
        for _ in 0..<600 where server.isRunning {
            let probe = try Self.program("pg_isready", ["-h", "127.0.0.1", "-p", "\(port)", "-U", Self.trusted])
            if try await Self.exitCode(of: probe) == 0 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure(description: "the server does not start: \(try log().suffix(5))")
    }

    /// Stops the server in the way that PostgreSQL calls fast.
    func stop() {
        guard let server else { return }
        server.interrupt()
        server.waitUntilExit()
        self.server = nil
    }

    /// Lines of the server's log.
    func log() throws -> [String] {
        try String(contentsOfFile: logFile, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// One of PostgreSQL's programs, for the user that may run it.
    private static func program(_ name: String, _ arguments: [String]) throws -> Process {
        guard let program = programs?.appending(path: name).path else {
            throw Failure(description: "\(name) is not installed")
        }
        guard geteuid() == 0 else { return command(program, arguments) }
        let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups", program]
        return command("/usr/bin/setpriv", user + arguments)
    }

    private static func command(_ path: String, _ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    private static func finish(_ process: Process) async throws {
        let code = try await exitCode(of: process)
        guard code == 0 else {
            throw Failure(description: "\(process.arguments ?? []) ended with exit code \(code)")
        }
    }

    private static func exitCode(of process: Process) async throws -> Int32 {
        try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}

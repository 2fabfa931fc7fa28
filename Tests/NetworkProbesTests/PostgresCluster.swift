import Foundation
import Glibc

/// A PostgreSQL server of the test's own, on 127.0.0.1. It refuses to run as root, so root hands it to `postgres`.
struct PostgresCluster {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Role that gets in without a password. All others have to bring one.
    static let trusted = "trusted"

    let port: UInt16
    private let folder: URL

    static let programs: URL? = {
        let versions = try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
        let newest = versions?.max { $0.compare($1, options: .numeric) == .orderedAscending }
        return newest.map { URL(filePath: "/usr/lib/postgresql/\($0)/bin") }
    }()

    static var isAvailable: Bool {
        guard let programs else { return false }
        let isExecutable = FileManager.default.isExecutableFile
        return isExecutable(programs.appending(path: "initdb").path)
            && isExecutable(programs.appending(path: "pg_ctl").path)
            && (geteuid() != 0 || isExecutable("/usr/bin/setpriv"))
    }

    init() throws {
        // Free again when the initialiser returns, long before the server takes it.
        port = try ReservedPort().port
        folder = FileManager.default.temporaryDirectory.appending(path: "supamanager-probe-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        if geteuid() == 0 { try Self.run("/usr/bin/chown", ["postgres", folder.path]) }
        try runProgram(
            "initdb", ["-D", data, "-U", Self.trusted, "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"])
        let access = "host all \(Self.trusted) 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        try Data(access.utf8).write(to: URL(filePath: "\(data)/pg_hba.conf"))
    }

    private var data: String { folder.appending(path: "data").path }
    private var logFile: String { folder.appending(path: "log").path }

    func start() throws {
        let options = "-c listen_addresses=127.0.0.1 -c port=\(port) -c unix_socket_directories='' -c fsync=off"
        try runProgram("pg_ctl", ["-D", data, "-w", "-t", "60", "-l", logFile, "-o", options, "start"])
    }

    func stop() throws { try runProgram("pg_ctl", ["-D", data, "-w", "-t", "60", "-m", "fast", "stop"]) }

    /// Lines of the server's log.
    func log() throws -> [String] {
        try String(contentsOfFile: logFile, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Stops the server if it still runs, and takes everything away.
    func remove() {
        try? stop()
        try? FileManager.default.removeItem(at: folder)
    }

    private func runProgram(_ name: String, _ arguments: [String]) throws {
        guard let program = Self.programs?.appending(path: name).path else {
            throw Failure(description: "\(name) is not installed")
        }
        guard geteuid() == 0 else { return try Self.run(program, arguments) }
        let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups", program]
        try Self.run("/usr/bin/setpriv", user + arguments)
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(program) \(arguments) ended with \(process.terminationStatus)")
        }
    }
}

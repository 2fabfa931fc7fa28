import Foundation

/// A program that a test runs to its end.
struct Command {
    /// Longest run.
    static let deadline: Duration = .seconds(120)

    let exitCode: Int32
    /// Standard output and standard error, as they came.
    let output: String

    /// Runs a program of the search path.
    static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Command {
        let file = FileManager.default.temporaryDirectory.path + "/smtest-e2e-output-\(UUID().uuidString)"
        guard FileManager.default.createFile(atPath: file, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw Trouble("cannot write to \(file)")
        }
        defer { try? FileManager.default.removeItem(atPath: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        guard let output = FileHandle(forWritingAtPath: file) else { throw Trouble("cannot write to \(file)") }
        process.standardOutput = output
        process.standardError = output
        try process.run()
        do {
            _ = try await eventually("the end of \(arguments)", within: deadline) { process.isRunning ? nil : true }
        } catch {
            process.terminate()
            throw error
        }
        let text = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
        return Command(exitCode: process.terminationStatus, output: text)
    }
}

import Foundation
import Testing

/// One run of the program as a script sees it: no terminal anywhere.
struct Program {
    /// Longest run.
    static let deadline: Duration = .seconds(60)

    let exitCode: Int32
    let output: String
    let errors: String

    /// The program that was built together with these tests.
    static let path: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().path + "/supamanager"
    }()

    /// Runs it, or a script, to its end; settings of the machine do not get in.
    static func run(
        _ arguments: [String], of executable: String = path, environment: [String: String] = [:], input: String = "",
        home: String
    ) async throws -> Program {
        let names = ["input", "output", "errors"].map { "\(home)/\($0)-\(UUID().uuidString)" }
        for name in names {
            let contents = Data((name == names[0] ? input : "").utf8)
            try #require(FileManager.default.createFile(atPath: name, contents: contents))
        }
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ["HOME": home, "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        let handles = [
            FileHandle(forReadingAtPath: names[0]), FileHandle(forWritingAtPath: names[1]),
            FileHandle(forWritingAtPath: names[2]),
        ].compactMap(\.self)
        try #require(handles.count == names.count)
        process.standardInput = handles[0]
        process.standardOutput = handles[1]
        process.standardError = handles[2]
        try process.run()
        let end = ContinuousClock.now + deadline
        while process.isRunning {
            guard ContinuousClock.now < end else {
                process.terminate()
                break
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        process.waitUntilExit()
        let texts = names.map { String(decoding: FileManager.default.contents(atPath: $0) ?? Data(), as: UTF8.self) }
        return Program(exitCode: process.terminationStatus, output: texts[1], errors: texts[2])
    }
}

import Foundation
import Glibc

/// A manager under test: a process of the real program, started, stopped and killed at will.
actor ManagerProcess {
    /// Longest time from the start to `/ready`; making a database cluster counts.
    static let startDeadline: Duration = .seconds(60)
    /// Longest time from SIGTERM to the end; stopping the database cluster counts.
    static let stopDeadline: Duration = .seconds(20)
    private static let logTailLines = 60

    nonisolated let settings: ManagerSettings
    nonisolated let client: ManagerClient
    private var process: Process?

    init(_ settings: ManagerSettings) {
        self.settings = settings
        client = ManagerClient(port: settings.port, token: settings.token)
    }

    var isRunning: Bool { process?.isRunning == true }

    /// Starts the program and waits until it is ready.
    func start(templates: String? = nil) async throws {
        try launch(templates: templates)
        _ = try await eventually("a manager that is ready\n\(logTail)", within: Self.startDeadline) {
            guard isRunning else { throw Trouble("the manager ended at once\n\(logTail)") }
            let answer = try? await client.send("GET", "/ready", token: nil)
            return answer?.status == 200 ? true : nil
        }
    }

    /// Starts the program, which is expected to refuse; gives its exit code.
    func startExpectingRefusal() async throws -> Int32 {
        try launch(templates: nil)
        return try await exit(within: Self.startDeadline)
    }

    private func launch(templates: String?) throws {
        guard !isRunning else { throw Trouble("the manager runs already") }
        let files = FileManager.default
        guard files.fileExists(atPath: settings.logFile) || files.createFile(atPath: settings.logFile, contents: nil),
            let log = FileHandle(forWritingAtPath: settings.logFile)
        else { throw Trouble("cannot write to \(settings.logFile)") }
        try log.seekToEnd()
        let process = Process()
        process.executableURL = URL(filePath: Repository.binary)
        process.arguments = ["serve"]
        process.environment = settings.environment.merging(templates.map { ["SUPAMANAGER_TEMPLATES": $0] } ?? [:]) {
            $1
        }
        process.currentDirectoryURL = URL(filePath: settings.folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        try process.run()
        self.process = process
    }

    /// Asks it to stop and gives its exit code; one that does not stop in time is killed, and that is an error.
    @discardableResult
    func stop() async throws -> Int32 {
        process?.terminate()
        do {
            return try await exit(within: Self.stopDeadline)
        } catch {
            try await kill()
            throw error
        }
    }

    /// Ends it as a power cut would.
    func kill() async throws {
        if let process, process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
        _ = try await exit(within: .seconds(10))
    }

    /// Stops it as a machine does that hangs: it does nothing, and keeps everything.
    func suspend() {
        if let process, process.isRunning { Glibc.kill(process.processIdentifier, SIGSTOP) }
    }

    /// Continues it.
    func resume() {
        if let process, process.isRunning { Glibc.kill(process.processIdentifier, SIGCONT) }
    }

    private func exit(within limit: Duration) async throws -> Int32 {
        try await eventually("the end of the manager\n\(logTail)", within: limit) {
            guard let process else { return 0 }
            return process.isRunning ? nil : process.terminationStatus
        }
    }

    /// All it has logged.
    nonisolated var log: String {
        String(decoding: FileManager.default.contents(atPath: settings.logFile) ?? Data(), as: UTF8.self)
    }

    /// The last lines that it logged, without those about single requests.
    nonisolated var logTail: String {
        log.split(separator: "\n").filter { !$0.hasSuffix("request answered") }
            .suffix(Self.logTailLines).joined(separator: "\n")
    }

    /// The id of the installation, which every object on the engine is labelled with.
    nonisolated var installation: String? {
        log.firstMatch(of: /installation=([0-9a-f]+)/).map { String($0.1) }
    }

    /// What the engine holds of this installation.
    nonisolated func inventory(of project: String? = nil) async throws -> Inventory {
        guard let installation else { throw Trouble("the manager has not told its installation\n\(logTail)") }
        return try await Inventory.of(installation: installation, project: project)
    }
}

import FoundationEssentials
import Glibc
import LinuxHost
import Orchestrator
import PostgresKit

/// Runs a program of the host to its end, within a time, and reads a bounded part of what it prints.
enum HostProgram {
    /// Longest time of one program; iptables waits 5 s for another one itself.
    static let timeMax: Duration = .seconds(15)
    /// Most bytes of output that are read.
    static let outputBytesMax = 8 << 20
    /// Folders of administration programs, regardless of the manager's search path.
    private static let folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"]

    /// The runner of production for ``NetworkRulesInstaller``.
    static let runner: NetworkRulesInstaller.Runner = { program, arguments, input async throws(HostError) in
        do {
            return try await HostProgram.run(program, arguments: arguments, input: input)
        } catch { throw (error as? HostError) ?? HostError("\(program) cannot be run: \(error)") }
    }

    private static func run(
        _ program: String, arguments: [String], input: String?
    ) async throws -> NetworkRulesInstaller.Outcome {
        let candidates = folders.map { $0 + "/" + program }
        guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw HostError("\(program) is not installed (apt install iptables)")
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "supamanager-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        var arguments = arguments
        if let input {
            let file = folder.appending(path: "input")
            try Data(input.utf8).write(to: file)
            arguments.append(file.path)
        }
        let output = folder.appending(path: "output")
        // SAFETY: the path lives for the length of the call.
        let file = unsafe open(output.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw HostError("\(output.path) cannot be written (errno \(errno))") }
        defer { close(file) }
        let child = try ChildProcess.start(
            ChildCommand(
                executable: path, arguments: arguments, environment: ["LC_ALL": "C"],
                output: .descriptor(file)))
        guard let exit = await child.waitForExit(within: timeMax) else {
            child.send(signal: 9)
            _ = await child.waitForExit(within: timeMax)
            throw HostError("\(program) did not end within \(timeMax.components.seconds) s")
        }
        let text = String(decoding: try Data(contentsOf: output).prefix(outputBytesMax), as: UTF8.self)
        switch exit {
        case .code(let status): return .init(status: status, output: text)
        case .signal(let number): throw HostError("\(program) was ended by signal \(number)")
        }
    }
}

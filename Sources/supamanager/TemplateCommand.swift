public import ArgumentParser
public import ComposeTemplates
import FoundationEssentials
import Glibc

/// `supamanager template …`: look at Compose templates without running them.
struct TemplateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Check and print Compose templates.",
        subcommands: [TemplateCheckCommand.self, TemplateConfigCommand.self])
}

/// `supamanager template check FILE`
struct TemplateCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a Compose file as the manager would use it.",
        discussion: "Prints every problem with its place, and exits with 1 when there is one.")

    @Argument(help: "The Compose file.")
    var file: String

    func run() throws {
        let template = try TemplateFile(file)
        try show(TemplateCommands.check(text: template.text, fileName: file, files: template.siblings))
    }
}

/// `supamanager template config FILE`
struct TemplateConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print a Compose file in its normalised form, variables put in.",
        discussion: "The counterpart of `docker compose config`. Variables come from the environment, then the file.")

    @Argument(help: "The Compose file.")
    var file: String

    @Option(help: "File with variables, as Compose reads .env files.")
    var envFile: String?

    @Option(help: "yaml or json.")
    var format: TemplateCommands.Format = .yaml

    @Option(help: "Name of the project.")
    var projectName: String?

    @Option(help: "Profile to switch on; may be repeated, * means all.")
    var profile: [String] = []

    func run() throws {
        let template = try TemplateFile(file)
        let variables = try envFile.map { (name: $0, text: try TemplateFile($0).text) }
        try show(
            TemplateCommands.config(
                text: template.text, fileName: file, envFile: variables,
                environment: ProcessInfo.processInfo.environment, projectName: projectName, profiles: Set(profile),
                files: template.siblings, format: format))
    }
}

extension TemplateCommands.Format: ExpressibleByArgument {}

/// A file named on the command line, and the files beside it.
private struct TemplateFile {
    let text: String
    private let folder: String

    init(_ path: String) throws {
        text = try Self.read(path)
        folder = URL(filePath: path).deletingLastPathComponent().path
    }

    /// The files beside it, which a template may name.
    var siblings: TemplateFiles { .folder(folder) }

    private static func read(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("there is no readable file \(path)")
        }
        guard data.count <= StackTemplate.fileBytesMax else {
            throw ValidationError("\(path) is larger than \(StackTemplate.fileBytesMax) bytes")
        }
        return String(decoding: data, as: UTF8.self)
    }
}

/// Prints a report and ends the program as it says.
private func show(_ report: TemplateCommands.Report) throws {
    print(report.text, terminator: "")
    var errors = StandardError()
    print(report.notes, terminator: "", to: &errors)
    if !report.isSuccess { throw ExitCode.failure }
}

/// The standard error as a target of `print`.
private struct StandardError: TextOutputStream {
    func write(_ text: String) {
        let bytes = Array(text.utf8)
        // SAFETY: the call reads the buffer during the closure only. A reader that has gone away is no reason to fail.
        _ = unsafe bytes.withUnsafeBytes { buffer in unsafe Glibc.write(STDERR_FILENO, buffer.baseAddress, buffer.count)
        }
    }
}

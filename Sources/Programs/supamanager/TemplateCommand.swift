import ArgumentParser
import ComposeTemplates
import FoundationEssentials
import Glibc

/// `supamanager template …`: check and render Compose templates without running them.
struct TemplateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Check and print Compose templates.",
        subcommands: [TemplateCheckCommand.self, TemplateConfigCommand.self])
}

/// `supamanager template check FILE`
struct TemplateCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check that the manager can use a Compose file.",
        discussion: """
            Renders two projects from it with the manager's own code and placeholders for what the manager provides: a \
            file that passes can be used. Files that the template names are looked up beside it. Prints every problem \
            with its place, and exits with 1 if there is one.
            """)

    @Argument(help: "The Compose file.")
    var file: String

    func run() throws {
        let place = URL(filePath: file)
        try show(
            TemplateCommands.check(
                folder: place.deletingLastPathComponent().path, fileName: place.lastPathComponent, shownName: file))
    }
}

/// A file named on the command line, and the files beside it.
struct TemplateFile {
    let text: String
    private let folder: String

    init(_ path: String) throws {
        text = try Self.read(path)
        folder = URL(filePath: path).deletingLastPathComponent().path
    }

    var folderName: String { URL(filePath: folder).standardizedFileURL.lastPathComponent }

    /// The files beside it, which a template may name.
    var siblings: TemplateFiles { .folder(folder) }

    private static func read(_ path: String) throws -> String {
        do {
            return try TemplateFiles.text(ofFile: path)
        } catch { throw ValidationError("\(error)") }
    }
}

/// Prints a report and ends the program as it says.
func show(_ report: TemplateCommands.Report) throws {
    print(report.text, terminator: "")
    var errors = StandardError()
    print(report.notes, terminator: "", to: &errors)
    if !report.isSuccess { throw ExitCode.failure }
}

/// The standard error as a target of `print`.
struct StandardError: TextOutputStream {
    func write(_ text: String) {
        let bytes = Array(text.utf8)
        // SAFETY: the call reads the buffer during the closure only. A reader that has gone away is no reason to fail.
        _ = unsafe bytes.withUnsafeBytes { buffer in unsafe Glibc.write(STDERR_FILENO, buffer.baseAddress, buffer.count)
        }
    }
}

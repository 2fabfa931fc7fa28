import APIKit
import ArgumentParser
import ComposeTemplates
import FoundationEssentials
import ManagementAPI
import Orchestrator

/// Why the manager ends at its start, in one line that says what to do. The words of a library never come through.
struct StartFailure: Error, CustomStringConvertible {
    let description: String
    /// The program's exit code.
    let exitCode: Int32

    /// Runs a command with the settings of a manager; what keeps it from running is one line on the standard error.
    static func reported(
        options: [String: String], _ body: (ServeSettings) async throws -> Void
    ) async throws {
        do throws(StartFailure) {
            let settings: ServeSettings
            do {
                settings = try ServeSettings(options: options, environment: ProcessInfo.processInfo.environment)
            } catch { throw StartFailure(settings: error) }
            do { try await body(settings) } catch { throw StartFailure(error, settings) }
        } catch {
            var errors = StandardError()
            print("Error: \(error)", to: &errors)
            throw ExitCode(error.exitCode)
        }
    }

    /// A setting that cannot be used.
    private init(settings error: any Error) {
        description = Self.oneLine("\(error)")
        exitCode = ExitCode.validationFailure.rawValue
    }

    /// A failure after that.
    private init(_ error: any Error, _ settings: ServeSettings) {
        exitCode = ExitCode.failure.rawValue
        switch error {
        case let error as TemplateError: description = Self.text(of: error, settings)
        case is DecodingError:
            description = "a file or an answer has another form than expected; the program may be older than its data"
        case let error as CocoaError:
            let path = error.filePath.map { " \($0)" } ?? ""
            description = "the file\(path) cannot be used; check that the manager's user may read and write it"
        default: description = Self.oneLine("\(error)")
        }
    }

    /// The first of a template's problems, and where to see the others.
    private static func text(of error: TemplateError, _ settings: ServeSettings) -> String {
        let text =
            switch error {
            case .broken(let text), .badSelection(let text): text
            }
        let lines = text.split(separator: "\n")
        let more = lines.count > 1 ? " (and \(lines.count - 1) more)" : ""
        let folder = StackFolders(path: settings.templatesFolder).folder(of: settings.stack)
        return "the template in \(folder) cannot be used: \(lines.first ?? "")\(more); correct it, as "
            + "supamanager template check \(folder)/compose.yaml shows, or name another folder"
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}

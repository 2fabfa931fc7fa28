import ArgumentParser
import FileKit
import FoundationEssentials
import InstallationArchive

/// `supamanager backup`
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write the manager's own database and keys into one file.",
        discussion: """
            The manager may run meanwhile: the file holds its state at one moment. It is about the manager alone: projects \
            and their data stay where they are and are not in it. Without a passphrase the file \
            gives the keys of all projects away: name one with --passphrase-file, and keep it elsewhere. An existing file is not \
            replaced. Run it as root or as the owner of the data folder.
            """)

    @Argument(help: "The file to write.")
    var file: String

    @OptionGroup var data: ManagerDataOptions

    @Flag(help: "Print the result as JSON: file, installation, projects, bytes, encrypted.")
    var json = false

    func run() async throws {
        try await StartFailure.reported(options: data.settings) { settings in
            let passphrase = try data.passphrase()
            guard !FileManager.default.fileExists(atPath: file) else {
                throw ServeSettings.Problem(description: "\(file) is there already: name a file that is not")
            }
            let partial = file + ".partial"
            let written: BackupSummary
            do {
                try DiskFolder.remove(partial)
                let target = try DiskFile.create(partial)
                var summary: BackupSummary?
                try await ManagerDataOptions.asOwner(of: settings.dataFolder) {
                    summary = try await ManagerBackup(settings: settings).write(to: target, passphrase: passphrase)
                }
                // A link refuses to replace a file that appeared meanwhile.
                try DiskFolder.link(partial, as: file)
                guard var summary else { return }
                summary.bytes = try target.size()
                written = summary
            } catch let error as FileError {
                try DiskFolder.remove(partial)
                throw ServeSettings.Problem(description: "\(file) cannot be written: \(error)")
            } catch {
                try DiskFolder.remove(partial)
                throw error
            }
            try DiskFolder.remove(partial)
            try report(written)
        }
    }

    private func report(_ summary: BackupSummary) throws {
        guard !json else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Terminal().write(
                String(
                    decoding: try encoder.encode(
                        BackupReport(
                            file: file, installation: summary.installation, projects: summary.projects,
                            bytes: summary.bytes, encrypted: summary.isEncrypted)), as: UTF8.self) + "\n", to: .output)
        }
        Terminal().write(
            "\(file): installation \(summary.installation), \(summary.projects) projects, \(summary.bytes) bytes, "
                + (summary.isEncrypted ? "encrypted\n" : "not encrypted: it holds the keys of all projects\n"),
            to: .output)
    }
}

/// What a backup holds.
struct BackupSummary: Sendable {
    var installation: String
    var projects: Int
    var bytes = 0
    var isEncrypted: Bool
}

/// The form of `supamanager backup --json`.
private struct BackupReport: Encodable {
    let file: String
    let installation: String
    let projects: Int
    let bytes: Int
    let encrypted: Bool
}

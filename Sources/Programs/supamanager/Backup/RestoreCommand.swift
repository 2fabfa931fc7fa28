import ArgumentParser
import FileKit
import FoundationEssentials
import InstallationArchive

/// `supamanager restore`
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring a manager back from a file that backup wrote.",
        discussion: """
            The whole file is checked first. The data folder must hold no manager: stop the one that is there and move its \
            files away; an external database must be empty. Nothing is asked of the Docker Engine and nothing in it is \
            changed: the manager that is started afterwards finds the projects that run. Use the same data folder as \
            before where projects mount files of it. Only one manager may work on an engine with this installation: do \
            not start the old one again.
            """)

    @Argument(help: "The file that backup wrote.")
    var file: String

    @OptionGroup var data: ManagerDataOptions

    @Flag(help: "Only check that the file is whole and the passphrase right.")
    var check = false

    func run() async throws {
        try await StartFailure.reported(options: data.settings) { settings in
            let source: DiskFile
            do { source = try DiskFile.reading(file) } catch {
                throw ServeSettings.Problem(description: "\(file) cannot be read: \(error)")
            }
            let passphrase = try data.passphrase()
            let reader = try ArchiveReader(source, passphrase: passphrase)
            try reader.verify()
            let header = reader.header
            let name = "installation \(header.installation) of \(header.createdAt), version \(header.version)"
            guard !check else { return Terminal().write("\(file) is whole: \(name)\n", to: .output) }
            _ = try DataFolder(settings.dataFolder)
            var projects = 0
            try await ManagerDataOptions.asOwner(of: settings.dataFolder) {
                projects = try await ManagerRestore(settings: settings).restore(
                    try ArchiveReader(source, passphrase: passphrase))
            }
            Terminal().write(
                """
                restored \(name): \(projects) projects. Start the manager; what was made after the backup is listed by
                supamanager orphans list

                """, to: .output)
        }
    }
}

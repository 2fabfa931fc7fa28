import ArgumentParser
import ComposeTemplates
import ManagementClient
import ProjectModel

/// `supamanager projects export`
struct ProjectsExportCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a project as a Compose file that docker compose runs.",
        discussion: """
            Writes compose.yaml, .env with the project's secrets (readable by you alone) and the files that services \
            mount. The copy has the names, ports and addresses of the project: pause the project before you run it, or \
            delete the project and keep its volumes. Then, in the folder: docker compose up -d
            """)

    @OptionGroup var project: ProjectArgument

    @Option(name: .customLong("output"), help: ArgumentHelp("A new or empty folder.", valueName: "dir"))
    var folder: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let ref, folder: String
        let files: [String]
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let export = try await client.export(of: ref, isRevealed: true)
        let written: [String]
        do {
            written = try ExportFolder(path: folder).write(export)
        } catch { throw .failed("\(error)") }
        if output.isJSON { return try session.show(json: Answer(ref: export.ref, folder: folder, files: written)) }
        session.say("Wrote \(written.count) files to \(folder); .env holds the project's secrets.")
        session.note(
            "The copy claims what the project has: pause the project first, then run docker compose up -d there.")
    }
}

public import ArgumentParser
public import ComposeTemplates
import FoundationEssentials
import ManagementClient
import ProjectModel

/// `supamanager template config FILE` and `supamanager template config --ref PROJECT`
struct TemplateConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print the Compose file of a template or project, normalized, with variables substituted.",
        discussion: """
            The counterpart of `docker compose config`. Variables come from the environment, then the file. Values that a \
            manager would provide, such as ports and secrets, are replaced by placeholders unless they are given; a \
            note lists them.

            With --ref, the manager renders an existing project. Its secrets are masked unless --reveal is given, which \
            requires permission to change the project.
            """)

    @Argument(help: "The Compose file.")
    var file: String?

    @Option(name: .customLong("ref"), help: ArgumentHelp("Ref or name of a project to use in place of a file."))
    var project: String?

    @Flag(name: .customLong("reveal"), help: "With --ref: show secrets unmasked.")
    var isRevealed = false

    @Option(help: "File with variables, as Compose reads .env files.")
    var envFile: String?

    @Option(help: "yaml or json.")
    var format: TemplateCommands.Format = .yaml

    @Option(help: "Name of the project; by default the file's own name, else its folder's.")
    var projectName: String?

    @Option(help: "Profile to switch on; may be repeated, * means all.")
    var profile: [String] = []

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (file == nil) != (project == nil) else {
            throw ValidationError("name a Compose file, or a project with --ref")
        }
        guard project != nil || !isRevealed else { throw ValidationError("--reveal belongs to --ref") }
        guard project == nil || (envFile == nil && projectName == nil && profile.isEmpty) else {
            throw ValidationError("a project has its own variables, name and services: --ref takes no other option")
        }
    }

    func run() async throws {
        if let file { return try show(try config(of: file)) }
        var report: TemplateCommands.Report?
        try await ClientSession.run(connection) { session throws(ClientError) in report = try await config(session) }
        if let report { try show(report) }
    }

    private func config(of file: String) throws -> TemplateCommands.Report {
        let template = try TemplateFile(file)
        let variables = try envFile.map { (name: $0, text: try TemplateFile($0).text) }
        return TemplateCommands.config(
            text: template.text, fileName: file, envFile: variables,
            environment: ProcessInfo.processInfo.environment, projectName: projectName,
            folderName: template.folderName, profiles: Set(profile), files: template.siblings, format: format)
    }

    private func config(_ session: ClientSession) async throws(ClientError) -> TemplateCommands.Report {
        let client = try session.client()
        let detail = try await client.project(named: project ?? "")
        guard let ref = ProjectRef(detail.ref) else { throw .unexpected("a project's ref is not one") }
        let export = try await client.export(of: ref, isRevealed: isRevealed)
        var report = TemplateCommands.config(
            text: export.compose, fileName: detail.ref,
            environment: export.environment.mapValues { $0.reveal() }, projectName: detail.ref, format: format)
        if !isRevealed { report.notes += "Secrets are masked; --reveal shows them.\n" }
        return report
    }
}

extension TemplateCommands.Format: ExpressibleByArgument {}

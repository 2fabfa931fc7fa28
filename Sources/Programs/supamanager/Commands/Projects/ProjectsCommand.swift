import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects …`
struct ProjectsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projects", abstract: "Create, inspect and manage projects.",
        discussion: "Commands accept a project's ref or its name; a name must be unique.",
        subcommands: [
            ProjectsListCommand.self, ProjectsCreateCommand.self, ProjectsGetCommand.self, ProjectsPauseCommand.self,
            ProjectsResumeCommand.self, ProjectsRestartCommand.self, ProjectsDeleteCommand.self,
            ProjectsReceiptCommand.self, ProjectsAcceptVolumeLossCommand.self, ProjectsKeysCommand.self,
            ProjectsLogsCommand.self, ProjectsOpenCommand.self, ProjectsOperationsCommand.self,
            ProjectsExplainCommand.self, ProjectsCancelCommand.self, ProjectsExportCommand.self,
            ProjectsImportCommand.self, ProjectsUpgradeCommand.self, ProjectsServicesCommand.self,
            ProjectsRenameCommand.self,
            ProjectsDatabaseCommand.self, ProjectsSQLCommand.self, ProjectsConfigCommand.self,
            SecretsCommand.self, ProjectsUsageCommand.self, ProjectsTopCommand.self,
        ], aliases: ["project"])
}

/// The project that a command is about.
struct ProjectArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Ref or name of the project.", valueName: "project"),
        completion: .custom { _, _, _ in await LiveNames.projects() })
    var text: String
}

extension ManagementClient {
    /// The project that a person means, and its ref.
    func project(_ argument: ProjectArgument) async throws(ClientError) -> (ProjectDetail, ProjectRef) {
        let detail = try await project(named: argument.text)
        guard let ref = ProjectRef(detail.ref) else { throw .unexpected("a project's ref is not one") }
        return (detail, ref)
    }
}

/// `supamanager projects list`
struct ProjectsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the projects that you see.", aliases: ["ls"])

    @Option(name: .customLong("org"), help: "Only projects of this organization.")
    var organization: String?

    @Option(help: "Only those with this in their name or ref.")
    var search: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let projects = try await session.client().projects(search: search)
            .filter { organization == nil || $0.organizationSlug == organization }
        try session.show(
            projects, output, none: "There are no projects. Create one with: supamanager projects create NAME",
            columns: ["NAME", "REF", "STATUS", "ORG", "REGION", "AGE"]
        ) { project in
            [
                Table.Cell(project.name), Table.Cell(project.ref),
                Table.Cell(project.status, Style.Tint(StudioStatus(rawValue: project.status) ?? .unknown)),
                Table.Cell(project.organizationSlug ?? ""), Table.Cell(project.region),
                Table.Cell(Age.text(of: project.insertedAt)),
            ]
        }
    }
}

/// `supamanager projects get`
struct ProjectsGetCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show a project and the state of its services.", aliases: ["show", "ps"])

    @OptionGroup var project: ProjectArgument
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let ref, name, status, region: String
        let created_at, url, database_version, stack, template_version: String?
        let upgrade_available: Bool?
        let failure: ProjectProgress.Failure?
        let services: [ProjectProgress.Service]
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        let progress = try await client.progress(of: ref)
        if output.isJSON {
            let answer = Answer(
                ref: detail.ref, name: detail.name, status: progress.status, region: detail.region,
                created_at: detail.insertedAt, url: detail.url, database_version: detail.databaseVersion,
                stack: detail.stack,
                template_version: detail.templateVersion, upgrade_available: detail.upgradeAvailable,
                failure: progress.failure, services: progress.services)
            return try session.show(json: answer)
        }
        show(detail, progress: progress, session: session)
    }

    private func show(_ detail: ProjectDetail, progress: ProjectProgress, session: ClientSession) {
        var fields = FieldList()
        fields.add("Name", detail.name, tint: .strong)
        fields.add("Ref", detail.ref)
        fields.add("Status", progress.status, tint: Style.Tint(progress.state))
        fields.add("URL", detail.url)
        fields.add("Region", detail.region)
        fields.add("Database", detail.databaseVersion)
        fields.add("Stack", detail.stack)
        let version = detail.templateVersion.map { String($0.prefix(12)) } ?? "not known"
        fields.add("Template", detail.upgradeAvailable == true ? "\(version) (an upgrade is available)" : version)
        fields.add("Created", detail.insertedAt)
        if let failure = progress.failure {
            fields.add("Failure", (failure.service.map { "\($0): " } ?? "") + failure.message, tint: .bad)
        }
        session.show(fields)
        if progress.services.isEmpty { return }
        var table = Table(["SERVICE", "STATE", "OBSERVED", "MESSAGE"])
        for service in progress.services {
            table.add([
                Table.Cell(service.service), Table.Cell(service.state, Style.Tint(serviceState: service.state)),
                Table.Cell(service.observedAt ?? ""), Table.Cell(service.message ?? ""),
            ])
        }
        session.say("")
        session.show(table)
    }
}

extension ProjectArgument {
    /// The argument with this text.
    static func named(_ text: String) -> ProjectArgument {
        var argument = ProjectArgument()
        argument.text = text
        return argument
    }
}

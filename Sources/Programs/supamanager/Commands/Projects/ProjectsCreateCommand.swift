import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects create`
struct ProjectsCreateCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a project and wait until it runs.",
        discussion: "With --no-wait the command returns at once, while the project starts.")

    @Argument(help: "Name of the project.")
    var name: String

    @Option(name: .customLong("org"), help: "Organization of the project; needed when you belong to several.")
    var organization: String?

    @Option(help: "Region label, for instance local.")
    var region: String?

    @Option(help: "Stack of the project; by default the installation's.")
    var stack: String?

    @Option(help: ArgumentHelp("Services of the project, separated by commas; by default all.", valueName: "a,b"))
    var services: String?

    @Option(help: ArgumentHelp("Deleted project whose kept data the new one gets; see volumes list.", valueName: "ref"))
    var attachVolumesOf: String?

    @Flag(help: "Read the database password from standard input; by default it is generated.")
    var dbPasswordStdin = false

    @Option(help: ArgumentHelp("Dump to import once it runs; see projects import.", valueName: "file"))
    var fromDump: String?

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let dump = try fromDump.map { path throws(ClientError) in try DumpFile(path) }
        guard dump == nil || waiting.wait else {
            throw .invalid("a dump is imported once the project runs: leave --no-wait out")
        }
        let client = try session.client()
        let password = try dbPasswordStdin ? session.terminal.readInput("database password") : nil
        var order = ProjectOrder(
            name: name, organizationSlug: try await session.organization(organization, client), region: region)
        order.databasePassword = password
        order.stack = stack
        order.services = services.map { list in
            list.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
        }
        order.attachVolumesOf = attachVolumesOf
        var created = try await client.create(order)
        guard let ref = ProjectRef(created.ref) else { throw .unexpected("a project's ref is not one") }
        if waiting.wait {
            let printer = ProgressPrinter(session: session, client: client, options: waiting, isSilent: output.isJSON)
            try await printer.wait(for: .running, ref, name: created.name)
            let detail = try await client.detail(of: ref)
            // Ports may have been replaced by others on the way.
            (created.status, created.endpoint) = (detail.status, detail.url ?? created.endpoint)
        }
        let report: ImportSummary?
        if let dump { report = try await imported(dump, into: ref, client) } else { report = nil }
        if output.isJSON { return try session.show(json: created) }
        show(created, session)
        if let report { session.show(report, of: created.name) }
    }

    /// A project whose import fails is there, and empty.
    private func imported(
        _ dump: DumpFile, into ref: ProjectRef, _ client: ManagementClient
    ) async throws(ClientError) -> ImportSummary {
        do throws(ClientError) {
            return try await client.importDump(into: ref, isDryRun: false, from: dump.read)
        } catch {
            throw .failed(
                "project \(ref) runs, and its dump was not imported: \(error). Mend the dump and run supamanager "
                    + "projects import \(ref) FILE, or delete the project")
        }
    }

    private func show(_ created: CreatedProject, _ session: ClientSession) {
        var fields = FieldList()
        fields.add("Project", created.name, tint: .strong)
        fields.add("Ref", created.ref)
        fields.add("Status", created.status, tint: Style.Tint(StudioStatus(rawValue: created.status) ?? .unknown))
        fields.add("URL", created.endpoint)
        fields.add("Keys", "supamanager projects keys \(created.ref)")
        session.show(fields)
    }
}

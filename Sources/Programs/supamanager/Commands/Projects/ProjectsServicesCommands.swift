import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects services …`
struct ProjectsServicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services", abstract: "Add services to a project or remove them.",
        subcommands: [ProjectsServicesAddCommand.self, ProjectsServicesRemoveCommand.self])
}

/// `supamanager projects services add`
struct ProjectsServicesAddCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add services to a project.",
        discussion: "The services that it depends on must exist or be added in the same command.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Services of the stack that the project does not have yet.")
    var services: [String]

    @OptionGroup var step: ServicesStep
    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        try await step.change(project, adding: services, removing: [], session)
    }
}

/// `supamanager projects services remove`
struct ProjectsServicesRemoveCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove services from a project.",
        discussion: "Their volumes are kept and are used again if the service is added again.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Services of the project that no other service depends on.")
    var services: [String]

    @OptionGroup var step: ServicesStep
    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        try await step.change(project, adding: [], removing: services, session)
    }
}

/// The common part of both commands.
struct ServicesStep: ParsableArguments {
    @Flag(help: "Show the plan without applying it.")
    var dryRun = false

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let ref, name, result: String
        let plan: UpgradePlan
    }

    func change(
        _ argument: ProjectArgument, adding added: [String], removing removed: [String], _ session: ClientSession
    ) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(argument)
        let last = try await client.lastEvent(of: ref)
        let change = try await client.changeServices(of: ref, adding: added, removing: removed, dryRun: dryRun)
        if !output.isJSON { for line in change.plan.lines { session.say(DisplayText.oneLine(line)) } }
        if let id = change.operation, waiting.wait {
            try await OperationEnd(session: session, client: client, waiting: waiting, isSilent: output.isJSON)
                .wait(for: id, of: ref, name: detail.name, eventsAfter: last)
        }
        let result = dryRun ? "planned" : waiting.wait ? "changed" : "begun"
        if output.isJSON {
            try session.show(json: Answer(ref: detail.ref, name: detail.name, result: result, plan: change.plan))
        } else if !dryRun {
            session.say("Project \(DisplayText.oneLine(detail.name)) (\(detail.ref)): services \(result).")
        }
    }
}

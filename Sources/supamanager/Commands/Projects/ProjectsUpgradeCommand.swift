import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects upgrade`
struct ProjectsUpgradeCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Upgrade a project to the installed version of its stack.",
        discussion: """
            Shows what will be done, and does it: images are pulled first, then services are replaced in the order of \
            dependence, each when the one before is ready. When a service does not come up, the version before is \
            brought back. With --all every project that has another version than the installed one is upgraded, one \
            after the other; the first failure ends it.
            """)

    @Argument(help: ArgumentHelp("Its ref, or its name.", valueName: "project"))
    var project: String?

    @Flag(help: "Upgrade all projects that you see, one after the other.")
    var all = false

    @Flag(help: "Show what would be done, and do nothing.")
    var dryRun = false

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    /// How it went with one project.
    private struct Answer: Encodable {
        let ref, name, result: String
        let reasons: [String]
        let plan: UpgradePlan?
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        guard all != (project != nil) else { throw .invalid("give a project, or --all") }
        guard !all || waiting.wait || dryRun else {
            throw .invalid("--all waits for every project before it begins with the next: leave --no-wait out")
        }
        let client = try session.client()
        var answers: [Answer] = []
        for (ref, name) in try await targets(client) {
            answers.append(try await upgrade(ref, name, client, session))
        }
        if output.isJSON { try session.show(json: answers) }
        if answers.isEmpty { session.note("Every project has the installed version of its stack.") }
        let refused = answers.filter { $0.result == "refused" }
        guard refused.isEmpty else {
            throw .failed(
                "not upgraded: "
                    + refused.map { "\($0.ref) (\($0.reasons.joined(separator: "; ")))" }.joined(separator: ", "))
        }
    }

    private func targets(_ client: ManagementClient) async throws(ClientError) -> [(ProjectRef, String)] {
        if let project {
            let (detail, ref) = try await client.project(ProjectArgument.named(project))
            return [(ref, detail.name)]
        }
        return try await client.projects().filter { $0.upgradeAvailable == true }
            .compactMap { summary in ProjectRef(summary.ref).map { ($0, summary.name) } }
    }

    private func upgrade(
        _ ref: ProjectRef, _ name: String, _ client: ManagementClient, _ session: ClientSession
    ) async throws(ClientError) -> Answer {
        let eligibility = try await client.upgradeEligibility(of: ref)
        if !output.isJSON {
            session.say("Project \(DisplayText.oneLine(name)) (\(ref)):")
            for line in eligibility.plan?.lines ?? [] { session.say("  \(DisplayText.oneLine(line))") }
        }
        guard eligibility.eligible, let plan = eligibility.plan else {
            return Answer(
                ref: ref.text, name: name, result: "refused", reasons: eligibility.reasons, plan: eligibility.plan)
        }
        guard !dryRun else { return Answer(ref: ref.text, name: name, result: "planned", reasons: [], plan: plan) }
        let last = try await client.lastEvent(of: ref)
        let operation = try await client.upgrade(ref, to: plan.to)
        if waiting.wait {
            try await OperationEnd(session, client, waiting, isSilent: output.isJSON)
                .wait(for: operation, of: ref, name: name, eventsAfter: last)
        }
        let result = waiting.wait ? "upgraded" : "begun"
        if !output.isJSON { session.say("Project \(DisplayText.oneLine(name)) (\(ref)): \(result).") }
        return Answer(ref: ref.text, name: name, result: result, reasons: [], plan: plan)
    }
}

/// Waits until an upgrade, or a change of services, has ended, and tells when it did not come to what was asked for.
struct OperationEnd {
    let session: ClientSession
    let client: ManagementClient
    let waiting: WaitOptions
    let isSilent: Bool

    init(_ session: ClientSession, _ client: ManagementClient, _ waiting: WaitOptions, isSilent: Bool) {
        self.session = session
        self.client = client
        self.waiting = waiting
        self.isSilent = isSilent
    }

    func wait(
        for id: String, of ref: ProjectRef, name: String, eventsAfter last: ProjectEvent?
    ) async throws(ClientError) {
        let printer = ProgressPrinter(session, client, waiting, isSilent: isSilent)
        try await printer.wait(for: .running, ref, name: name, eventsAfter: last)
        let operation = try await client.operation(id, of: ref)
        guard operation.state == "succeeded" else {
            let reason = operation.result.map { ": \(DisplayText.oneLine($0))" } ?? ""
            throw .notReached(
                "\(DisplayText.oneLine(name)) (\(ref)): the \(operation.kind) \(operation.state)\(reason)")
        }
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

/// `supamanager projects services …`
struct ProjectsServicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services", abstract: "Add services to a project, or remove some.",
        subcommands: [ProjectsServicesAddCommand.self, ProjectsServicesRemoveCommand.self])
}

/// `supamanager projects services add`
struct ProjectsServicesAddCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add services to a project.",
        discussion: "Everything that a service depends on has to be there, or be added with it.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Services of the stack that the project does not have.")
    var services: [String]

    @Flag(help: "Show what would be done, and do nothing.")
    var dryRun = false

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        try await ServicesStep(session: session, waiting: waiting, output: output, dryRun: dryRun)
            .change(project, adding: services, removing: [])
    }
}

/// `supamanager projects services remove`
struct ProjectsServicesRemoveCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove services from a project.",
        discussion: "Their volumes are kept, and are used again when the service is added again.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Services on which no other of the project depends.")
    var services: [String]

    @Flag(help: "Show what would be done, and do nothing.")
    var dryRun = false

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        try await ServicesStep(session: session, waiting: waiting, output: output, dryRun: dryRun)
            .change(project, adding: [], removing: services)
    }
}

/// What both commands have in common.
private struct ServicesStep {
    let session: ClientSession
    let waiting: WaitOptions
    let output: OutputOptions
    let dryRun: Bool

    private struct Answer: Encodable {
        let ref, name, result: String
        let plan: UpgradePlan
    }

    func change(
        _ argument: ProjectArgument, adding added: [String], removing removed: [String]
    ) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(argument)
        let last = try await client.lastEvent(of: ref)
        let change = try await client.changeServices(of: ref, adding: added, removing: removed, dryRun: dryRun)
        if !output.isJSON { for line in change.plan.lines { session.say(DisplayText.oneLine(line)) } }
        if let id = change.operation, waiting.wait {
            try await OperationEnd(session, client, waiting, isSilent: output.isJSON)
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

import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects upgrade`
struct ProjectsUpgradeCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Upgrade a project to the installed version of its stack.",
        discussion: """
            Shows the plan and applies it: images are pulled first, then services are replaced in the order of their \
            dependencies, each when its predecessor is ready. If a service does not become ready, the previous version \
            is restored. With --all, every project with another version than the installed one is upgraded, one after \
            another; the command stops at the first failure.
            """)

    @Argument(help: ArgumentHelp("Ref or name of the project.", valueName: "project"))
    var project: String?

    @Flag(help: "Upgrade all projects that you can see, one after another.")
    var all = false

    @Flag(help: "Show the plan without applying it.")
    var dryRun = false

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    /// The result for one project.
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
            answers.append(try await upgrade(ref, name: name, client: client, session: session))
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
        _ ref: ProjectRef, name: String, client: ManagementClient, session: ClientSession
    ) async throws(ClientError) -> Answer {
        let eligibility = try await client.upgradeEligibility(of: ref)
        if !output.isJSON {
            session.say("Project \(DisplayText.oneLine(name)) (\(ref)):")
            let lines = eligibility.isCurrent ? [] : eligibility.plan?.lines ?? []
            for line in lines { session.say("  \(DisplayText.oneLine(line))") }
        }
        if eligibility.isCurrent {
            if !output.isJSON { session.say("  It has the installed version of its stack: nothing to do.") }
            return Answer(ref: ref.text, name: name, result: "current", reasons: [], plan: eligibility.plan)
        }
        guard eligibility.eligible, let plan = eligibility.plan else {
            return Answer(
                ref: ref.text, name: name, result: "refused", reasons: eligibility.reasons, plan: eligibility.plan)
        }
        guard !dryRun else { return Answer(ref: ref.text, name: name, result: "planned", reasons: [], plan: plan) }
        let last = try await client.lastEvent(of: ref)
        let operation = try await client.upgrade(ref, to: plan.to)
        if waiting.wait {
            try await OperationEnd(session: session, client: client, waiting: waiting, isSilent: output.isJSON)
                .wait(for: operation, of: ref, name: name, eventsAfter: last)
        }
        let result = waiting.wait ? "upgraded" : "begun"
        if !output.isJSON { session.say("Project \(DisplayText.oneLine(name)) (\(ref)): \(result).") }
        return Answer(ref: ref.text, name: name, result: result, reasons: [], plan: plan)
    }
}

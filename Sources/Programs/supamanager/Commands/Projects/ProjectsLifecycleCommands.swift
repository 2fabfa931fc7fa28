import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects pause`
struct ProjectsPauseCommand: LifecycleCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stop a project and keep its data, ports and keys.")

    static let goal = (action: ManagementClient.ProjectAction.pause, end: WaitGoal.paused)

    @OptionGroup var options: LifecycleOptions
}

/// `supamanager projects resume`
struct ProjectsResumeCommand: LifecycleCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Start a project that is paused or failed to start.")

    static let goal = (action: ManagementClient.ProjectAction.resume, end: WaitGoal.running)

    @OptionGroup var options: LifecycleOptions
}

/// `supamanager projects restart`
struct ProjectsRestartCommand: LifecycleCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Stop and start the services of a project.")

    static let goal = (action: ManagementClient.ProjectAction.restart, end: WaitGoal.running)

    @OptionGroup var options: LifecycleOptions
}

/// A command that asks for another status of a project.
protocol LifecycleCommand: ClientCommand {
    /// What is asked for, and what is waited for.
    static var goal: (action: ManagementClient.ProjectAction, end: WaitGoal) { get }
    var options: LifecycleOptions { get }
}

extension LifecycleCommand {
    var connection: ConnectionOptions { options.connection }

    func perform(_ session: ClientSession) async throws(ClientError) {
        try await LifecycleStep(session: session, waiting: options.waiting, output: options.output)
            .take(Self.goal.action, of: options.project, until: Self.goal.end)
    }
}

/// What all of them take.
struct LifecycleOptions: ParsableArguments {
    @OptionGroup var project: ProjectArgument
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}

/// The common part of the commands that change a project's status.
struct LifecycleStep {
    /// The JSON output of a command.
    struct Answer: Encodable {
        let ref, name, status: String
    }

    /// The status of a project whose services are all ready.
    private static let running = "ACTIVE_HEALTHY"

    let session: ClientSession
    let waiting: WaitOptions
    let output: OutputOptions

    /// Asks for a change, and waits for it.
    func take(
        _ action: ManagementClient.ProjectAction, of argument: ProjectArgument, until goal: WaitGoal
    ) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(argument)
        let last = try await client.lastEvent(of: ref)
        do throws(ClientError) {
            try await client.request(action, of: ref)
        } catch {
            // The requested state is the present one: no failure, as with a pause of a paused project.
            guard case .refused(let refusal) = error, refusal.status == 409, action == .resume,
                try await client.status(of: ref) == Self.running
            else { throw error }
            session.note("Project \(DisplayText.oneLine(detail.name)) (\(ref)) runs already: nothing to do.")
            return try show(Answer(ref: detail.ref, name: detail.name, status: Self.running))
        }
        if waiting.wait {
            let printer = ProgressPrinter(session: session, client: client, options: waiting, isSilent: output.isJSON)
            try await printer.wait(for: goal, ref, name: detail.name, eventsAfter: last)
        }
        try show(Answer(ref: detail.ref, name: detail.name, status: try await client.status(of: ref)))
    }

    /// Prints how it ended.
    func show(_ answer: Answer) throws(ClientError) {
        if output.isJSON { return try session.show(json: answer) }
        session.say("Project \(DisplayText.oneLine(answer.name)) (\(answer.ref)) is \(answer.status).")
    }
}

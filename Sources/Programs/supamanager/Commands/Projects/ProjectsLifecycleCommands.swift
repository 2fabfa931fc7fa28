import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects pause`
struct ProjectsPauseCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stop a project and keep its data, ports and keys.")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        try await LifecycleStep(session: session, waiting: waiting, output: output).take(
            .pause, of: project, until: .paused)
    }
}

/// `supamanager projects resume`
struct ProjectsResumeCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Start a project that is paused or failed to start.")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        try await LifecycleStep(session: session, waiting: waiting, output: output).take(
            .resume, of: project, until: .running)
    }
}

/// `supamanager projects restart`
struct ProjectsRestartCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Stop and start the services of a project.")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        try await LifecycleStep(session: session, waiting: waiting, output: output).take(
            .restart, of: project, until: .running)
    }
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

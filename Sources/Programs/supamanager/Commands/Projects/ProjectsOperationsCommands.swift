import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects operations`
struct ProjectsOperationsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "operations", abstract: "List the operations of a project with their results.")

    @OptionGroup var project: ProjectArgument

    @Option(help: "Maximum number of operations to show, newest first.")
    var limit = 20

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let operations = try await client.operations(of: ref, limit: limit)
        if output.isJSON { return try session.show(json: operations) }
        var table = Table(["ID", "KIND", "STATE", "REQUESTED", "ATTEMPTS", "REASON"])
        for operation in operations {
            table.add([
                Table.Cell(operation.id), Table.Cell(operation.kind), Table.Cell(operation.state),
                Table.Cell(operation.requestedAt), Table.Cell("\(operation.attempts)"),
                Table.Cell(operation.waitingFor ?? operation.lastError ?? operation.result ?? ""),
            ])
        }
        session.show(table)
    }
}

/// `supamanager projects explain`
struct ProjectsExplainCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show what an operation of a project is waiting for.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Id of the operation; by default the latest one.")
    var id: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let explanation = try await client.explain(try await client.operationID(id, of: ref), of: ref)
        if output.isJSON { return try session.show(json: explanation) }
        let operation = explanation.operation
        var fields = FieldList()
        fields.add("Operation", "\(operation.kind), \(operation.state)", tint: .strong)
        fields.add("Requested", "\(operation.requestedAt) by \(operation.requestedBy)")
        fields.add("Deadline", operation.deadline + (explanation.isOverdue ? ", overdue" : ""))
        fields.add("Status", explanation.status)
        fields.add("Waits for", operation.waitingFor)
        fields.add("Last call", operation.lastCall)
        fields.add("Last error", operation.lastError, tint: .bad)
        fields.add("Next try", operation.nextRetryAt)
        fields.add("Result", operation.result)
        if let blocking = explanation.blocking {
            fields.add("Service", blocking.service + (blocking.state.map { ", \($0)" } ?? ""))
            fields.add("Message", blocking.message)
            fields.add("Probe", blocking.probeOutput)
        }
        session.show(fields)
        if let log = explanation.blocking?.logTail, !log.isEmpty {
            session.say("")
            for line in log.split(separator: "\n") { session.say(DisplayText.oneLine(String(line))) }
        }
    }
}

/// `supamanager projects cancel`
struct ProjectsCancelCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a creation, pause or resume that is in progress.")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        try await client.cancel(try await client.operationID(nil, of: ref), of: ref)
        let answer = LifecycleStep.Answer(
            ref: detail.ref, name: detail.name, status: try await client.status(of: ref))
        if output.isJSON { return try session.show(json: answer) }
        session.say("Project \(DisplayText.oneLine(answer.name)) (\(answer.ref)) is \(answer.status).")
    }
}

extension ManagementClient {
    /// The given id, or that of the latest operation.
    fileprivate func operationID(_ id: String?, of ref: ProjectRef) async throws(ClientError) -> String {
        if let id { return id }
        guard let latest = try await operations(of: ref, limit: 1).first else {
            throw .notFound("nothing has been asked of this project since operations are kept")
        }
        return latest.id
    }
}

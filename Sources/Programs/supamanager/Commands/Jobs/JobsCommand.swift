import ArgumentParser
import ManagementClient

/// `supamanager jobs …`
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List the scheduled jobs of the manager.", subcommands: [JobsListCommand.self]
    )
}

/// `supamanager jobs list`
struct JobsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List jobs, the latest first.",
        discussion: "Only owners of the organization default see them.")

    @Option(help: "Only jobs of this kind, for instance orphans.")
    var kind: String?

    @Option(help: "Only jobs in this state: queued, running, succeeded, failed or cancelled.")
    var state: String?

    @Option(help: "Maximum number of jobs to list, 1 to 1000.")
    var limit = 100

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let jobs = try await session.client().jobs(kind: kind, state: state, limit: limit)
        try session.show(
            jobs, output, none: "There are no such jobs.",
            columns: ["NUMBER", "KIND", "PROJECT", "STATE", "DUE", "RUNS", "LAST", "RESULT"]
        ) { job in
            [
                Table.Cell("\(job.id)"), Table.Cell(job.kind), Table.Cell(job.projectRef ?? ""),
                Table.Cell(job.state), Table.Cell(job.due), Table.Cell("\(job.runs)"), Table.Cell(job.outcome ?? ""),
                Table.Cell(job.error ?? job.result ?? ""),
            ]
        }
    }
}

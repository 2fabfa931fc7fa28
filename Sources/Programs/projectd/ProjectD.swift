import ArgumentParser

/// The data plane of a lite project.
@main
struct ProjectD: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projectd",
        abstract: "The data plane of a lite project: the REST API over a PostgreSQL database.",
        discussion: """
            `serve` answers requests until it is told to stop by SIGTERM or SIGINT. Settings come from the environment, \
            under PostgREST's own names (PGRST_DB_URI, PGRST_DB_SCHEMAS, PGRST_JWT_SECRET, …).
            """,
        version: "0.1.0", subcommands: [ServeCommand.self])
}

import ArgumentParser
import LogKit

/// The data plane of a lite project.
@main
struct ProjectD: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projectd",
        abstract: "The data plane of a lite project: the AUTH, REST, STORAGE, REALTIME and FUNCTIONS APIs.",
        discussion: """
            `serve` answers requests until it gets SIGTERM or SIGINT. Settings come from the environment, under the names \
            that the replaced servers use: PostgREST's (PGRST_DB_URI, PGRST_DB_SCHEMAS, …), GoTrue's \
            (GOTRUE_DB_DATABASE_URL, GOTRUE_SITE_URL, API_EXTERNAL_URL, …), storage-api's (FILE_SIZE_LIMIT, \
            STORAGE_FILE_BACKEND_PATH, S3_PROTOCOL_ACCESS_KEY_ID, …) and Realtime's (API_JWT_SECRET, …).
            """,
        version: ProgramVersion.text, subcommands: [ServeCommand.self, ImageCommand.self])
}

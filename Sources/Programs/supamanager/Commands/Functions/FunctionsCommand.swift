import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager functions …`
struct FunctionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "functions", abstract: "Deploy, call and delete functions of a project.",
        discussion: "What functions print is read with `supamanager projects logs PROJECT --service functions`.",
        subcommands: [
            FunctionsListCommand.self, FunctionsDeployCommand.self, FunctionsInvokeCommand.self,
            FunctionsDeleteCommand.self, SecretsCommand.self,
        ])
}

/// `supamanager functions list`
struct FunctionsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the functions of a project.")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        try session.show(
            try await client.functions(of: ref), output, none: "The project has no functions.",
            columns: ["SLUG", "VERSION", "STATUS", "TOKEN"]
        ) { function in
            [
                Table.Cell(function.slug), Table.Cell("\(function.version)"), Table.Cell(function.status),
                Table.Cell(function.verifyJWT ? "needed" : "not needed"),
            ]
        }
    }
}

/// `supamanager functions delete`
struct FunctionsDeleteCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a function with all its files.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "The function.")
    var slug: String

    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        try await client.deleteFunction(slug, of: ref)
        session.say(
            "Function \(DisplayText.oneLine(slug)) of project \(DisplayText.oneLine(detail.name)) is deleted.")
    }
}

/// `supamanager functions invoke`
struct FunctionsInvokeCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoke", abstract: "Call a function and print its answer.",
        discussion: """
            The call goes to the project's own address with one of its keys. An answer with the status of an error is \
            printed, too, and the command fails.
            """)

    /// Statuses of success.
    private static let successes = 200..<300

    @OptionGroup var project: ProjectArgument

    @Argument(help: "The function, with what follows in the path: hello or hello/rest.")
    var path: String

    @Option(help: "Method of the request.")
    var method = "POST"

    @Option(help: "Body of the request, as JSON.")
    var body: String?

    @Option(help: "Name of the key to call it with, as `projects keys` shows it.")
    var key = "anon"

    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        guard let rest = detail.restURL.firstRange(of: "/rest/v1") else {
            throw .failed("project \(DisplayText.oneLine(detail.name)) has no address: it does not run")
        }
        let keys = try await client.keys(of: ref, isRevealed: true)
        guard let secret = keys.first(where: { $0.name == key })?.key else {
            throw .invalid("the project has no key \(DisplayText.quoted(key)); `projects keys` lists them")
        }
        let answer = try await client.call(
            path, at: String(detail.restURL[..<rest.lowerBound]), method: method, body: Array((body ?? "").utf8),
            key: secret)
        session.say(String(decoding: answer.body, as: UTF8.self))
        guard Self.successes.contains(answer.status) else {
            throw .failed("the function answered with status \(answer.status)")
        }
    }
}

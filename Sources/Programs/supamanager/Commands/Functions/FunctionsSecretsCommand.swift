import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager functions secrets …`
struct FunctionsSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "Manage the variables that all functions of a project read.",
        discussion: "A change replaces the container of the functions.",
        subcommands: [
            FunctionsSecretsListCommand.self, FunctionsSecretsSetCommand.self, FunctionsSecretsUnsetCommand.self,
        ])
}

/// `supamanager functions secrets list`
struct FunctionsSecretsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the names of the secrets; nobody is shown their values.")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        try session.show(
            try await client.functionSecrets(of: ref), output, none: "The project has no secrets.",
            columns: ["NAME", "DIGEST", "UPDATED"]
        ) { secret in
            [Table.Cell(secret.name), Table.Cell(secret.value), Table.Cell(secret.updatedAt ?? "")]
        }
    }
}

/// `supamanager functions secrets set`
struct FunctionsSecretsSetCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set secrets, replacing those of the same names.",
        discussion: """
            What stands on a command line can be read by others on this machine: with --stdin the lines NAME=VALUE are \
            read from standard input.
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Secrets, NAME=VALUE each.")
    var secrets: [String] = []

    @Flag(name: .customLong("stdin"), help: "Read lines NAME=VALUE from standard input.")
    var readsInput = false

    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        var lines = secrets
        if readsInput {
            lines += try session.terminal.readInput("secrets").reveal().split(separator: "\n").map(String.init)
        }
        let values = try Self.values(lines)
        guard !values.isEmpty else { throw .invalid("give secrets as NAME=VALUE, or use --stdin") }
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        try await client.setFunctionSecrets(values, of: ref)
        session.say("Project \(DisplayText.oneLine(detail.name)): \(values.count) secrets are set.")
    }

    /// Lines that are empty or begin with # say nothing.
    private static func values(_ lines: [String]) throws(ClientError) -> [String: Secret<String>] {
        var values: [String: Secret<String>] = [:]
        for line in lines where !line.isEmpty && !line.hasPrefix("#") {
            guard let sign = line.firstIndex(of: "="), sign > line.startIndex else {
                throw .invalid("a secret is not of the form NAME=VALUE")
            }
            values[String(line[..<sign])] = Secret(String(line[line.index(after: sign)...]))
        }
        return values
    }
}

/// `supamanager functions secrets unset`
struct FunctionsSecretsUnsetCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "unset", abstract: "Forget secrets.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Names of secrets.")
    var names: [String]

    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        try await client.forgetFunctionSecrets(names, of: ref)
        session.say("Project \(DisplayText.oneLine(detail.name)): \(names.count) secrets are forgotten.")
    }
}

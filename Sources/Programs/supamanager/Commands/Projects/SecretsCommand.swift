import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects secrets …` and `supamanager functions secrets …`
struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "The variables that a project's functions read.",
        discussion: "A change replaces the container of the functions.",
        subcommands: [
            SecretsListCommand.self, SecretsSetCommand.self, SecretsUnsetCommand.self,
        ])
}

/// `… secrets list`
struct SecretsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List secrets, each with the SHA-256 of its value.", aliases: ["ls"])

    @OptionGroup var project: ProjectArgument
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        try session.show(
            try await client.secrets(of: ref), output, none: "There are no secrets.",
            columns: ["NAME", "UPDATED", "DIGEST"]
        ) { [Table.Cell($0.name), Table.Cell(Age.text(of: $0.updatedAt)), Table.Cell($0.value)] }
    }
}

/// `… secrets set`
struct SecretsSetCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set secrets; others stay.",
        discussion: """
            Without secrets they are read from the standard input, one NAME=VALUE per line: supamanager functions secrets \
            set shop < .env. Empty lines and lines that begin with # are passed over. What stands on a command line can be \
            read by others on this machine, and stays in its history.
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Secrets, NAME=VALUE each.")
    var secrets: [String] = []

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        var lines = secrets
        if lines.isEmpty {
            let text = try session.terminal.readInput("NAME=VALUE").reveal()
            lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.map(String.init)
        }
        guard !lines.isEmpty else { throw .invalid("there is no NAME=VALUE on the standard input") }
        let values = try lines.map { line throws(ClientError) in try Assignment.read(line) }
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        try await client.set(values.map { ($0.name, Secret($0.value)) }, of: ref)
        let names = values.map(\.name)
        if output.isJSON { return try session.show(json: ["set": names]) }
        session.say("Set \(names.joined(separator: ", ")) in \(DisplayText.quoted(detail.name)).")
    }
}

/// `… secrets unset`
struct SecretsUnsetCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Forget secrets.", aliases: ["rm"])

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Names of secrets.")
    var names: [String]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        try await client.unset(secrets: names, of: ref)
        if output.isJSON { return try session.show(json: ["unset": names]) }
        session.say("Forgot \(names.joined(separator: ", ")) in \(DisplayText.quoted(detail.name)).")
    }
}

import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager storage …`
struct StorageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage", abstract: "Keys of a project's storage.",
        subcommands: [StorageCredentialsCommand.self])
}

/// `supamanager storage credentials …`
struct StorageCredentialsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credentials", abstract: "Keys of a project's S3 endpoint.",
        discussion: """
            Each stands for the service role, and counts until it is deleted. The project has to run: its own storage keeps \
            the keys, and a restored database has those of its backup. Stack lite alone has them.
            """,
        subcommands: [
            StorageCredentialsListCommand.self, StorageCredentialsCreateCommand.self,
            StorageCredentialsDeleteCommand.self,
        ])
}

/// `supamanager storage credentials list`
struct StorageCredentialsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the keys, without their secrets.", aliases: ["ls"])

    @OptionGroup var project: ProjectArgument
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        try session.show(
            try await client.storageCredentials(of: ref), output,
            none: "The project has no S3 keys but the one that it was made with.",
            columns: ["ID", "DESCRIPTION", "ACCESS KEY", "CREATED"]
        ) { [Table.Cell($0.id), Table.Cell($0.description), Table.Cell($0.accessKey ?? ""), Table.Cell($0.createdAt)] }
    }
}

/// `supamanager storage credentials create`
struct StorageCredentialsCreateCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a key, and print it: its secret is shown this once.",
        discussion: "Its lines are what a shell and the AWS command line read: NAME=VALUE.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "What the key is for.")
    var description: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let id, access_key, secret_key: String
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let made = try await client.makeStorageCredential(description, of: ref)
        let secret = made.secretKey.reveal()
        if output.isJSON {
            return try session.show(json: Answer(id: made.id, access_key: made.accessKey, secret_key: secret))
        }
        session.say("AWS_ACCESS_KEY_ID=\(DisplayText.oneLine(made.accessKey))")
        session.say("AWS_SECRET_ACCESS_KEY=\(DisplayText.oneLine(secret))")
        session.note("Key \(DisplayText.oneLine(made.id)); its secret is not shown again.")
    }
}

/// `supamanager storage credentials delete`
struct StorageCredentialsDeleteCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a key: requests signed with it are refused from now on.",
        aliases: ["rm"])

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Id of the key, as `list` shows it.")
    var id: String

    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        try await client.deleteStorageCredential(id, of: ref)
        session.say("S3 key \(DisplayText.oneLine(id)) of project \(DisplayText.oneLine(detail.name)) is deleted.")
    }
}

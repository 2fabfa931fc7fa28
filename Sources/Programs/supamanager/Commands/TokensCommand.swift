import ArgumentParser
import FoundationEssentials
import ManagementClient
import ProjectModel

/// `supamanager tokens …`
struct TokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "List, create and revoke personal access tokens.",
        subcommands: [TokensListCommand.self, TokensCreateCommand.self, TokensRevokeCommand.self],
        defaultSubcommand: TokensListCommand.self)
}

/// `supamanager tokens list`
struct TokensListCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List your access tokens.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let tokens = try await session.client().accessTokens()
        try session.show(
            tokens, output, none: "There are no access tokens.",
            columns: ["ID", "TOKEN", "CREATED", "LAST USED", "EXPIRES", "NAME"]
        ) { token in
            [
                "\(token.id)", Table.Cell(token.alias ?? ""), Table.Cell(token.createdAt ?? ""),
                Table.Cell(token.lastUsedAt ?? "never"), Table.Cell(token.expiresAt ?? "never"),
                Table.Cell(token.name),
            ]
        }
    }
}

/// `supamanager tokens create`
struct TokensCreateCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create an access token and print it; it is shown only once.")

    /// Longest life of a token in days.
    static let daysMax = 3_650

    @Argument(help: "Name of the token.")
    var name: String

    @Option(help: ArgumentHelp("Days until the token expires; by default never.", valueName: "days"))
    var expiresIn: Int?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let id: Int64
        let name, token: String
        let expires_at: String?
    }

    func validate() throws {
        if let expiresIn, !(1...Self.daysMax).contains(expiresIn) {
            throw ValidationError("--expires-in must be 1 to \(Self.daysMax) days")
        }
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let end = expiresIn.map { Date.now.addingTimeInterval(Double($0) * 86_400).formatted(.iso8601) }
        let made = try await session.client().createAccessToken(name: name, expiresAt: end)
        if output.isJSON {
            let summary = made.summary
            let answer = Answer(
                id: summary.id, name: summary.name, token: made.token.reveal(), expires_at: summary.expiresAt)
            return try session.show(json: answer)
        }
        // The token alone is on the standard output, so that it can be piped on.
        session.note("Token \(made.summary.id), \(DisplayText.quoted(made.summary.name)). It is shown this once only:")
        session.say(made.token.reveal())
    }
}

/// `supamanager tokens revoke`
struct TokensRevokeCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke an access token permanently.")

    @Argument(help: "Number of the token, as `tokens list` shows it.")
    var id: Int64

    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        try await session.client().revokeAccessToken(id)
        session.say("Revoked the access token \(id).")
    }
}

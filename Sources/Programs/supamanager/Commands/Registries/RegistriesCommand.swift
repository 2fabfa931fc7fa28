import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager registries …`
struct RegistriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registries",
        abstract: "Manage the logins with which the manager pulls images.",
        discussion: """
            The manager stores the logins encrypted with its master key and sends each only to its own registry. For \
            registries without one, it uses the config.json of Docker of the manager's user. Only owners of the \
            organization default can see and change logins.
            """,
        subcommands: [RegistriesListCommand.self, RegistriesLoginCommand.self, RegistriesLogoutCommand.self],
        defaultSubcommand: RegistriesListCommand.self)
}

/// `supamanager registries list`
struct RegistriesListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the registries that the manager has a login for.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let logins = try await session.client().registryLogins()
        try session.show(
            logins, output, none: "The manager keeps no logins at registries.",
            columns: ["REGISTRY", "USERNAME", "UPDATED"]
        ) { login in
            [
                Table.Cell(login.registry), Table.Cell(login.username), Table.Cell(login.updatedAt),
            ]
        }
    }
}

/// `supamanager registries login`
struct RegistriesLoginCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Store a login for a registry, replacing the previous one.",
        discussion: """
            The next pull uses the login, which is also its first check: the registry is not asked when it is stored.
            """)

    @Argument(help: "Host of the registry, with its port where it has one; docker.io is Docker Hub.")
    var registry: String

    @Option(help: "Name of the account at the registry.")
    var username: String

    @Flag(help: "Read the password or access token from standard input.")
    var passwordStdin = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        guard passwordStdin || session.terminal.isTerminal(.input) else {
            throw .invalid("there is no terminal to ask for a password: use --password-stdin")
        }
        let client = try session.client()
        let password =
            try passwordStdin ? session.terminal.readInput("password") : session.terminal.askSecret("Password: ")
        let login = try await client.storeRegistryLogin(username: username, password: password, at: registry)
        if output.isJSON { return try session.show(json: login) }
        session.say(
            "The manager pulls from \(DisplayText.oneLine(login.registry)) as "
                + "\(DisplayText.oneLine(login.username)) from now on.")
    }
}

/// `supamanager registries logout`
struct RegistriesLogoutCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Forget the login for a registry.",
        discussion: "Images that are already on the engine stay there.")

    @Argument(help: "Host of the registry, as the list shows it.")
    var registry: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let login = try await session.client().forgetRegistryLogin(at: registry)
        if output.isJSON { return try session.show(json: login) }
        session.say("The manager has no login for \(DisplayText.oneLine(login.registry)) any more.")
    }
}

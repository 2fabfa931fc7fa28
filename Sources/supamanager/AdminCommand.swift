import ArgumentParser
import FoundationEssentials
import Identity
import Logging
import ManagementAPI
import ManagementClient
import Orchestrator
import PostgresStore
import ProjectModel

/// `supamanager admin …`: what an operator does on the manager's own database.
struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Work on the manager's database while no manager runs on it.",
        subcommands: [AdminCreateCommand.self])
}

/// `supamanager admin create`
struct AdminCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make an account that owns an organization.",
        discussion: """
            Opens the database as `serve` would, so no manager may run on it. The password is read from the standard \
            input, or asked for on a terminal. Where the account exists already, it only becomes an owner.
            """)

    @Option(help: "E-mail address of the account.")
    var email: String

    @Option(help: "Slug of the organization that it will own.")
    var organization = "default"

    @Option(help: "Folder for everything the manager keeps on disk. [SUPAMANAGER_DATA_DIR]")
    var dataDir: String?

    @Option(help: "PostgreSQL that holds the state, postgres://…. [SUPAMANAGER_DATABASE_URL]")
    var databaseURL: String?

    @Option(help: "File with the master key. [SUPAMANAGER_MASTER_KEY_FILE]")
    var masterKeyFile: String?

    func run() async throws {
        let given = [
            "SUPAMANAGER_DATA_DIR": dataDir, "SUPAMANAGER_DATABASE_URL": databaseURL,
            "SUPAMANAGER_MASTER_KEY_FILE": masterKeyFile,
        ]
        try await StartFailure.reported(options: given.compactMapValues { $0 }) { settings in
            try await self.create(settings)
        }
    }

    private func create(_ settings: ServeSettings) async throws {
        let terminal = Terminal()
        let password =
            terminal.isTerminal(.input)
            ? try terminal.askSecret("Password of \(email): ") : try terminal.readInput("the password")
        var logger = Logger(label: "supamanager")
        logger.logLevel = .warning
        let folder = try DataFolder(settings.dataFolder)
        let token = try settings.adminToken ?? folder.adminToken(logger)
        let database = try await Database.open(settings, logger: logger)
        do {
            try await create(settings, database, token, password, logger)
        } catch {
            await database.close(logger)
            throw error
        }
        await database.close(logger)
        terminal.write("\(email) owns the organization \(organization)\n", to: .output)
    }

    private func create(
        _ settings: ServeSettings, _ database: Database, _ token: AccessToken, _ password: Secret<String>,
        _ logger: Logger
    ) async throws {
        let (installation, master) = try await Installation.open(settings, database, logger)
        let people = try await People(settings, database, master, installation: installation.id, token: token)
        let account: Account
        do throws(IdentityError) {
            account = try await people.directory.createAccount(email: email, password: password)
        } catch {
            guard case .emailTaken = error else { throw error }
            account = try await people.directory.account(ofEmail: email)
        }
        try await people.directory.addMember(account.id, to: organization, as: .owner)
    }
}

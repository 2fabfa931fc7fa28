import ArgumentParser
import Identity
import ProjectModel

/// `supamanager admin accounts`
struct AdminAccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts", abstract: "List the members of an organization, and addresses to confirm.")

    @Option(help: "Slug of the organization.")
    var organization = Organization.defaultSlug

    @OptionGroup var options: AdminOptions

    func run() async throws {
        let lines = try await options.withPeople { people in
            let members = try await people.directory.members(of: organization).map { member in
                "\(member.account.line)  \(member.roles.map(\.base.name).joined(separator: ", "))"
            }
            let unconfirmed = try await people.directory.unconfirmedAccounts().map(\.line)
            return ["Members of \(organization):"] + members + ["Addresses to confirm:"] + unconfirmed
        }
        for line in lines { Terminal().write("\(line)\n", to: .output) }
    }
}

/// `supamanager admin create`
struct AdminCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create an account that owns an organization.",
        discussion: """
            The password is read from the standard input, or asked for on a terminal. If an account already has \
            the address, nothing changes: use `admin appoint` to make it an owner.
            """)

    @Option(help: "E-mail address of the account.")
    var email: String

    @Option(help: "Slug of the organization that the account will own.")
    var organization = Organization.defaultSlug

    @OptionGroup var options: AdminOptions

    func run() async throws {
        let terminal = Terminal()
        let password = try terminal.newPassword(of: email)
        let id = try await options.withPeople { people in
            let account: Account
            do throws(IdentityError) {
                account = try await people.directory.createAccount(email: email, password: password)
            } catch {
                guard case .emailTaken = error else { throw error }
                throw ValidationError(
                    "an account has the address \(email) already, and nothing proves whose it is; nothing was changed. "
                        + "Find its identifier with supamanager admin accounts, and make it an owner with supamanager "
                        + "admin appoint ID, or choose another address")
            }
            try await people.directory.addMember(account.id, to: organization, as: .owner)
            return account.id
        }
        terminal.write("\(email) (\(id)) owns the organization \(organization)\n", to: .output)
    }
}

/// `supamanager admin appoint`
struct AdminAppointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "appoint", abstract: "Make an existing account the owner of an organization.",
        discussion: """
            With --bootstrap, the account also owns the default organization, and the administrator's token \
            authenticates as this account from the next start of the manager on.
            """)

    @Argument(help: "Identifier of the account, a UUID: admin accounts lists it.")
    var account: String

    @Option(help: "Slug of the organization that the account will own.")
    var organization = Organization.defaultSlug

    @Flag(help: "Move the administrator's token, and the ownership of the installation, to this account.")
    var bootstrap = false

    @Flag(help: "Do not ask for confirmation.")
    var yes = false

    @OptionGroup var options: AdminOptions

    func run() async throws {
        let terminal = Terminal()
        try await options.withPeople { people in
            let found = try await people.directory.account(account.lowercased())
            try terminal.confirm("Make \(found.line) an owner of \(organization)?", isAnswered: yes)
            try await people.directory.addMember(found.id, to: organization, as: .owner)
            if bootstrap { try await people.directory.appoint(found.id) }
        }
        terminal.write("account \(account) owns the organization \(organization)\n", to: .output)
    }
}

/// `supamanager admin confirm-email`
struct AdminConfirmEmailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm-email",
        abstract: "Confirm the e-mail address that an account has or requested, so that it can sign in with it.")

    @Argument(help: "Identifier of the account, a UUID: admin accounts lists it.")
    var account: String

    @Option(help: "E-mail address to confirm.")
    var email: String

    @OptionGroup var options: AdminOptions

    func run() async throws {
        let line = try await options.withPeople { people in
            try await people.directory.confirmEmail(email, of: account.lowercased()).line
        }
        Terminal().write("\(line)\n", to: .output)
    }
}

/// `supamanager admin reset-password`
struct AdminResetPasswordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-password",
        abstract: "Set a password, end all sessions of the account and revoke its access tokens.",
        discussion: """
            The password is read from the standard input, or asked for on a terminal. The installation's \
            administrator token stays valid.
            """)

    @Argument(help: "Identifier of the account, a UUID: admin accounts lists it.")
    var account: String

    @OptionGroup var options: AdminOptions

    func run() async throws {
        let terminal = Terminal()
        let password = try terminal.newPassword(of: account)
        let revoked = try await options.withPeople { people in
            try await people.directory.setPassword(of: account.lowercased(), to: password)
        }
        terminal.write(
            "the password is set, all sessions of the account have ended, and \(revoked) access tokens are revoked\n",
            to: .output)
    }
}

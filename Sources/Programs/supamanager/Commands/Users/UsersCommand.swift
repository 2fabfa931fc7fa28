import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager users …`
struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Accounts of people who use this manager.",
        discussion: """
            For administrators of the installation, while the manager runs. On the manager's host, and with the manager \
            stopped, `supamanager admin` does the same. Users of a project's own app are another matter: the dashboard \
            lists them.
            """,
        subcommands: [UsersListCommand.self, UsersCreateCommand.self, UsersResetPasswordCommand.self],
        aliases: ["user"])
}

/// Where a new password comes from.
struct NewPasswordOptions: ParsableArguments {
    @Flag(help: "Read the password from standard input; by default it is asked for.")
    var passwordStdin = false

    func password(of email: String, _ session: ClientSession) throws(ClientError) -> Secret<String> {
        if passwordStdin { return try session.terminal.readInput("password") }
        guard session.terminal.isTerminal(.input) else {
            throw .invalid("there is no terminal to ask for a password: use --password-stdin")
        }
        let password = try session.terminal.askSecret("New password of \(DisplayText.oneLine(email)): ")
        guard try session.terminal.askSecret("Once more: ").reveal() == password.reveal() else {
            throw .invalid("the two passwords differ; nothing was changed")
        }
        return password
    }
}

/// `supamanager users list`
struct UsersListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the accounts of an organization's members.", aliases: ["ls"])

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        var members = OrganizationsMembersCommand()
        (members.organization, members.connection, members.output) = (organization, connection, output)
        try await members.perform(session)
    }
}

/// `supamanager users create`
struct UsersCreateCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create an account with a role in an organization.",
        discussion: """
            The account can sign in at once with the password that is given here; its holder changes it in the \
            dashboard. With --role owner in the organization default it is a further administrator of the installation. \
            With `orgs invite` the invited person chooses the password.
            """)

    @Argument(help: "E-mail address of the account.")
    var email: String

    @Option(help: "Name of the role, as orgs roles lists it.")
    var role = "Developer"

    @OptionGroup var password: NewPasswordOptions
    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let email, organization, role: String
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        let wanted = try await client.role(named: role, of: slug)
        let secret = try password.password(of: email, session)
        let invitation = try await client.invite(email, to: slug, role: wanted.id)
        do throws(ClientError) { try await session.anonymousClient().signUp(invitation, password: secret) } catch {
            // An invitation that stays would keep its address from being used.
            try await client.deleteInvitation(invitation.id, of: slug)
            throw error
        }
        if output.isJSON {
            return try session.show(json: Answer(email: invitation.email, organization: slug, role: wanted.name))
        }
        session.say("Created \(invitation.email), \(wanted.name) of the organization \(slug).")
    }
}

extension ManagementClient {
    /// The role of an organization, not of single projects, that a person means.
    func role(named text: String, of slug: String) async throws(ClientError) -> OrganizationRole {
        let roles = try await roles(of: slug).filter(\.projects.isEmpty)
        guard let wanted = roles.first(where: { $0.name.lowercased() == text.lowercased() }) else {
            throw .invalid("there is no role \(DisplayText.quoted(text)): \(roles.map(\.name).joined(separator: ", "))")
        }
        return wanted
    }
}

/// `supamanager users reset-password`
struct UsersResetPasswordCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-password",
        abstract: "Set the password of another account, end its sessions and revoke its access tokens.",
        discussion: """
            For who has forgotten theirs: no mail is sent. You have to own every organization that the account is a \
            member of. Where nobody can sign in any more, use `admin reset-password` on the manager's host.
            """)

    @Argument(help: "E-mail address or identifier of the account, as users list shows it.")
    var user: String

    @OptionGroup var password: NewPasswordOptions
    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let id: String
        let access_tokens_revoked: Int
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        guard let found = try await client.members(of: slug).first(where: { $0.id == user || $0.email == user }) else {
            throw .notFound("\(DisplayText.quoted(user)) is no member of \(slug): `supamanager users list` shows all")
        }
        let secret = try password.password(of: found.email ?? found.id, session)
        let revoked = try await client.resetPassword(of: found.id, to: secret)
        if output.isJSON { return try session.show(json: Answer(id: found.id, access_tokens_revoked: revoked)) }
        session.say(
            "The password of \(found.email ?? found.id) is set; sessions have ended, and \(revoked) access tokens are "
                + "revoked.")
    }
}

import ArgumentParser
import ManagementClient

/// The organization that a command is about; the only one where none is named.
struct OrganizationOption: ParsableArguments {
    @Option(
        name: .customLong("org"), help: "Slug of the organization; needed when you belong to several. [SUPAMANAGER_ORG]"
    )
    var slug: String?
}

/// `supamanager orgs delete`
struct OrganizationsDeleteCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete an organization that has no projects.", aliases: ["rm"])

    @Argument(help: "Slug of the organization.")
    var slug: String

    @Flag(help: "Do not ask for confirmation.")
    var yes = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        if !yes {
            try session.confirm(
                "delete it", warning: "Members, roles, invitations and the audit trail of \(slug) go, too.",
                asking: "Type its slug to delete it: ", for: slug, otherwise: "not deleted")
        }
        try await session.client().deleteOrganization(slug)
        if output.isJSON { return try session.show(json: ["deleted": slug]) }
        session.say("Deleted the organization \(slug).")
    }
}

/// `supamanager orgs members`
struct OrganizationsMembersCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "members", abstract: "List the members of an organization and their roles.")

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let id, username: String
        let email: String?
        let roles: [String]
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        let names = Dictionary(try await client.roles(of: slug).map { ($0.id, $0.line) }) { first, _ in first }
        let rows = try await client.members(of: slug).map { member in
            Row(
                id: member.id, username: member.username, email: member.email,
                roles: member.roles.map { names[$0] ?? "role \($0)" })
        }
        try session.show(
            rows, output, none: "There are no members.", columns: ["EMAIL", "USERNAME", "ROLES", "ID"]
        ) { row in
            [
                Table.Cell(row.email ?? ""), Table.Cell(row.username), Table.Cell(row.roles.joined(separator: ", ")),
                Table.Cell(row.id),
            ]
        }
    }
}

extension OrganizationRole {
    /// Its name, and the projects that it is limited to.
    var line: String { projects.isEmpty ? name : "\(name) of " + projects.map(\.name).joined(separator: ", ") }
}

/// `supamanager orgs roles`
struct OrganizationsRolesCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "roles", abstract: "List the roles that members of an organization have or could have.")

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        try session.show(
            try await client.roles(of: slug), output, none: "There are no roles.",
            columns: ["NAME", "NUMBER", "DESCRIPTION"]
        ) { [Table.Cell($0.line), Table.Cell("\($0.id)"), Table.Cell($0.description ?? "")] }
    }
}

/// `supamanager orgs invite`
struct OrganizationsInviteCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Invite an e-mail address into an organization.",
        discussion: """
            No mail is sent: pass the token on. With it the invited person makes an account of this address, or signs in to \
            one, and accepts the invitation in the dashboard or with the API.
            """)

    @Argument(help: "The address.")
    var email: String

    @Option(help: "Name of the role, as orgs roles lists it.")
    var role = "Developer"

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        let wanted = try await client.role(named: role, of: slug)
        let made = try await client.invite(email, to: slug, role: wanted.id)
        if output.isJSON { return try session.show(json: made) }
        session.note("Invited \(made.email) as \(wanted.name) until \(made.expiresAt). The token, shown this once:")
        session.say(made.token)
    }
}

/// `supamanager orgs remove-member`
struct OrganizationsRemoveMemberCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-member", abstract: "Take a member out of an organization.")

    @Argument(help: "E-mail address or identifier of the account, as orgs members lists it.")
    var member: String

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        let members = try await client.members(of: slug)
        guard let found = members.first(where: { $0.id == member || $0.email == member }) else {
            throw .notFound("\(DisplayText.quoted(member)) is no member of \(slug)")
        }
        try await client.removeMember(found.id, of: slug)
        if output.isJSON { return try session.show(json: ["removed": found.id]) }
        session.say("\(found.email ?? found.id) is no member of \(slug) any more.")
    }
}

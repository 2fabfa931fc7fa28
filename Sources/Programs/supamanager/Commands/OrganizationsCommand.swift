import ArgumentParser
import ManagementClient

/// `supamanager orgs …`
struct OrganizationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orgs", abstract: "Organizations, their members and roles.",
        subcommands: [
            OrganizationsListCommand.self, OrganizationsCreateCommand.self, OrganizationsDeleteCommand.self,
            OrganizationsMembersCommand.self, OrganizationsRolesCommand.self, OrganizationsInviteCommand.self,
            OrganizationsRemoveMemberCommand.self,
        ],
        defaultSubcommand: OrganizationsListCommand.self)
}

/// `supamanager orgs list`
struct OrganizationsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List your organizations.", aliases: ["ls"])

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let organizations = try await session.client().organizations()
        try session.show(
            organizations, output, none: "You belong to no organization.", columns: ["NAME", "SLUG", "OWNER"]
        ) { organization in
            [
                Table.Cell(organization.name), Table.Cell(organization.slug),
                organization.isOwner == true ? "yes" : "no",
            ]
        }
    }
}

/// `supamanager orgs create`
struct OrganizationsCreateCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create an organization, with you as its owner.")

    @Argument(help: "Name of the organization.")
    var name: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let organization = try await session.client().createOrganization(name: name)
        if output.isJSON { return try session.show(json: organization) }
        session.say("Created the organization \(DisplayText.quoted(organization.name)): \(organization.slug)")
    }
}

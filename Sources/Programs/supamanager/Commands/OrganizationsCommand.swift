import ArgumentParser
import ManagementClient

/// `supamanager orgs …`
struct OrganizationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orgs", abstract: "List and create organizations.",
        subcommands: [OrganizationsListCommand.self, OrganizationsCreateCommand.self],
        defaultSubcommand: OrganizationsListCommand.self)
}

/// `supamanager orgs list`
struct OrganizationsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List your organizations.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let organizations = try await session.client().organizations()
        try session.show(
            organizations, output, none: "You belong to no organization.", columns: ["SLUG", "OWNER", "NAME"]
        ) { organization in
            [
                Table.Cell(organization.slug), organization.isOwner == true ? "yes" : "no",
                Table.Cell(organization.name),
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

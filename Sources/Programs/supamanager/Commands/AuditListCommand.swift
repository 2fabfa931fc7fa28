import ArgumentParser
import ManagementClient

/// `supamanager audit list`
struct AuditListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the latest entries of an organization's audit trail, the latest first.",
        aliases: ["ls"])

    @Option(help: "Maximum number of entries.")
    var limit = 50

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    /// Most entries of one answer.
    private static let limitMax = 100

    func validate() throws {
        guard (1...Self.limitMax).contains(limit) else {
            throw ValidationError("--limit must be 1 to \(Self.limitMax)")
        }
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        let events = try await client.latestAuditEvents(of: slug, limit: limit)
        try session.show(
            events, output, none: "The audit trail of \(slug) is empty.",
            columns: ["NUMBER", "AGE", "ACTOR", "ACTION", "STATUS", "TARGET"]
        ) { event in
            [
                Table.Cell("\(event.number)"), Table.Cell(Age.text(of: event.occurredAt)),
                Table.Cell(event.actor.email), Table.Cell(event.action.name), Table.Cell("\(event.action.status)"),
                Table.Cell(event.target.description),
            ]
        }
    }
}

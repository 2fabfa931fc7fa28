import ArgumentParser
import ManagementClient

/// `supamanager audit …`
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Check audit trails.", subcommands: [AuditVerifyCommand.self])
}

/// `supamanager audit verify`
struct AuditVerifyCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that no entry of an organization's audit trail is missing or was changed.",
        discussion: """
            Reads the whole trail and computes its chain of hashes anew, on this machine. A trail that was cut off at \
            its end is found by the head that the manager keeps apart; whoever can change both is found by the heads that \
            the manager writes to its log once a day, and by the number and hash that this prints.
            """)

    @Option(name: .customLong("org"), help: "The organization; needed when you belong to several.")
    var organization: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let organization: String
        let entries: Int64
        let head: String
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization, client)
        let check = try await client.verifyAuditTrail(of: slug)
        if output.isJSON {
            return try session.show(json: Answer(organization: slug, entries: check.count, head: check.head))
        }
        if check.count == 0 { return session.say("The audit trail of \(slug) is empty.") }
        session.say("The audit trail of \(slug) is whole: \(check.count) entries.")
        session.say("Entry \(check.count) has the hash \(check.head).")
    }
}

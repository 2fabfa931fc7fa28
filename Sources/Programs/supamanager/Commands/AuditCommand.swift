import ArgumentParser
import ManagementClient

/// `supamanager audit …`
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "List and check audit trails.",
        subcommands: [AuditListCommand.self, AuditVerifyCommand.self])
}

/// `supamanager audit verify`
struct AuditVerifyCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that no entry of an organization's audit trail is missing or was changed.",
        discussion: """
            Reads the whole trail and recomputes its chain of hashes on this machine. The head of the trail is stored \
            separately from its entries and signed with a key derived from the master key: the command exits with 1 if \
            the trail was cut off or emptied, or its head replaced. A head that an older version wrote is not signed; \
            the output says so, and the next entry signs it. To detect an older head that was restored together with \
            its signature, use --expect: the manager writes the number and hash of every trail's head to its log when \
            it starts and once a day.
            """)

    @Option(name: .customLong("org"), help: "The organization; needed when you belong to several.")
    var organization: String?

    @Option(help: "An entry that must exist, NUMBER:HASH, from the manager's log or the output of this command.")
    var expect: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let organization: String
        let entries: Int64
        let head: String
        /// `valid` or `missing`; absent where the manager does not sign.
        let signature: String?
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let expected = try expectedEntry()
        let client = try session.client()
        let slug = try await session.organization(organization, client)
        let check = try await client.verifyAuditTrail(of: slug, expected: expected)
        if output.isJSON {
            return try session.show(
                json: Answer(
                    organization: slug, entries: check.count, head: check.head,
                    signature: check.endSignature?.rawValue))
        }
        if check.count == 0 { return session.say("The audit trail of \(slug) is empty.") }
        session.say("The audit trail of \(slug) is whole: \(check.count) entries.")
        session.say("End of the trail: \(check.count):\(check.head)")
        if check.endSignature == .valid { return session.say("The end has the manager's signature.") }
        session.say(
            "The end is not signed: a version without signatures wrote it, or the signature was removed. The next "
                + "entry signs it; until then compare the end with the manager's log.")
    }

    private func expectedEntry() throws(ClientError) -> AuditTrailPage.Head? {
        guard let expect else { return nil }
        guard let head = AuditTrailPage.Head(expect) else {
            throw .invalid("--expect wants NUMBER:HASH, with a hash of 64 hexadecimal digits")
        }
        return head
    }
}

import ArgumentParser
import ManagementClient

/// `supamanager orphans …`
struct OrphansCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orphans",
        abstract: "Manage objects of this installation that belong to no project.",
        discussion: """
            They are left after the manager's database was restored from a backup, or when labels were copied. Objects \
            with another installation's label are never listed. With SUPAMANAGER_ORPHANS=remove the manager removes \
            containers and networks after a day; only this command removes volumes.
            """,
        subcommands: [OrphansListCommand.self, OrphansRemoveCommand.self])
}

/// `supamanager orphans list`
struct OrphansListCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the orphans.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let orphans = try await session.client().orphans()
        try session.show(
            orphans, output, none: "There are no orphans.",
            columns: ["NUMBER", "KIND", "NAME", "PROJECT", "SINCE", "STATE", "REFUSAL"]
        ) { orphan in
            [
                Table.Cell("\(orphan.id)"), Table.Cell(orphan.kind), Table.Cell(orphan.name),
                Table.Cell(orphan.projectLabel), Table.Cell(orphan.firstSeen), Table.Cell(orphan.state),
                Table.Cell(orphan.refusal ?? ""),
            ]
        }
    }
}

/// `supamanager orphans remove`
struct OrphansRemoveCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove an orphan from the engine; a volume is removed with its data.",
        discussion: "Asks for its name first, unless --yes is given.")

    @Argument(help: "Number of the orphan in the list.")
    var number: Int64

    @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask for confirmation.")
    var isConfirmed = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        guard let orphan = try await client.orphans().first(where: { $0.id == number }) else {
            throw .notFound("there is no orphan \(number): supamanager orphans list shows all")
        }
        if !isConfirmed {
            try session.confirm(
                "remove \(orphan.name)",
                warning: "This removes the \(orphan.kind) \(DisplayText.oneLine(orphan.name)). It cannot be undone.",
                asking: "Type its name to continue: ", for: orphan.name,
                otherwise: "nothing was removed: that is not its name")
        }
        let removed = try await client.removeOrphan(number)
        if output.isJSON { return try session.show(json: removed) }
        session.say("The \(removed.kind) \(DisplayText.oneLine(removed.name)) is being removed.")
    }
}

import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects delete`
struct ProjectsDeleteCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a project, with its data or without.",
        discussion: """
            Asks for the project's name first, and then whether to destroy its data. With --yes nothing is asked, and \
            either --keep-volumes or --destroy-volumes is required. Prints what was destroyed and what is kept.
            """, aliases: ["rm"])

    /// The choice for the data.
    enum Volumes: String, EnumerableFlag {
        case keepVolumes, destroyVolumes

        static func help(for value: Volumes) -> ArgumentHelp? {
            switch value {
            case .keepVolumes: "Keep its data: it can be attached to a new project, or destroyed later."
            case .destroyVolumes: "Destroy its data, for good."
            }
        }
    }

    @OptionGroup var project: ProjectArgument

    @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask for confirmation.")
    var isConfirmed = false

    @Flag(exclusivity: .exclusive) var volumes: Volumes?

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    /// The word to type before data is destroyed.
    private static let destroyWord = "destroy"

    func validate() throws {
        guard !isConfirmed || volumes != nil else {
            throw ValidationError(
                "--yes needs --keep-volumes or --destroy-volumes: --yes does not decide about the data")
        }
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        let volumes = try confirmed(detail, session)
        let last = try await client.lastEvent(of: ref)
        try await client.delete(ref, keepingVolumes: volumes == .keepVolumes)
        guard waiting.wait else {
            let answer = LifecycleStep.Answer(
                ref: detail.ref, name: detail.name, status: StudioStatus.goingDown.rawValue)
            return try LifecycleStep(session: session, waiting: waiting, output: output).show(answer)
        }
        let printer = ProgressPrinter(session: session, client: client, options: waiting, isSilent: output.isJSON)
        try await printer.wait(for: .gone, ref, name: detail.name, eventsAfter: last)
        let receipt = try await client.deletionReceipt(of: ref)
        if output.isJSON { return try session.show(json: receipt) }
        session.say("Project \(DisplayText.oneLine(detail.name)) (\(detail.ref)) is gone.")
        session.show(receipt)
    }

    private func confirmed(_ detail: ProjectDetail, _ session: ClientSession) throws(ClientError) -> Volumes {
        if isConfirmed, let volumes { return volumes }
        guard session.terminal.isTerminal(.input) else {
            throw .invalid(
                "there is no terminal to ask on: give --yes to delete \(detail.ref) without being asked, and"
                    + " --keep-volumes or --destroy-volumes to decide about its data")
        }
        session.note("This deletes \(DisplayText.oneLine(detail.name)) (\(detail.ref)) with its settings and keys.")
        guard try session.terminal.ask("Type the project's name to continue: ") == detail.name else {
            throw .failed("nothing was deleted: that is not the project's name")
        }
        if let volumes { return volumes }
        let answer = try session.terminal.ask(
            "Also destroy its data, for good? Type \(Self.destroyWord) to do so, or press Return to keep it: ")
        switch answer {
        case Self.destroyWord: return .destroyVolumes
        case "": return .keepVolumes
        default: throw .failed("nothing was deleted: type \(Self.destroyWord), or nothing at all")
        }
    }
}

/// `supamanager projects receipt`
struct ProjectsReceiptCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt", abstract: "Show what the deletion of a project destroyed, and what it kept.")

    @Argument(help: "Ref of the project; deleted projects are not found by name.")
    var ref: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        guard let ref = ProjectRef(ref) else { throw .invalid("a project's ref is twenty letters from a to z") }
        let receipt = try await session.client().deletionReceipt(of: ref)
        if output.isJSON { return try session.show(json: receipt) }
        var fields = FieldList()
        fields.add("Project", receipt.name, tint: .strong)
        fields.add("Ref", receipt.ref)
        fields.add("Status", receipt.status, tint: Style.Tint(StudioStatus(rawValue: receipt.status) ?? .unknown))
        fields.add("Asked for", receipt.requestedAt)
        fields.add("Ended", receipt.endedAt)
        session.show(fields)
        session.show(receipt)
    }
}

extension ClientSession {
    /// Prints what a deletion destroyed and kept.
    func show(_ receipt: DeletionReceipt) {
        var table = Table(["OUTCOME", "KIND", "NAME", "ID", "REASON"])
        for (outcome, items, tint) in [
            ("remaining", receipt.remaining, Style.Tint.bad), ("kept", receipt.kept, .strong),
            ("destroyed", receipt.destroyed, .faint),
        ] {
            for item in items {
                table.add([
                    Table.Cell(outcome, tint), Table.Cell(item.kind), Table.Cell(item.name),
                    Table.Cell(item.kind == "volume" ? "" : String(item.id.prefix(Self.shortIDLength))),
                    Table.Cell(item.reason ?? ""),
                ])
            }
        }
        show(table)
    }

    /// Characters of an engine's id that are enough to know it by, as everywhere in Docker.
    private static let shortIDLength = 12
}

import ArgumentParser
import ManagementClient

/// `supamanager projects accept-volume-loss`
struct ProjectsAcceptVolumeLossCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept-volume-loss",
        abstract: "Let a project continue without the data that a volume held.",
        discussion: """
            A project with data does not start when one of its volumes is missing or was replaced. Restore the volume \
            from a backup if there is one. This command gives up its data: if there is no volume, an empty one is \
            created, otherwise the existing volume of that name is used. Asks for the volume's name first, unless --yes is given.
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Name of the volume, from the project's failure message.")
    var volume: String

    @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask for confirmation.")
    var isConfirmed = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        if !isConfirmed {
            try session.confirm(
                "give up the data",
                warning: "\(DisplayText.oneLine(detail.name)) (\(detail.ref)) continues without what this volume held.",
                asking: "Type the volume's name to continue: ", for: volume,
                otherwise: "nothing was changed: that is not the volume's name")
        }
        try await client.acceptLoss(of: volume, in: ref)
        if output.isJSON { return try session.show(json: ["ref": detail.ref, "volume": volume]) }
        session.say(
            "Project \(DisplayText.oneLine(detail.name)) (\(detail.ref)) continues without the data of \(volume).")
    }
}

import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager volumes …`
struct VolumesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volumes", abstract: "Manage data that is kept of deleted projects.",
        discussion: """
            It is kept when a project is deleted with --keep-volumes. Attach it to a new project with \
            supamanager projects create NAME --attach-volumes-of REF.
            """,
        subcommands: [VolumesListCommand.self, VolumesDestroyCommand.self])
}

/// `supamanager volumes list`
struct VolumesListCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the volumes that are kept.")

    @Option(name: .customLong("org"), help: "The organization; needed when you belong to several.")
    var organization: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let volumes = try await client.keptVolumes(in: try await session.organization(organization, client))
        try session.show(
            volumes, output, none: "No volumes are kept.",
            columns: ["NAME", "PROJECT", "REF", "KEPT", "POSTGRES", "STATE"]
        ) { volume in
            [
                Table.Cell(volume.name), Table.Cell(volume.projectName), Table.Cell(volume.projectRef),
                Table.Cell(volume.keptAt ?? ""), Table.Cell(volume.postgresMajor.map(String.init) ?? ""),
                Table.Cell(volume.isBeingDestroyed ? "being destroyed" : "kept"),
            ]
        }
    }
}

/// `supamanager volumes destroy`
struct VolumesDestroyCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy", abstract: "Destroy a kept volume permanently.",
        discussion: "Asks for the volume's name first, unless --yes is given.")

    @Argument(help: "Name of the volume.")
    var name: String

    @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask for confirmation.")
    var isConfirmed = false

    @Option(name: .customLong("org"), help: "Organization of the project; needed when you belong to several.")
    var organization: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization, client)
        if !isConfirmed {
            try session.confirm(
                "destroy \(name)",
                warning: "This destroys the volume \(DisplayText.oneLine(name)). It cannot be undone.",
                asking: "Type the volume's name to continue: ", for: name,
                otherwise: "nothing was destroyed: that is not the volume's name")
        }
        try await client.destroyKeptVolume(name, in: slug)
        if output.isJSON { return try session.show(json: ["name": name, "state": "being destroyed"]) }
        session.say("Volume \(DisplayText.oneLine(name)) is being destroyed.")
    }
}

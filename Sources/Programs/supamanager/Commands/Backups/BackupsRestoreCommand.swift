import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager backups restore`
struct BackupsRestoreCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore the database of a project from a backup, or to a moment.",
        discussion: """
            The project stands still meanwhile. What was written since is no longer in the database; the volume with it is \
            kept, and backups undo goes back to it. A moment needs backups schedule --point-in-time; which moments can be \
            restored, backups schedule shows. Asks for the project's name first, unless --yes is given.
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Number of the backup; left out with --at.")
    var id: Int64?

    @Option(
        help: ArgumentHelp(
            "What was committed by this time, in RFC 3339 such as 2026-11-30T10:00:00Z, to the second.",
            valueName: "time"))
    var at: String?

    @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask for confirmation.")
    var isConfirmed = false

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (id == nil) != (at == nil) else { throw ValidationError("Name either a backup or a time with --at.") }
        if let at, Moment.seconds(of: at) == nil {
            throw ValidationError("--at \(at) is no time such as 2026-11-30T10:00:00Z.")
        }
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        let target = id.map { "backup \($0)" } ?? at ?? ""
        if !isConfirmed {
            try session.confirm(
                "restore \(ref)",
                warning:
                    "This takes the database of \(DisplayText.oneLine(detail.name)) (\(ref)) back to \(target).",
                asking: "Type the project's name to continue: ", for: detail.name,
                otherwise: "nothing was restored: that is not the project's name")
        }
        let last = try await client.lastEvent(of: ref)
        if let id {
            try await client.restoreBackup(id, of: ref)
        } else if let seconds = at.flatMap({ Moment.seconds(of: $0) }) {
            try await client.restore(to: seconds, of: ref)
        }
        try await RestoreWait(session: session, client: client, waiting: waiting, output: output)
            .end(of: detail, ref, eventsAfter: last)
    }
}

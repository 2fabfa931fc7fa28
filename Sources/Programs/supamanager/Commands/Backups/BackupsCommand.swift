import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager backups …`
struct BackupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backups", abstract: "Back up the databases of projects, and restore them.",
        discussion: """
            A backup is verified once it was restored where nobody uses it. A restore makes a new volume, proves it, and \
            only then uses it; the volume that the project had is kept, and backups undo goes back to it. With backups \
            schedule --point-in-time every moment between backups can be restored, too.
            """,
        subcommands: [
            BackupsListCommand.self, BackupsCreateCommand.self, BackupsVerifyCommand.self,
            BackupsRestoreCommand.self, BackupsUndoCommand.self, BackupsScheduleCommand.self,
        ])
}

/// `supamanager backups list`
struct BackupsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the backups of a project, newest first.")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let backups = try await client.backups(of: ref)
        try session.show(
            backups, output, none: "There are no backups.",
            columns: ["ID", "STATE", "REASON", "REQUESTED", "TAKEN", "VERIFIED", "BYTES", "FAILURE"]
        ) { backup in
            [
                Table.Cell("\(backup.id)"), Table.Cell(backup.state), Table.Cell(backup.reason),
                Table.Cell(backup.insertedAt), Table.Cell(backup.takenAt ?? ""), Table.Cell(backup.verifiedAt ?? ""),
                Table.Cell(backup.storedBytes.map(String.init) ?? ""), Table.Cell(backup.failure ?? ""),
            ]
        }
    }
}

/// `supamanager backups create`
struct BackupsCreateCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Back up the database of a project now.",
        discussion: "Waits until the backup is stored and was restored for a trial, unless --no-wait is given.")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let backup = try await client.createBackup(of: ref)
        try await BackupWait(client: client, ref: ref, options: waiting).show(backup, in: session, as: output)
    }
}

/// `supamanager backups verify`
struct BackupsVerifyCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Restore a backup where nobody uses it, to see that it can be.",
        discussion: "The result is shown by backups list and in the project's history.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Number of the backup.")
    var id: Int64

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let backup = try await client.verifyBackup(id, of: ref)
        if output.isJSON { return try session.show(json: backup) }
        session.say("Backup \(id) is being restored for a trial.")
    }
}

/// `supamanager backups undo`
struct BackupsUndoCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Go back to the database that a project had before its last restore.",
        discussion: "The volume that is in use now is kept, so that a second undo goes forward again.")

    @OptionGroup var project: ProjectArgument
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        let last = try await client.lastEvent(of: ref)
        try await client.undoRestore(of: ref)
        try await RestoreWait(session: session, client: client, waiting: waiting, output: output)
            .end(of: detail, ref, eventsAfter: last)
    }
}

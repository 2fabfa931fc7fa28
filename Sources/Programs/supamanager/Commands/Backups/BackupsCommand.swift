import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager backups …`
struct BackupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backups", abstract: "Back up the databases of projects, and restore them.",
        discussion: """
            A backup is verified once it was restored where nobody uses it. A restore makes a new volume, proves it, and \
            only then uses it; the volume that the project had is kept, and backups undo goes back to it.
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

/// `supamanager backups restore`
struct BackupsRestoreCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore the database of a project from a backup.",
        discussion: """
            The project stands still meanwhile. What was written since the backup is no longer in the database; the volume \
            with it is kept, and backups undo goes back to it. Asks for the project's name first, unless --yes is given.
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: "Number of the backup.")
    var id: Int64

    @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask for confirmation.")
    var isConfirmed = false

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        if !isConfirmed {
            try session.confirm(
                "restore \(ref)",
                warning:
                    "This takes the database of \(DisplayText.oneLine(detail.name)) (\(ref)) back to backup \(id).",
                asking: "Type the project's name to continue: ", for: detail.name,
                otherwise: "nothing was restored: that is not the project's name")
        }
        let last = try await client.lastEvent(of: ref)
        try await client.restoreBackup(id, of: ref)
        try await RestoreWait(session: session, client: client, waiting: waiting, output: output)
            .end(of: detail, ref, eventsAfter: last)
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

/// `supamanager backups schedule`
struct BackupsScheduleCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Show or set when a project is backed up every day.",
        discussion: """
            Of a project with a schedule the newest backup of each of 7 days and of each of 4 weeks is kept; older ones go, \
            never the newest that was verified, and none while the newest is not.
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: ArgumentHelp("Time of day in UTC, HH:MM:SS; without it the schedule is shown.", valueName: "time"))
    var time: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let times: BackupTimes
        if let time {
            times = try await client.setBackupSchedule(time, of: ref)
        } else {
            times = try await client.backupSchedule(of: ref)
        }
        if output.isJSON { return try session.show(json: times) }
        session.say("The project is backed up every day at \(DisplayText.oneLine(times.scheduleFor)) UTC.")
    }
}

import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager backups schedule`
struct BackupsScheduleCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Show or set when a project is backed up every day.",
        discussion: """
            Of a project with a schedule the newest backup of each of 7 days and of each of 4 weeks is kept; older ones go, \
            never the newest that was verified, and none while the newest is not. With --point-in-time the log of the \
            database is copied, too: every moment of the last 7 days can be restored, from the first backup after that on. \
            --no-point-in-time ends that.
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: ArgumentHelp("Time of day in UTC, HH:MM:SS; without it the schedule is shown.", valueName: "time"))
    var time: String?

    @Flag(inversion: .prefixedNo, help: "Copy the log of the database, so that every moment can be restored.")
    var pointInTime: Bool?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let times: BackupTimes
        if time != nil || pointInTime != nil {
            times = try await client.setBackupSchedule(time, pointInTime: pointInTime, of: ref)
        } else {
            times = try await client.backupSchedule(of: ref)
        }
        if output.isJSON { return try session.show(json: times) }
        session.say("The project is backed up every day at \(DisplayText.oneLine(times.scheduleFor)) UTC.")
        guard times.pointInTime == true, let log = try await client.logCopy(of: ref) else { return }
        session.say("Its log is copied; the copy is \(DisplayText.oneLine(log.state)).")
        if let failure = log.failure { session.say("It waits because of: \(DisplayText.oneLine(failure))") }
        if log.windows.isEmpty { session.say("No moment can be restored yet.") }
        for window in log.windows {
            session.say(
                "Every moment from \(DisplayText.oneLine(window.earliest)) to \(DisplayText.oneLine(window.latest)) can be"
                    + " restored.")
        }
    }
}

import ManagementClient
import ProjectModel

/// The wait for a backup.
struct BackupWait {
    /// Time between two looks.
    private static let interval: Duration = .milliseconds(500)

    let client: ManagementClient
    let ref: ProjectRef
    let options: WaitOptions

    /// Shows a backup, once nothing more happens to it without a request. One that failed is an error.
    func show(_ begun: Backup, in session: ClientSession, as output: OutputOptions) async throws(ClientError) {
        let backup = options.wait ? try await settled(begun) : begun
        if backup.state == "failed" || backup.state == "unsound" {
            throw .failed("backup \(backup.id) is \(backup.state): \(DisplayText.oneLine(backup.failure ?? ""))")
        }
        if options.wait, isUntried(backup, since: begun) {
            throw .failed(
                "backup \(backup.id) is stored and could not be tried: \(DisplayText.oneLine(backup.failure ?? ""))")
        }
        if output.isJSON { return try session.show(json: backup) }
        session.say("Backup \(backup.id) is \(backup.state).")
    }

    /// Whether the host kept a trial from being made, since the wait began.
    private func isUntried(_ backup: Backup, since begun: Backup) -> Bool {
        backup.state == "stored" && backup.failure != nil && backup.failure != begun.failure
    }

    private func settled(_ begun: Backup) async throws(ClientError) -> Backup {
        let end = ContinuousClock.now + .seconds(options.timeout)
        var backup = begun
        while !backup.isSettled, !isUntried(backup, since: begun) {
            guard ContinuousClock.now < end else {
                throw .failed(
                    "backup \(backup.id) is \(backup.state) after \(options.timeout) seconds: see backups list")
            }
            do { try await Task.sleep(for: Self.interval) } catch { throw .failed("the wait was interrupted") }
            let found = try await client.backups(of: ref).first { $0.id == backup.id }
            guard let found else { throw .unexpected("backup \(backup.id) is not listed any more") }
            backup = found
        }
        return backup
    }
}

/// The wait for a project whose database is being restored.
struct RestoreWait {
    let session: ClientSession
    let client: ManagementClient
    let waiting: WaitOptions
    let output: OutputOptions

    /// Waits until the project runs again, and tells how the restore ended: a project also runs after one that failed.
    func end(of detail: ProjectDetail, _ ref: ProjectRef, eventsAfter last: ProjectEvent?) async throws(ClientError) {
        let step = LifecycleStep(session: session, waiting: waiting, output: output)
        if waiting.wait {
            let printer = ProgressPrinter(session: session, client: client, options: waiting, isSilent: output.isJSON)
            try await printer.wait(for: .running, ref, name: detail.name, eventsAfter: last)
            let restore = try await client.operations(of: ref, limit: 10).first { $0.kind == "restore" }
            if let restore, restore.state != "succeeded" {
                throw .failed("the restore \(restore.state): \(DisplayText.oneLine(restore.result ?? ""))")
            }
        }
        try step.show(.init(ref: detail.ref, name: detail.name, status: try await client.status(of: ref)))
    }
}

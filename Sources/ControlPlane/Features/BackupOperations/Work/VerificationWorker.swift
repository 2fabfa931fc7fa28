import BackupModel
public import Orchestrator
import ProjectModel
import Reconciler

/// Restores backups where nobody uses them: only one that was restored counts as complete. The project keeps running.
public struct VerificationWorker: Sendable {
    private let ground: BackupGround

    static let timeLimit: Duration = .seconds(14_400)
    static let tries = WorkTries(first: .seconds(30), longest: .seconds(600), attemptsMax: 4)
    /// The mark of the volumes that are made for trials: no other volume is removed.
    static let mark = "trial"

    public init(_ ground: BackupGround) { self.ground = ground }

    /// The job's definition; one at a time, since each needs the room of a database.
    public var definition: JobDefinition {
        JobDefinition(.backupVerification, retry: Self.tries.retry, timeLimit: Self.timeLimit, parallelMax: 1) {
            try await run($0)
        }
    }

    private func run(_ context: JobContext) async throws -> String {
        guard let ref = context.job.ref, let id = Int64(context.job.payload) else {
            throw JobFailure("the job names no backup")
        }
        guard let backup = try await ground.backups.backup(id, of: ref), backup.state.isInStore else {
            return "the backup is not in the store"
        }
        if let reason = Self.tries.end(of: context.job) {
            try await conclude(backup, .notTried(reason))
            throw JobFailure(reason)
        }
        do {
            try await verify(backup, context)
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as NotActiveManager {
            throw error
        } catch is RestoreGivenUp {
            return "given up: the project is on its way out"
        } catch {
            guard Self.tries.isLast(context.job, error) else { throw error }
            try await conclude(backup, TrialEnd(error))
            throw JobFailure("\(error)")
        }
        try await conclude(backup, .complete)
        return "backup \(id) was restored"
    }

    private func verify(_ backup: ProjectBackup, _ context: JobContext) async throws {
        guard let archived = backup.archived else { throw JobFailure("the backup has no name in the archive") }
        let ref = backup.ref
        let database = try await ground.catalog.databaseInUse(of: ref)
        let access = try await ground.access(of: ref)
        try await context.note(JobProgress(done: 0, message: "reading the backup"))
        let found = try await ground.archive.verify(archived, in: access)
        guard found.isSound else { throw UnsoundBackup(found.problems.joined(separator: "; ")) }
        let plan = try await ground.archive.restorePlan(for: .backup(archived), in: access, known: nil)
        try await ground.requireRoom(for: plan, in: access)
        var volume = database.volume
        volume.name = VolumeNames.trial(of: database.access.volume, in: ref)
        volume.identity = Self.mark
        let recovery = ClusterRecovery(
            engine: ground.engine, files: ground.files, archive: ground.archive, time: ground.time
        ) {
            try context.check()
            let status = try await ground.projects.project(ref)?.status
            guard let status, status.goal != .absent else { throw RestoreGivenUp() }
        }
        let result: Result<Void, any Error>
        do {
            try await recovery.recover(plan, of: access, for: database, into: volume) { words in
                try await context.note(JobProgress(done: 0, message: words))
            }
            result = .success(())
        } catch { result = .failure(error) }
        try await recovery.removeRemains(of: ref, volume)
        try result.get()
    }

    /// Writes down what a trial found, unless the backup was removed meanwhile.
    private func conclude(_ backup: ProjectBackup, _ end: TrialEnd) async throws {
        let now = ground.time.now()
        try await ground.units.perform { [ground] in
            let present = try await ground.backups.backup(backup.id, of: backup.ref)
            guard let present, present.state.isInStore, present.archived == backup.archived else { return }
            let row = end.concluding(present, at: now)
            try await ground.backups.update(row)
            try await ground.note(
                end == .complete ? .backupVerified : .backupFailed, end.words(of: row.id), of: row.ref,
                failure: row.failure)
        }
    }
}

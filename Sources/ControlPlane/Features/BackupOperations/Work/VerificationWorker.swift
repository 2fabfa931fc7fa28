import BackupModel
public import Orchestrator
import ProjectModel
import Reconciler

/// Restores backups where nobody uses them: only one that was restored counts as complete. The project keeps running.
public struct VerificationWorker: Sendable {
    private let ground: BackupGround

    static let timeLimit: Duration = .seconds(14_400)
    static let retry = JobRetry(first: .seconds(30), longest: .seconds(600), attemptsMax: 4)

    public init(_ ground: BackupGround) { self.ground = ground }

    /// The job's definition; one at a time, since each needs the room of a database.
    public var definition: JobDefinition {
        JobDefinition(.backupVerification, retry: Self.retry, timeLimit: Self.timeLimit, parallelMax: 1) {
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
        do {
            try await verify(backup, context)
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as NotActiveManager {
            throw error
        } catch is RestoreGivenUp {
            return "given up: the project is on its way out"
        } catch {
            guard context.job.isLastTry(of: Self.retry, error) else { throw error }
            try await conclude(backup, failure: "\(error)")
            throw JobFailure("\(error)")
        }
        try await conclude(backup, failure: nil)
        return "backup \(id) was restored"
    }

    private func verify(_ backup: ProjectBackup, _ context: JobContext) async throws {
        guard let archived = backup.archived else { throw JobFailure("the backup has no name in the archive") }
        let ref = backup.ref
        let database = try await ground.catalog.databaseInUse(of: ref)
        let access = try await ground.access(of: ref)
        try await context.note(JobProgress(done: 0, message: "reading the backup"))
        let found = try await ground.archive.verify(archived, in: access)
        guard found.isSound else { throw JobFailure(found.problems.joined(separator: "; ")) }
        let plan = try await ground.archive.restorePlan(for: .backup(archived), in: access, known: nil)
        var volume = database.volume
        volume.name = "\(ref)_\(database.access.volume)_trial"
        volume.identity = RandomIdentifier.uuid()
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
        try await recovery.removeRemains(of: ref, volume: volume.name)
        try result.get()
    }

    private func conclude(_ backup: ProjectBackup, failure: String?) async throws {
        var concluded = backup
        (concluded.state, concluded.failure) = (failure == nil ? .verified : .unsound, failure)
        if failure == nil { concluded.verifiedAt = ground.time.now() }
        let row = concluded
        try await ground.units.perform { [ground] in
            try await ground.backups.update(row)
            let words =
                failure.map { "backup \(row.id) cannot be relied on: its trial failed: \($0)" }
                ?? "backup \(row.id) was restored for a trial, and is complete"
            try await ground.note(
                failure == nil ? .backupVerified : .backupFailed, words, of: row.ref, failure: failure)
        }
    }
}

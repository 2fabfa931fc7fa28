import BackupModel
import Logging
public import Orchestrator
import ProjectModel
import Reconciler

/// Makes backups. A second run after a crash makes another copy under another name; the first one, which is not complete,
/// counts for nothing and is removed later.
public struct BackupWorker: Sendable {
    private let ground: BackupGround

    /// Longest time of one backup.
    static let timeLimit: Duration = .seconds(14_400)
    /// Copies that are made at once: each keeps a disk busy.
    static let parallelMax = 2
    static let tries = WorkTries(first: .seconds(10), longest: .seconds(300), attemptsMax: 6)

    public init(_ ground: BackupGround) { self.ground = ground }

    /// The job's definition.
    public var definition: JobDefinition {
        JobDefinition(.backup, retry: Self.tries.retry, timeLimit: Self.timeLimit, parallelMax: Self.parallelMax) {
            try await run($0)
        }
    }

    private func run(_ context: JobContext) async throws -> String {
        guard let ref = context.job.ref, let id = Int64(context.job.payload) else {
            throw JobFailure("the job names no backup")
        }
        guard var backup = try await ground.backups.backup(id, of: ref), backup.state == .pending else {
            return "the backup is not pending any more"
        }
        if let reason = Self.tries.end(of: context.job) {
            try await fail(&backup, JobFailure(reason))
            throw JobFailure(reason)
        }
        do {
            let base = try await take(&backup, context)
            return "\(base.storedBytes) bytes"
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as NotActiveManager {
            throw error
        } catch {
            guard Self.tries.isLast(context.job, error) else { throw error }
            try await fail(&backup, error)
            throw JobFailure("\(error)")
        }
    }

    private func take(_ backup: inout ProjectBackup, _ context: JobContext) async throws -> BaseBackup {
        let ref = backup.ref
        let database = try await ground.catalog.databaseInUse(of: ref)
        guard let name = backup.archiveName(run: context.job.run, draw: RandomIdentifier.uuid()) else {
            throw JobFailure("no name for a backup")
        }
        let source = try await ground.source(of: database)
        let access = try await ground.access(of: ref)
        try context.check()
        let copiesLog = try await ground.backups.schedule(of: ref)?.copiesLog ?? false
        if copiesLog { try await reserve(WALRequest(source: source, access: access, requiresBound: true), of: ref) }
        if context.job.attempts == 0 {
            try await ground.note(.backupBegun, "backup \(backup.id) of the database has begun", of: ref)
        }
        let base = try await ground.archive.takeBase(
            BaseBackupRequest(id: name, source: source, access: access, includesWAL: true)
        ) { bytes in
            // A run that is another manager's by now is found out at its end.
            try? await context.note(JobProgress(done: bytes, message: "copying the database"))
        }
        try context.check()
        backup.archived = name
        backup.image = database.service.spec.image
        (backup.state, backup.storedBytes, backup.takenAt) = (.stored, base.storedBytes, base.finished)
        let stored = backup
        try await ground.units.perform { [ground] in
            try await ground.backups.update(stored)
            try await ground.note(.backupFinished, "backup \(stored.id) of the database is stored", of: ref)
            try await ground.requests.enqueue(.backupVerification, "\(stored.id)", of: ref)
        }
        if copiesLog { await LogWindow(ground: ground).lookIfPossible(at: ref) }
        return base
    }

    /// Without it the server may recycle the log between this backup and the first that a receiver gets. The backup holds
    /// its own log, and is made all the same.
    private func reserve(_ request: WALRequest, of ref: ProjectRef) async throws {
        do throws(BackupError) { try await ground.archive.reserveWAL(request) } catch {
            guard error != .cancelled else { throw CancellationError() }
            ground.logger.warning(
                "a backup is made though the server does not keep its log from there on",
                metadata: ["project": "\(ref)", "error": "\(error)"])
            try await ground.backups.noteFailure("\(error)", ofLogOf: ref, at: ground.time.now())
        }
    }

    private func fail(_ backup: inout ProjectBackup, _ error: any Error) async throws {
        (backup.state, backup.failure) = (.failed, "\(error)")
        let failed = backup
        try await ground.units.perform { [ground] in
            try await ground.backups.update(failed)
            try await ground.note(
                .backupFailed, "backup \(failed.id) of the database failed: \(error)", of: failed.ref,
                failure: "\(error)")
        }
    }
}

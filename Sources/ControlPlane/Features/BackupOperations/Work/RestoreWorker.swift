import BackupModel
import Logging
public import Orchestrator
import ProjectModel
import Reconciler

/// Restores a project's database into a new generation of its volume.
///
/// The project is RESTORING, and its services are stopped by the passes over it. The work's rows say how far it is: a
/// manager that dies leaves it to the next one, which begins the volume again, or continues with a proven one. The old
/// volume is not touched. Whatever ends the work ends RESTORING, too.
public struct RestoreWorker: Sendable {
    private let ground: BackupGround

    static let timeLimit: Duration = .seconds(14_400)
    static let tries = WorkTries(first: .seconds(2), longest: .seconds(30), attemptsMax: 5)
    /// Longest time until all services have stopped.
    static let stopMax: Duration = .seconds(300)

    public init(_ ground: BackupGround) { self.ground = ground }

    /// The job's definition.
    public var definition: JobDefinition {
        JobDefinition(.restore, retry: Self.tries.retry, timeLimit: Self.timeLimit, parallelMax: 2) {
            try await run($0)
        }
    }

    private func run(_ context: JobContext) async throws -> String {
        guard let id = Int64(context.job.payload), var restore = try await ground.backups.restore(id) else {
            throw JobFailure("the job names no restore")
        }
        if restore.state.isOver {
            // What it made may still be there: the manager may have ended between the two.
            if restore.state != .switched { try await cleanUp(restore, context) }
            return "the restore is \(restore.state.rawValue)"
        }
        if let reason = Self.tries.end(of: context.job) { return try await fail(restore, because: reason, context) }
        do {
            if restore.state == .preparing { try await prepare(&restore, context) }
            try await switchVolume(&restore, context)
            return "the project uses the volume \(restore.volume ?? "")"
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as NotActiveManager {
            throw error
        } catch is RestoreGivenUp {
            try await end(restore, as: .cancelled, nil)
            try await cleanUp(restore, context)
            return "given up: the project is not RESTORING any more, or by a later restore"
        } catch {
            guard Self.tries.isLast(context.job, error) else { throw error }
            return try await fail(restore, because: "\(error)", context)
        }
    }

    private func fail(
        _ restore: ProjectRestore, because reason: String, _ context: JobContext
    ) async throws -> String {
        try await end(restore, as: .failed, reason)
        try await cleanUp(restore, context)
        throw JobFailure(reason)
    }

    // MARK: The new volume

    private func prepare(_ restore: inout ProjectRestore, _ context: JobContext) async throws {
        try await waitUntilStopped(restore, context)
        if case .volume(let name) = restore.source {
            (restore.volume, restore.state) = (name, .proven)
            return try await ground.backups.update(restore)
        }
        let database = try await ground.catalog.databaseInUse(of: restore.ref)
        let volume = try await choose(&restore, database)
        guard let target = restore.source.target else { throw JobFailure("the restore has no target") }
        let access = try await ground.access(of: restore.ref)
        let known = try await ground.backups.logCopy(of: restore.ref)?.progress
        let plan = try await ground.archive.restorePlan(for: target, in: access, known: known)
        try await ground.requireRoom(for: plan, in: access)
        let wanted = restore
        let recovery = ClusterRecovery(
            engine: ground.engine, files: ground.files, archive: ground.archive, time: ground.time
        ) { try await check(wanted, context) }
        try await recovery.recover(plan, of: access, for: database, into: volume) { words in
            try await context.note(JobProgress(done: 0, message: words))
        }
        restore.state = .proven
        try await ground.backups.update(restore)
    }

    /// The volume of the new generation. Its record is written before it is made, and the same one is taken by each try.
    private func choose(_ restore: inout ProjectRestore, _ database: DatabaseInUse) async throws -> DesiredVolume {
        let ref = restore.ref
        let known = try await ground.custody.volumes(of: ref)
        var volume = database.volume
        if let record = known.first(where: { $0.name == restore.volume && !$0.holdsData }) {
            (volume.name, volume.identity) = (record.name, record.identity)
            return volume
        }
        let generations = VolumeGenerations(known, of: ref, database.access.volume)
        let seen = try await ground.engine.observe(ref).volumes.map(\.name)
        let record = generations.next(
            of: ref, database.access.volume, seen: seen, identity: RandomIdentifier.uuid(), at: ground.time.now())
        restore.volume = record.name
        let chosen = restore
        try await ground.units.perform { [ground] in
            try await ground.custody.save([record])
            try await ground.backups.update(chosen)
        }
        (volume.name, volume.identity) = (record.name, record.identity)
        return volume
    }

    private func waitUntilStopped(_ restore: ProjectRestore, _ context: JobContext) async throws {
        let deadline = ground.time.uptime() + Self.stopMax
        while true {
            try await check(restore, context)
            let observed = try await ground.engine.observe(restore.ref)
            if !observed.containers.contains(where: { $0.state.isUp && !$0.isHelper }) { return }
            guard ground.time.uptime() < deadline else {
                throw JobFailure("the services of the project have not stopped within \(Self.stopMax)")
            }
            try await ground.time.sleep(for: ClusterRecovery.lookInterval)
        }
    }

    /// Throws unless this manager acts and the restore is still wanted.
    private func check(_ restore: ProjectRestore, _ context: JobContext) async throws {
        try context.check()
        guard try await isWanted(restore) else { throw RestoreGivenUp() }
    }

    /// Whether the project is RESTORING because of this restore: an earlier one that was cancelled may run on for a
    /// moment when the next one has been asked for.
    private func isWanted(_ restore: ProjectRestore) async throws -> Bool {
        guard try await ground.projects.project(restore.ref)?.status == .restoring else { return false }
        return try await ground.backups.restores(of: restore.ref, limit: 1).first?.id == restore.id
    }

    // MARK: The end

    /// Makes the project use the volume. All of it is one transaction: there is no moment at which the record says one
    /// volume and the status another.
    private func switchVolume(_ restore: inout ProjectRestore, _ context: JobContext) async throws {
        try await check(restore, context)
        let database = try await ground.catalog.databaseInUse(of: restore.ref)
        let (ref, now) = (restore.ref, ground.time.now())
        (restore.state, restore.endedAt) = (.switched, now)
        let done = restore
        let major = postgresMajor(ofImage: database.service.spec.image)
        try await ground.units.perform { [ground] in
            guard try await isWanted(done) else { throw RestoreGivenUp() }
            let generations = VolumeGenerations(
                try await ground.custody.volumes(of: ref), of: ref, database.access.volume)
            guard let name = done.volume, let next = generations.using(name, major: major, at: now) else {
                throw JobFailure("the volume of the restore is not known any more")
            }
            try await ground.custody.save(next)
            try await ground.backups.update(done)
            let transition = StatusTransition(
                from: .restoring, to: .resuming,
                cause: "the database was restored to \(done.source.words); its previous volume is kept", at: now)
            guard try await ground.projects.transition(ref, transition) else { throw RestoreGivenUp() }
            // What the database has become is a history of its own.
            _ = try await ground.requests.enqueueBackup(of: ref, because: .restore, by: nil)
        }
        await ground.observer.wake(ref)
    }

    /// Ends the restore with the volume that the project had. No effect on one that is over: its last step may have been
    /// stored although the answer was lost.
    private func end(_ restore: ProjectRestore, as state: RestoreState, _ failure: String?) async throws {
        let now = ground.time.now()
        try await ground.units.perform { [ground] in
            guard var done = try await ground.backups.restore(restore.id), !done.state.isOver else { return }
            let isWanted = try await isWanted(done)
            (done.state, done.endedAt, done.failure) = (isWanted ? state : .cancelled, now, failure)
            try await ground.backups.update(done)
            // The status is another restore's affair, or no restore's any more.
            guard isWanted, let failure else { return }
            var transition = StatusTransition(
                from: .restoring, to: .resuming,
                cause: "the restore to \(done.source.words) failed: \(failure). The previous volume is in use again",
                failure: ProjectFailure(message: "the restore failed: \(failure)"), at: now)
            transition.opens = NewOperation(.resume, requestedBy: "")
            _ = try await ground.projects.transition(done.ref, transition)
        }
        await ground.observer.wake(restore.ref)
    }

    /// Removes what a restore that came to nothing has made, and nothing that holds data. Throws what a further try may
    /// mend; what the engine refuses for good remains with its record, and goes with the project.
    private func cleanUp(_ restore: ProjectRestore, _ context: JobContext) async throws {
        let recovery = ClusterRecovery(
            engine: ground.engine, files: ground.files, archive: ground.archive, time: ground.time
        ) { try context.check() }
        do {
            let known = try await ground.custody.volumes(of: restore.ref)
            let unused = known.first { $0.name == restore.volume && !$0.holdsData && $0.setAsideAt != nil }
            guard let unused else { return try await recovery.removeHelpers(of: restore.ref) }
            try await recovery.removeRemains(
                of: restore.ref,
                DesiredVolume(name: unused.name, composeName: unused.composeName, identity: unused.identity))
            try await ground.custody.forget(volumes: [unused.name])
        } catch {
            guard error is JobFailure || (error as? EngineError)?.isPermanent == true else { throw error }
            ground.logger.warning(
                "what a restore has made is not removed",
                metadata: ["project": "\(restore.ref)", "volume": "\(restore.volume ?? "")", "error": "\(error)"])
        }
    }
}

/// The project is not RESTORING any more, or by a later restore: this one was cancelled, or the project is being deleted.
struct RestoreGivenUp: Error {}

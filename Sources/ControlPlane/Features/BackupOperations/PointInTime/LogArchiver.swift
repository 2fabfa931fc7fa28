import BackupModel
import Logging
import Orchestrator
import ProjectModel
import Synchronization

/// Copies the logs of all projects that are to be restored to a moment, while this manager is the active one.
///
/// A project's receiver lives as long as its database: when that stops, it confirms everything and ends the stream
/// itself, so that a pause or a restore loses nothing. Nothing is remembered here: where a receiver begins is in the slot
/// and in the store.
public final class LogArchiver: Sendable {
    /// Time between two looks at which projects are wanted, and between two at what can be restored of one.
    public static let lookInterval: Duration = .seconds(5)
    /// How long a receiver of a project that stops is waited for: a store that fails is no reason to keep a database from
    /// its end. What is not stored then stays in the volume, and is stored when the project runs again.
    static let stopMax: Duration = .seconds(20)
    /// The pause after a receiver that failed; it doubles up to ``pauseMax``.
    static let pauseMin: Duration = .seconds(1)
    static let pauseMax: Duration = .seconds(60)
    /// A receiver that lived so long did not fail at its beginning.
    static let soundAfter: Duration = .seconds(60)

    /// A receiver that runs.
    private struct Followed {
        /// Ends it.
        let end: AsyncStream<Void>.Continuation
        /// Since when its project was seen to be on the way to a stop.
        var stoppingSince: Duration?
    }

    private let ground: BackupGround
    private let lookInterval: Duration
    private let followed = Mutex<[ProjectRef: Followed]>([:])

    public init(_ ground: BackupGround, lookInterval: Duration = LogArchiver.lookInterval) {
        self.ground = ground
        self.lookInterval = lookInterval
    }

    /// Works until it is cancelled; returns when all receivers have ended.
    public func runUntilCancelled() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for ref in await refsToFollow() {
                    let (signals, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
                    followed.withLock { $0[ref] = Followed(end: end) }
                    group.addTask {
                        await self.follow(ref, until: signals)
                        self.followed.withLock { _ = $0.removeValue(forKey: ref) }
                    }
                }
                do { try await ground.time.sleep(for: lookInterval) } catch { break }
            }
            group.cancelAll()
        }
    }

    /// The wanted projects that nobody follows. Ends the receivers of those that are not wanted any more.
    private func refsToFollow() async -> [ProjectRef] {
        do {
            let wishes = try await ground.backups.logCopies()
            var found: [ProjectRef] = []
            for (ref, wish) in wishes.sorted(by: { $0.key < $1.key }) where !looked(at: ref, wish) {
                if !wish.isWanted { await release(ref) } else if !wish.isStanding { found.append(ref) }
            }
            return found
        } catch {
            if !Task.isCancelled {
                ground.logger.warning("the copies of logs are not known", metadata: ["error": "\(error)"])
            }
            return []
        }
    }

    /// Ends the receiver of a project where that is due; false when there is none.
    private func looked(at ref: ProjectRef, _ wish: LogWish) -> Bool {
        let now = ground.time.uptime()
        return followed.withLock { all in
            guard var one = all[ref] else { return false }
            one.stoppingSince = wish.isStanding ? one.stoppingSince ?? now : nil
            let isOver = one.stoppingSince.map { now - $0 >= Self.stopMax } ?? false
            if isOver || !wish.isWanted { one.end.finish() }
            all[ref] = one
            return true
        }
    }

    /// Receives until the project stops, is not wanted any more, or this is cancelled.
    private func follow(_ ref: ProjectRef, until signals: AsyncStream<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.receive(ref) }
            group.addTask { for await _ in signals {} }
            await group.next()
            group.cancelAll()
        }
    }

    private func receive(_ ref: ProjectRef) async {
        var pause = Self.pauseMin
        while !Task.isCancelled {
            let begun = ground.time.uptime()
            do {
                guard let database = try await runningDatabase(of: ref) else { return try await stand(ref) }
                try await receive(ref, from: database)
            } catch is CancellationError {
                return
            } catch BackupError.cancelled {
                return
            } catch {
                await note("\(error)", of: ref)
            }
            if ground.time.uptime() - begun >= Self.soundAfter { pause = Self.pauseMin }
            do { try await ground.time.sleep(for: pause) } catch { return }
            pause = min(pause * 2, Self.pauseMax)
        }
    }

    /// Nil unless the project is one whose database is to be up.
    private func runningDatabase(of ref: ProjectRef) async throws -> DatabaseInUse? {
        let status = try await ground.projects.project(ref)?.status
        guard status?.hasRunningDatabase == true else { return nil }
        return try await ground.catalog.databaseInUse(of: ref)
    }

    private func receive(_ ref: ProjectRef, from database: DatabaseInUse) async throws {
        let source = try await ground.source(of: database)
        let access = try await ground.access(of: ref)
        let copy = try await ground.backups.logCopy(of: ref)
        let row = CopyRow(copy ?? LogCopy(ref: ref, updatedAt: ground.time.now()), lookInterval: lookInterval)
        let request = WALRequest(source: source, access: access, requiresBound: true)
        try await ground.archive.receiveWAL(request) { [ground] event in
            do {
                guard try await row.take(event, in: ground) else { return }
                await row.looked(isSettled: await LogWindow(ground: ground).lookIfPossible(at: ref))
            } catch {
                ground.logger.warning(
                    "the copy of a log is not written down", metadata: ["project": "\(ref)", "error": "\(error)"])
            }
        }
    }

    // MARK: Rows

    /// The project has come to a stop: what was received until then stays what can be restored.
    private func stand(_ ref: ProjectRef) async throws {
        guard var copy = try await ground.backups.logCopy(of: ref), copy.state != .waiting else { return }
        (copy.state, copy.failure, copy.updatedAt) = (.waiting, nil, ground.time.now())
        try await ground.backups.save(copy)
    }

    private func note(_ failure: String, of ref: ProjectRef) async {
        guard !Task.isCancelled else { return }
        do {
            // A database that has just been told to stop is no trouble.
            let status = try await ground.projects.project(ref)?.status
            guard status?.hasRunningDatabase == true else { return }
            var copy = try await ground.backups.logCopy(of: ref) ?? LogCopy(ref: ref, updatedAt: ground.time.now())
            if copy.failure != failure {
                ground.logger.warning(
                    "the log of a project is not copied; it is tried again",
                    metadata: ["project": "\(ref)", "error": "\(failure)"])
            }
            (copy.state, copy.failure, copy.updatedAt) = (.failing, failure, ground.time.now())
            try await ground.backups.save(copy)
        } catch {
            ground.logger.warning(
                "the copy of a log is not written down", metadata: ["project": "\(ref)", "error": "\(error)"])
        }
    }

    /// Drops the slot of a project whose log is not wanted any more. A project that stands keeps its slot, which costs
    /// nothing there, until it runs.
    private func release(_ ref: ProjectRef) async {
        do {
            guard let record = try await ground.projects.project(ref), record.status.goal != .absent else {
                return try await ground.backups.forgetLogCopy(of: ref)
            }
            guard let database = try await runningDatabase(of: ref) else { return }
            let request = WALRequest(
                source: try await ground.source(of: database), access: try await ground.access(of: ref))
            try await ground.archive.releaseWAL(request)
            try await ground.backups.forgetLogCopy(of: ref)
        } catch {
            if !Task.isCancelled {
                ground.logger.warning(
                    "the slot of a project's log is not dropped; it is tried again",
                    metadata: ["project": "\(ref)", "error": "\(error)"])
            }
        }
    }
}

/// The row of one receiver, which alone writes how far it is.
private actor CopyRow {
    private var copy: LogCopy
    private let lookInterval: Duration
    /// Whether what can be restored is to be looked at: from a beginning on until a look has found a window.
    private var needsLook = true
    private var lookedAt: Duration?

    init(_ copy: LogCopy, lookInterval: Duration) {
        self.copy = copy
        self.lookInterval = lookInterval
    }

    /// Whether what can be restored is to be looked at now.
    func take(_ event: WALEvent, in ground: BackupGround) async throws -> Bool {
        copy = copy.taking(event, at: ground.time.now())
        try await ground.backups.save(copy)
        switch event {
        case .progress:
            let now = ground.time.uptime()
            guard needsLook, lookedAt.map({ now - $0 >= lookInterval }) ?? true else { return false }
            lookedAt = now
            return true
        case .delayed: return false
        case .branch: (needsLook, lookedAt) = (true, nil)
        case .gap(let gap):
            (needsLook, lookedAt) = (true, nil)
            try await ground.note(
                .backupFailed, "the log of the database has a gap: the server had removed \(gap) before it was copied",
                of: copy.ref, failure: "no moment within the gap can be restored; a new backup is made")
        }
        return false
    }

    func looked(isSettled: Bool) { needsLook = !isSettled }
}

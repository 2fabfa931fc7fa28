import BackupModel
import OrchestratorTesting
import ProjectModel
import Testing

@testable import BackupOperations
@testable import Orchestrator

/// One run of the upkeep on rows and an archive that are doubles. The project of these tests does not run.
@Suite("Upkeep of backups")
struct BackupUpkeepTests {
    private func run(
        _ body: @Sendable (APIHost, ProjectRef, BackupGround, FakeBackupArchive) async throws -> Void
    ) async throws {
        try await APIHost.run { host in
            let (ref, archive) = (try await host.create(), FakeBackupArchive())
            let ground = host.parts.backupGround(archive: archive, files: FakeContainerFiles())
            let rule = try #require(BackupSchedule(secondOfDay: 0))
            try await ground.backups.save(
                ScheduledBackup(rule: rule, updatedAt: ground.time.now(), copiesLog: true), of: ref)
            try await body(host, ref, ground, archive)
        }
    }

    /// Runs the job as if it had run a moment ago.
    private func upkeep(_ host: APIHost, _ ground: BackupGround) async throws {
        let definition = BackupUpkeep(ground).definition
        let (now, lease, token) = (ground.time.now(), ManagerLease(), FencingToken(1))
        lease.set(.active(token, until: .seconds(1_000_000_000)))
        var job = Job(id: 1, try #require(definition.ownJob(now: now)), at: now)
        job.endedAt = now
        _ = try await definition.handler(
            JobContext(
                job: job, store: host.parts.jobStore, runner: JobRunnerIdentity(manager: "test", token: token),
                lease: lease, time: ground.time))
    }

    @Test("backups in the store are found behind any number of failed ones")
    func manyFailed() async throws {
        try await run { host, ref, ground, archive in
            let (access, now) = (try await ground.access(of: ref), ground.time.now())
            let source = ReplicationSource(host: "db", port: 5_432, user: "u", password: nil, database: "d")
            for number in 1...2 {
                var row = try await ground.backups.insert(.schedule, of: ref, by: nil, at: now)
                let name = try #require(BackupID("b\(row.id)-\(number)"))
                let request = BaseBackupRequest(id: name, source: source, access: access, includesWAL: true)
                _ = try await archive.takeBase(request) { _ in }
                (row.state, row.archived) = (.verified, name)
                try await ground.backups.update(row)
            }
            for _ in 0...BackupLimits.listed {
                var row = try await ground.backups.insert(.pointInTime, of: ref, by: nil, at: now)
                row.state = .failed
                try await ground.backups.update(row)
            }
            try await upkeep(host, ground)
            let stored = try await ground.backups.backupsInStore(of: ref)
            // Of one day the newest is kept.
            #expect(stored.map { $0.markedAt != nil } == [false, true])
            let listed = try await ground.requests.backups(of: ref)
            #expect(listed.count == BackupLimits.listed + 2)
            #expect(listed.suffix(2).map(\.id) == stored.map(\.id))
        }
    }

    @Test("no backup is made for the log of a project that does not run")
    func standing() async throws {
        try await run { host, ref, ground, archive in
            var copy = LogCopy(ref: ref, state: .receiving, updatedAt: ground.time.now())
            copy.progress = WALProgress(
                timeline: TimelineID(1), position: WALPosition(1 << 30), completeUntil: ground.time.now())
            try await ground.backups.save(copy)
            try await upkeep(host, ground)
            #expect(try await ground.backups.backups(of: ref, limit: 9).isEmpty)
            #expect(try await ground.backups.logCopy(of: ref)?.isCovered == false)
        }
    }
}

import BackupModel
import BackupOperations
import Logging
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// Requests, rows, jobs and passes together, on an engine and an archive that are doubles.
@Suite("Backup and restore", .timeLimit(.minutes(2)))
struct RestoreFlowTests {
    /// What a test has besides the API.
    struct Bench: Sendable {
        let host: APIHost
        let ref: ProjectRef
        let archive: FakeBackupArchive
        let files: FakeContainerFiles
        let path: String

        func post(_ tail: String = "", body: String = "") async throws -> Answer {
            try await host.send("POST", path + tail, body: body.isEmpty ? nil : body)
        }

        func backup() async throws -> ProjectBackup {
            let made = try await post()
            #expect(made.status == 201)
            return try await settled()
        }

        /// The newest backup on request, once nothing more happens to it without a request.
        func settled() async throws -> ProjectBackup {
            try await eventually("a settled backup") {
                let newest = try await host.parts.backupStore.backups(of: ref, limit: 9).first { $0.reason == .request }
                return newest.flatMap { $0.state == .pending || $0.state == .stored ? nil : $0 }
            }
        }

        func volumes() async throws -> [VolumeRecord] {
            try await host.custody.volumes(of: ref).filter { $0.composeName == "db-data" }
        }

        /// The volume that the database's container mounts.
        func mounted() async throws -> [String] {
            host.engine.mountedVolumes(of: ref).filter { $0.contains("db-data") }
        }

        func operation() async throws -> ProjectOperation? {
            try await host.store.operations.operations(of: ref, limit: 9).first { $0.kind == .restore }
        }

        func eventually<Value: Sendable>(
            _ what: String, _ body: () async throws -> Value?
        ) async throws -> Value {
            let end = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < end {
                if let value = try await body() { return value }
                try await Task.sleep(for: .milliseconds(20))
            }
            throw HostError("there was not \(what)")
        }
    }

    private static let recovered = """
        LOG:  archive recovery complete
        LOG:  database system is ready to accept connections
        """

    private func run(
        freeBytes: Int64? = nil, _ body: @escaping @Sendable (Bench) async throws -> Void
    ) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let bench = Bench(
                host: host, ref: ref, archive: FakeBackupArchive(), files: FakeContainerFiles(),
                path: "/platform/database/\(ref)/backups")
            host.engine.behave(.db, as: ServiceBehaviour(log: Self.recovered))
            try await host.withLoops {
                try await host.wait(for: .active, of: ref)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let ground = host.parts.backupGround(
                        archive: bench.archive, files: bench.files, freeBytes: freeBytes)
                    let runner = try host.parts.backupRunner(ground)
                    group.addTask { await runner.runUntilCancelled() }
                    let archiver = LogArchiver(ground, lookInterval: .milliseconds(20))
                    group.addTask { await archiver.runUntilCancelled() }
                    defer { group.cancelAll() }
                    try await body(bench)
                }
            }
        }
    }

    @Test("a backup counts once it was restored for a trial, of which nothing is left")
    func backup() async throws {
        try await run { bench in
            let backup = try await bench.backup()
            #expect(backup.state == .verified && backup.verifiedAt != nil && backup.failure == nil)
            #expect(backup.archived.map { [$0] } == bench.archive.names)
            let name = "\(bench.ref)-restore"
            let archived = backup.archived?.value ?? ""
            #expect(bench.files.unpacked(into: name) == ["base of \(archived)", "log of 101:101 of \(archived)"])
            let observed = try await bench.host.engine.observe(bench.ref)
            #expect(!observed.containers.contains { $0.isHelper })
            #expect(!observed.volumes.contains { $0.name.contains("trial") })
            let kinds = try await bench.host.store.events(of: bench.ref, limit: 20).map(\.kind)
            #expect(Set([.backupBegun, .backupFinished, .backupVerified]).isSubset(of: kinds))
            #expect(try await bench.host.store.project(bench.ref)?.status == .active)
            let listed = try await bench.host.send("GET", "/v1/projects/\(bench.ref)/database/backups").json
            #expect(listed["backups"]?[0]?["status"] == .string("COMPLETED"))
        }
    }

    @Test("a backup is made though the server keeps no log for it, which the log's copy says")
    func reservation() async throws {
        try await run { bench in
            bench.archive.setReservationFailure(.invalid("max_slot_wal_keep_size of the database is -1"))
            let set = try await bench.host.send(
                "PATCH", "/v1/projects/\(bench.ref)/database/backups/schedule",
                body: #"{"schedule_for":"03:00:00","point_in_time":true}"#)
            #expect(set.status == 200)
            #expect(try await bench.backup().state == .verified)
            #expect(bench.archive.slots.reserved == 0)
            let log = try await bench.host.parts.backupStore.logCopy(of: bench.ref)
            #expect(log?.state == .failing && log?.failure?.contains("max_slot_wal_keep_size") == true)
        }
    }

    @Test("a copy that cannot be restored is no backup")
    func unsound() async throws {
        try await run { bench in
            bench.archive.setProblems(["base.tar is cut"])
            let backup = try await bench.backup()
            #expect(backup.state == .unsound && backup.failure == "base.tar is cut")
            bench.archive.setProblems([])
            bench.files.setForgetful(true)
            let second = try await bench.backup()
            #expect(second.state == .unsound && second.failure?.contains("PG_VERSION") == true)
        }
    }

    @Test("a restore puts another volume in the place of the present one, which is kept, and the way back")
    func restore() async throws {
        try await run { bench in
            let backup = try await bench.backup()
            let before = try await bench.mounted()
            #expect(before.count == 1)
            let answer = try await bench.post("/restore", body: #"{"id":\#(backup.id)}"#)
            #expect(answer.status == 201)
            #expect(try await bench.host.store.project(bench.ref)?.status == .restoring)
            #expect(try await bench.post("/restore", body: #"{"id":\#(backup.id)}"#).status == 409)
            try await bench.host.wait(for: .active, of: bench.ref)
            let after = try await bench.mounted()
            #expect(after.count == 1 && after != before)
            let volumes = try await bench.volumes()
            #expect(volumes.filter { $0.setAsideAt == nil }.map(\.name) == after)
            #expect(volumes.filter { $0.setAsideAt != nil }.map(\.name) == before)
            #expect(try await bench.operation()?.state == .succeeded)
            let observed = try await bench.host.engine.observe(bench.ref)
            #expect(Set(volumes.map(\.name)).isSubset(of: observed.volumes.map(\.name)))
            // The new history has a backup of its own.
            _ = try await bench.eventually("a backup after the restore") {
                try await bench.host.parts.backupStore.backups(of: bench.ref, limit: 9).first {
                    $0.reason == .restore && $0.state == .verified
                }
            }
            #expect(try await bench.post("/undo-restore").status == 201)
            try await bench.host.wait(for: .active, of: bench.ref)
            #expect(try await bench.mounted() == before)
            #expect(try await bench.volumes().filter { $0.setAsideAt != nil }.map(\.name) == after)
        }
    }

    @Test("a restore that fails leaves the project on its volume, and nothing behind")
    func failure() async throws {
        try await run { bench in
            let backup = try await bench.backup()
            let before = try await bench.mounted()
            bench.files.setFailure(.invalid(message: "no room"))
            #expect(try await bench.post("/restore", body: #"{"id":\#(backup.id)}"#).status == 201)
            let ended = try await bench.eventually("an end of the restore") {
                try await bench.operation().flatMap { $0.state.isOpen ? nil : $0 }
            }
            #expect(ended.state == .failed && ended.result?.contains("no room") == true)
            try await bench.host.wait(for: .active, of: bench.ref)
            #expect(try await bench.mounted() == before)
            _ = try await bench.eventually("nothing left") {
                let observed = try await bench.host.engine.observe(bench.ref)
                let isClean =
                    !observed.containers.contains(where: \.isHelper)
                    && !observed.volumes.contains { $0.name.hasSuffix("_g1") }
                return isClean ? true : nil
            }
            #expect(try await bench.volumes().map(\.name) == before)
            #expect(try await bench.post("/undo-restore").status == 400)
        }
    }

    @Test("a restore is cancelled as long as it has not switched; the project keeps its volume")
    func cancellation() async throws {
        try await run { bench in
            let backup = try await bench.backup()
            let before = try await bench.mounted()
            bench.host.engine.behave(.db, as: ServiceBehaviour(log: "LOG:  starting backup recovery"))
            #expect(try await bench.post("/restore", body: #"{"id":\#(backup.id)}"#).status == 201)
            let operation = try #require(try await bench.operation())
            _ = try await bench.eventually("a helper") {
                try await bench.host.engine.observe(bench.ref).containers.first(where: \.isHelper)
            }
            let cancelled = try await bench.host.send(
                "POST", "/platform/projects/\(bench.ref)/operations/\(operation.id)/cancel")
            #expect(cancelled.status == 200)
            try await bench.host.wait(for: .active, of: bench.ref)
            _ = try await bench.eventually("an end of the job") {
                let restore = try await bench.host.parts.backupStore.restores(of: bench.ref, limit: 1).first
                return restore?.state == .cancelled ? true : nil
            }
            let mounted = try await bench.eventually("an engine without the helper") {
                let isClean = try await !bench.host.engine.observe(bench.ref).containers.contains { $0.isHelper }
                return isClean ? try await bench.mounted() : nil
            }
            #expect(mounted == before)
        }
    }

    @Test("a project is deleted in the middle of a restore, with everything of it")
    func deletion() async throws {
        try await run { bench in
            let backup = try await bench.backup()
            bench.host.engine.behave(.db, as: ServiceBehaviour(log: "LOG:  starting backup recovery"))
            #expect(try await bench.post("/restore", body: #"{"id":\#(backup.id)}"#).status == 201)
            _ = try await bench.eventually("a helper") {
                try await bench.host.engine.observe(bench.ref).containers.first(where: \.isHelper)
            }
            #expect(try await bench.host.send("DELETE", "/platform/projects/\(bench.ref)").status == 200)
            try await bench.host.wait(for: .deleted, of: bench.ref)
            _ = try await bench.eventually("nothing left") {
                try await bench.host.engine.observe(bench.ref).isEmpty ? true : nil
            }
        }
    }

    @Test("a project is restored to a moment that its log leads to, and to no other")
    func moment() async throws {
        try await run { bench in
            let v1 = "/v1/projects/\(bench.ref)/database/backups"
            func restore(to seconds: Int64) async throws -> Answer {
                try await bench.host.send(
                    "POST", v1 + "/restore-pitr", body: #"{"recovery_time_target_unix":\#(seconds)}"#)
            }
            #expect(try await restore(to: 1).status == 400)
            let set = try await bench.host.send(
                "PATCH", v1 + "/schedule", body: #"{"schedule_for":"03:00:00","point_in_time":true}"#)
            #expect(try set.json["point_in_time"] == .bool(true))
            _ = try await bench.eventually("a receiver") { bench.archive.receivers.count == 1 ? true : nil }
            #expect(bench.archive.receivers.first?.requiresBound == true)
            let begin = WALPosition(1 << 24)
            bench.archive.send(
                .progress(WALProgress(timeline: TimelineID(1), position: begin, completeUntil: nil)))
            // No backup leads to it: one is made, once the slot keeps its log.
            let base = try await bench.eventually("a backup for the log") {
                try await bench.host.parts.backupStore.backups(of: bench.ref, limit: 9).first {
                    $0.reason == .pointInTime && $0.state == .verified
                }
            }
            #expect(bench.archive.slots.reserved == 1)
            let taken = try #require(base.takenAt)
            let (end, until) = (WALPosition((1 << 24) + 4_096), taken + .seconds(60))
            bench.archive.setLog([
                WALChunk(timeline: TimelineID(1), from: begin, to: end, completeUntil: until, storedBytes: 1)
            ])
            let none = try await bench.host.send("GET", v1).json
            #expect(none["pitr_enabled"] == .bool(true) && none["physical_backup_data"] == .object([:]))
            // A lost connection is made again.
            bench.archive.send(nil)
            _ = try await bench.eventually("another receiver") { bench.archive.receivers.count == 2 ? true : nil }
            bench.archive.send(.progress(WALProgress(timeline: TimelineID(1), position: end, completeUntil: until)))
            let window = try await bench.eventually("a window") {
                let data = try await bench.host.send("GET", v1).json["physical_backup_data"]
                return data?["latest_physical_backup_date_unix"] == nil ? nil : data
            }
            let first = (taken.milliseconds + 999) / 1_000
            #expect(window["earliest_physical_backup_date_unix"]?.wholeText == "\(first)")
            #expect(window["latest_physical_backup_date_unix"]?.wholeText == "\(until.milliseconds / 1_000)")
            for outside in [0, first - 1, until.milliseconds / 1_000 + 1, .max] {
                let refused = try await restore(to: outside)
                #expect(refused.status == 400)
                #expect(try refused.message?.contains(MomentText.utc(until)) == true)
            }
            let before = try await bench.mounted()
            #expect(try await restore(to: first + 10).status == 201)
            try await bench.host.wait(for: .active, of: bench.ref)
            #expect(try await bench.mounted() != before)
            let done = try await bench.host.parts.backupStore.restores(of: bench.ref, limit: 1).first
            #expect(done?.state == .switched)
            #expect(done?.source == .time(Timestamp(milliseconds: (first + 10) * 1_000)))
            // Off: the slot goes, and with it the promise.
            let off = try await bench.host.send("PATCH", v1 + "/schedule", body: #"{"point_in_time":false}"#)
            #expect(try off.json["schedule_for"] == .string("03:00:00"))
            _ = try await bench.eventually("no slot") { bench.archive.slots.released == 1 ? true : nil }
            #expect(try await restore(to: first + 10).status == 400)
            #expect(try await bench.host.send("GET", v1).json["pitr_enabled"] == .bool(false))
        }
    }

    @Test("nothing is unpacked where there is no room for it, which says nothing about the backup")
    func room() async throws {
        try await run(freeBytes: 2 << 30) { bench in
            bench.archive.setBytes(3 << 30)
            _ = try await bench.post()
            let tried = try await bench.eventually("a trial that was not made") {
                try await bench.host.parts.backupStore.backups(of: bench.ref, limit: 1).first.flatMap {
                    $0.failure == nil ? nil : $0
                }
            }
            #expect(tried.state == .stored && tried.failure?.contains("2048 MiB free") == true)
            let before = try await bench.mounted()
            #expect(try await bench.post("/restore", body: #"{"id":\#(tried.id)}"#).status == 201)
            let ended = try await bench.eventually("an end of the restore") {
                try await bench.operation().flatMap { $0.state.isOpen ? nil : $0 }
            }
            #expect(ended.state == .failed && ended.result?.contains("3072 MiB") == true)
            #expect(bench.files.unpacked(into: "\(bench.ref)-restore").isEmpty)
            try await bench.host.wait(for: .active, of: bench.ref)
            #expect(try await bench.mounted() == before)
        }
    }
}

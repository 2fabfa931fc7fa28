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

    private func run(_ body: @escaping @Sendable (Bench) async throws -> Void) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let bench = Bench(
                host: host, ref: ref, archive: FakeBackupArchive(), files: FakeContainerFiles(),
                path: "/platform/database/\(ref)/backups")
            host.engine.behave(.db, as: ServiceBehaviour(log: Self.recovered))
            try await host.withLoops {
                try await host.wait(for: .active, of: ref)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let runner = try host.parts.backupRunner(archive: bench.archive, files: bench.files)
                    group.addTask { await runner.runUntilCancelled() }
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
}

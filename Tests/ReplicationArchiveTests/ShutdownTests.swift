import BackupModel
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import ReplicationArchive

/// What a receiver does at the ends of a server's life.
@Suite(
    "Receivers and the life of a server", .serialized,
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() })
struct ShutdownTests {
    @Test func aServerThatEndsWaitsForNoUploadThatIsDueLater() async throws {
        let folder = TestFolder()
        defer { folder.remove() }
        let site = try await Site.make(in: folder)
        let vault = try Vault(FaultyStore())
        // Nothing is due within the test but what the server's end asks for.
        let request = WALRequest(source: site.source, access: vault.access, uploadEvery: .seconds(3_600))
        try await vault.archive.reserveWAL(request)
        _ = try await vault.base("first", of: site)
        let received = Received(flush: WALFlush())
        let archive = vault.archive
        let took = try await withThrowingTaskGroup(of: Duration?.self) { group in
            group.addTask {
                // It ends with the server.
                do throws(BackupError) {
                    try await archive.receiveWAL(request) { event in received.append(event) }
                } catch {}
                return nil
            }
            group.addTask {
                try await received.wait { $0.progress != nil }
                try await site.commit(1...3)
                try await Task.sleep(for: .milliseconds(300))
                let begun = ContinuousClock.now
                try await site.stop()
                return ContinuousClock.now - begun
            }
            var took: Duration?
            while let one = try await group.next() { took = one ?? took }
            return try #require(took)
        }
        #expect(took < .seconds(20), "the server waited \(took)")
        // All of it is in the archive: every commit that the server had answered.
        #expect(try await vault.rows(.latest) == [1, 2, 3])
    }

    @Test func aServerThatWouldKeepItsLogWithoutLimitIsRefusedWhereThatIsAskedFor() async throws {
        try await RestoreTests.with(settings: ["max_slot_wal_keep_size": "-1"]) { site, vault, _ in
            var request = vault.request(site)
            request.requiresBound = true
            let error = await #expect(throws: BackupError.self) { try await vault.archive.reserveWAL(request) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("max_slot_wal_keep_size"))
            let slots = try await site.connection.query("SELECT FROM pg_replication_slots", [], deadline: nil)
            #expect(slots.isEmpty)
        }
    }

    @Test func aBackupAloneKeepsTheNumberOfItsTimeLine() async throws {
        try await RestoreTests.with { site, vault, _ in
            try await site.commit(1...2)
            let first = try await vault.base("first", of: site, includesWAL: true)
            // Two restores of the same backup, and no receiver in between.
            for number in [2, 3] as [UInt32] {
                let restored = try await vault.restore(.backup(first.id))
                let base = try await vault.base("on-\(number)", of: restored.site, includesWAL: true)
                #expect(base.timeline == TimelineID(number))
                try await restored.end()
            }
            let plan = try await vault.archive.restorePlan(for: .backup(first.id), in: vault.access, known: nil)
            let bytes = try await vault.archive.bytes(of: plan, in: vault.access)
            // A new cluster has some 40 MB of files.
            #expect((20 << 20..<200 << 20).contains(bytes), "\(bytes)")
        }
    }
}

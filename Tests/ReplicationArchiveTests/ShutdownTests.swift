import BackupModel
import CurlKit
import HTTPStub
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import ReplicationArchive

/// What a receiver does at the ends of a server's life, and on a bucket.
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

    @Test func aClusterIsRestoredFromABucket() async throws {
        let double = S3Double()
        let stub = try StubServer(.loopback) { double.answer($0) }
        defer { stub.stop() }
        let client = try HTTPClient()
        let vault = try Vault(S3Store(double.settings(port: stub.port), client: client))
        try await RestoreTests.with { site, _, _ in
            try await vault.archive.reserveWAL(vault.request(site))
            _ = try await vault.base("first", of: site)
            let (moment, known) = try await vault.receiving(site) { received in
                try await site.commit(1...2)
                let moment = try await site.moment()
                double.beBusy(2)
                try await site.commit(3...3)
                try await received.reached(try await site.position())
                try await received.reached(moment)
                return (moment, received.progress)
            }
            #expect(double.names.allSatisfy { $0.hasPrefix("some/prefix/v1/test/one/") })
            #expect(try await vault.rows(.time(moment), known: known) == [1, 2])
            #expect(
                try await vault.archive.removeWAL(before: WALPosition(.max), on: TimelineID(1), in: vault.access) > 0)
            #expect(!double.names.contains { $0.contains("/wal/") })
        }
        await client.shutdown()
    }
}

import BackupModel
import PostgresTestSupport
import ProjectModel
import ReplicationArchive
import Testing

/// Everything here ends with a server that PostgreSQL itself recovered from the archive alone.
@Suite("Restores", .serialized, .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() })
struct RestoreTests {
    /// A site and an archive in one folder, both removed afterwards.
    static func with(
        settings: [String: String] = [:], _ body: (Site, Vault, TestFolder) async throws -> Void
    ) async throws {
        let folder = TestFolder()
        defer { folder.remove() }
        let site = try await Site.make(in: folder, settings: settings)
        do { try await body(site, try Vault(FolderStore(path: folder.path)), folder) } catch {
            Issue.record(error)
        }
        try await site.stop()
    }

    @Test func everyKindOfTargetGivesExactlyItsRows() async throws {
        try await Self.with { site, vault, _ in
            try await vault.archive.reserveWAL(vault.request(site))
            try await site.commit(1...3)
            let base = try await vault.base("first", of: site)
            let (between, point, known) = try await vault.receiving(site) { received in
                try await site.commit(4...5)
                let between = try await site.moment()
                try await site.commit(6...7)
                let point = try await site.restorePoint("before-eight")
                try await site.commit(8...9)
                try await received.reached(try await site.position())
                try await received.reached(between)
                return (between, point, received.progress)
            }
            #expect(try await vault.rows(.latest, known: known) == Array(1...9))
            #expect(try await vault.rows(.time(between), known: known) == Array(1...5))
            #expect(try await vault.rows(.restorePoint(point), known: known) == Array(1...7))
            #expect(try await vault.rows(.backup(base.id)) == Array(1...3))
            let check = try await vault.archive.verify(base.id, in: vault.access)
            #expect(check.isSound, "\(check.problems)")
            #expect(check.files > 500)
        }
    }

    @Test func aBaseWithItsLogIsEnoughAlone() async throws {
        try await Self.with { site, vault, _ in
            try await site.commit(1...3)
            let base = try await vault.base("alone", of: site, includesWAL: true)
            try await site.commit(4...4)
            #expect(try await vault.rows(.backup(base.id)) == Array(1...3))
            #expect(try await vault.archive.verify(base.id, in: vault.access).isSound)
        }
    }

    @Test func anIdleDatabaseIsRestoredToATimeAfterItsLastCommit() async throws {
        try await Self.with { site, vault, _ in
            try await vault.archive.reserveWAL(vault.request(site))
            _ = try await vault.base("first", of: site)
            let (later, known) = try await vault.receiving(site) { received in
                try await site.commit(1...3)
                try await received.reached(try await site.position())
                let before = try await vault.archive.contents(of: vault.access).chunks.count
                let later = try await site.moment()
                try await received.reached(later)
                let written = try await vault.archive.contents(of: vault.access).chunks.count - before
                // The server's own records, if any.
                #expect(written <= 2)
                return (later, received.progress)
            }
            #expect(try await vault.rows(.time(later), known: known) == Array(1...3))
            // What no receiver has seen is not offered.
            let beyond = later + .seconds(60)
            await #expect(throws: BackupError.self) {
                try await vault.archive.restorePlan(for: .time(beyond), in: vault.access, known: known)
            }
        }
    }

    @Test func aRestoreBeginsATimeLineOfItsOwnAndTheArchiveFollows() async throws {
        try await Self.with { site, vault, _ in
            try await vault.archive.reserveWAL(vault.request(site))
            let first = try await vault.base("first", of: site)
            let (between, known) = try await vault.receiving(site) { received in
                try await site.commit(1...2)
                let between = try await site.moment()
                try await site.commit(3...4)
                try await received.reached(try await site.position())
                try await received.reached(between)
                return (between, received.progress)
            }
            let restored = try await vault.restore(.time(between), known: known)
            let second = try await vault.receiving(restored.site) { received in
                try await restored.site.commit(10...11)
                try await received.reached(try await restored.site.position())
                return received
            }
            #expect(second.progress?.timeline == TimelineID(2))
            // Without any base of the new time line: by the old one's, along the branch.
            #expect(try await vault.rows(.latest, known: second.progress) == [1, 2, 10, 11])
            // And the old branch is still there.
            #expect(try await vault.rows(.time(between), known: known) == [1, 2])
            // The next restore of the old branch takes a number that no other has.
            let third = try await vault.restore(.backup(first.id))
            try await vault.receiving(third.site) { received in
                try await third.site.commit(20...20)
                try await received.reached(try await third.site.position())
            }
            let branches = try await vault.archive.contents(of: vault.access).branches
            #expect(branches.map(\.timeline) == [TimelineID(2), TimelineID(3)])
            #expect(branches.map(\.parent) == [TimelineID(1), TimelineID(1)])
            try await third.end()
            try await restored.end()
        }
    }
}

import BackupModel
import Foundation
import OrchestratorTesting
import PostgresTestSupport
import ProjectModel
import ReplicationArchive
import Testing

/// Random histories of commits, base backups, restore points, killed receivers and failing stores. The checker numbers
/// the commits and notes moments; each of some random ones is restored and compared. `BACKUP_HISTORIES` sets how many.
@Suite(
    "Random histories of backups", .serialized,
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() })
struct HistoryTests {
    private static var count: Int {
        ProcessInfo.processInfo.environment["BACKUP_HISTORIES"].flatMap(Int.init) ?? 6
    }

    /// What the checker knows.
    private struct Notes {
        var committed: [Int] = []
        var moments: [(time: Timestamp, rows: [Int])] = []
        var points: [(point: RestorePoint, rows: [Int])] = []
        var bases: [(base: BaseBackup, rows: [Int])] = []
    }

    @Test(arguments: 0..<Self.count)
    func everyMomentIsRestoredExactly(_ seed: Int) async throws {
        let store = FaultyStore()
        let vault = try Vault(store)
        try await RestoreTests.with { site, _, _ in
            var generator = SeededGenerator(seed: UInt64(seed))
            var notes = Notes()
            try await vault.archive.reserveWAL(vault.request(site))
            notes.bases.append((try await vault.base("b0", of: site), []))
            for round in 0..<Int.random(in: 2...4, using: &generator) {
                notes = try await play(round, site: site, vault: vault, store: store, notes, seed: generator.next())
            }
            let known = try await vault.receiving(site) { received in
                try await received.reached(try await site.position())
                let end = try await site.moment()
                try await received.reached(end)
                return received.progress
            }
            #expect(RestorePlanner.gaps(in: try await vault.archive.contents(of: vault.access)).isEmpty)
            try await check(notes, vault: vault, known: known, seed: generator.next())
        }
    }

    /// One life of a receiver, with a fault of the store perhaps.
    private func play(
        _ round: Int, site: Site, vault: Vault, store: FaultyStore, _ before: Notes, seed: UInt64
    ) async throws -> Notes {
        let notes = try await vault.receiving(site) { _ in
            var (generator, notes) = (SeededGenerator(seed: seed), before)
            let faults: [FaultyStore.Fault?] = [nil, .failing(2), .slow(.milliseconds(300)), .full, .truncating]
            store.set(faults.randomElement(using: &generator) ?? nil, only: "/wal/")
            for step in 0..<Int.random(in: 3...8, using: &generator) {
                switch Int.random(in: 0..<6, using: &generator) {
                case 0, 1, 2:
                    let numbers = (0..<Int.random(in: 1...4, using: &generator)).map { notes.committed.count + $0 }
                    try await site.commit(numbers, fillerBytes: .random(in: 1...5_000, using: &generator))
                    notes.committed += numbers
                case 3:
                    notes.moments.append((try await site.moment(), notes.committed))
                case 4:
                    let point = try await site.restorePoint("p\(round)-\(step)")
                    notes.points.append((point, notes.committed))
                default:
                    guard Bool.random(using: &generator) else { continue }
                    let base = try await vault.base("b\(round + 1)-\(step)", of: site)
                    notes.bases.append((base, notes.committed))
                }
            }
            // The receiver is cancelled at any moment of its work.
            try await Task.sleep(for: .milliseconds(.random(in: 0...1_500, using: &generator)))
            return notes
        }
        store.set(nil)
        return notes
    }

    private func check(_ notes: Notes, vault: Vault, known: WALProgress?, seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        #expect(try await vault.rows(.latest, known: known) == notes.committed)
        if let moment = notes.moments.randomElement(using: &generator) {
            #expect(try await vault.rows(.time(moment.time), known: known) == moment.rows)
        }
        if let point = notes.points.randomElement(using: &generator) {
            #expect(try await vault.rows(.restorePoint(point.point), known: known) == point.rows)
        }
        if let base = notes.bases.randomElement(using: &generator) {
            #expect(try await vault.rows(.backup(base.base.id), known: known) == base.rows)
            #expect(try await vault.archive.verify(base.base.id, in: vault.access).isSound)
        }
    }
}

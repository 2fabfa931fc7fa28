import BackupModel
import PostgresKit
import PostgresTestSupport
import ProjectModel
import ReplicationArchive
import Testing

@Suite(
    "Archives on stores that fail", .serialized,
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() })
struct FaultTests {
    private func with(
        settings: [String: String] = [:], _ body: (Site, Vault, FaultyStore) async throws -> Void
    ) async throws {
        let store = FaultyStore()
        let vault = try Vault(store)
        try await RestoreTests.with(settings: settings) { site, _, _ in
            try await vault.archive.reserveWAL(vault.request(site))
            try await body(site, vault, store)
        }
    }

    private func confirmed(_ site: Site) async throws -> WALPosition {
        let rows = try await site.connection.query(
            "SELECT restart_lsn::text AS p FROM pg_replication_slots", [], deadline: nil)
        let row = try #require(rows.first)
        let text = try row.string("p")
        return try #require(WALPosition(text: text))
    }

    @Test(arguments: [FaultyStore.Fault.full, .truncating])
    func nothingIsConfirmedBeforeItIsDurable(_ fault: FaultyStore.Fault) async throws {
        try await with { site, vault, store in
            _ = try await vault.base("first", of: site)
            try await vault.receiving(site) { received in
                try await received.reached(try await site.position())
                store.set(fault, only: "/wal/")
                let before = try await confirmed(site)
                try await site.commit(1...3)
                try await received.wait { $0.all.contains { if case .delayed = $0 { true } else { false } } }
                #expect(try await confirmed(site) <= before)
                store.set(nil)
                try await received.reached(try await site.position())
            }
            #expect(try await vault.rows(.latest) == [1, 2, 3])
        }
    }

    @Test func aStoreThatFailsOrIsSlowIsTriedAgain() async throws {
        try await with { site, vault, store in
            _ = try await vault.base("first", of: site)
            try await vault.receiving(site) { received in
                store.set(.failing(3), only: "/wal/")
                try await site.commit(1...2)
                try await received.reached(try await site.position())
                store.set(.slow(.milliseconds(700)), only: "/wal/")
                try await site.commit(3...4)
                try await received.reached(try await site.position())
                store.set(nil)
            }
            #expect(try await vault.rows(.latest) == [1, 2, 3, 4])
        }
    }

    @Test func aReceiverThatIsKilledInTheMiddleOfAChunkLosesNothing() async throws {
        try await with { site, vault, store in
            _ = try await vault.base("first", of: site)
            for round in 0..<4 {
                store.set(.slow(.seconds(60)), only: "/wal/")
                try await vault.receiving(site) { received in
                    try await site.commit((round * 10)..<(round * 10 + 5), fillerBytes: 20_000)
                    // Long enough for the upload to be under way.
                    try await Task.sleep(for: .milliseconds(round % 2 == 0 ? 1_300 : 100))
                }
                store.set(nil)
                try await site.commit((round * 10 + 5)..<(round * 10 + 10))
            }
            try await vault.receiving(site) { received in try await received.reached(try await site.position()) }
            let contents = try await vault.archive.contents(of: vault.access)
            #expect(RestorePlanner.gaps(in: contents).isEmpty)
            #expect(try await vault.rows(.latest) == Array(0..<40))
        }
    }

    @Test func aStoreThatForgetsIsNeverWronglyRestored() async throws {
        try await with { site, vault, store in
            _ = try await vault.base("first", of: site)
            try await vault.receiving(site) { received in
                try await received.reached(try await site.position())
                store.set(.forgetting, only: "/wal/")
                try await site.commit(1...2)
                try await received.reached(try await site.position())
                store.set(nil)
                try await site.commit(3...4)
                try await received.reached(try await site.position())
            }
            // The slot learned of it too early: what was lost is named, and nothing is offered across it.
            let contents = try await vault.archive.contents(of: vault.access)
            #expect(RestorePlanner.gaps(in: contents).count == 1)
            await #expect(throws: BackupError.self) { try await vault.restore(.latest) }
        }
    }

    @Test func aLostSlotIsAGapThatNoRestoreCrosses() async throws {
        try await with(settings: ["max_slot_wal_keep_size": "64MB", "max_wal_size": "32MB", "min_wal_size": "32MB"]) {
            site, vault, store in
            _ = try await vault.base("first", of: site)
            try await vault.receiving(site) { received in
                try await site.commit(1...2)
                try await received.reached(try await site.position())
            }
            for round in 0..<10 {
                try await site.commit((100 + round)...(100 + round))
                try await site.connection.executeScript("SELECT pg_switch_wal()")
                try await site.connection.executeScript("CHECKPOINT")
            }
            let gaps = try await vault.receiving(site) { received in
                try await site.commit(200...200)
                try await received.reached(try await site.position())
                return received.gaps
            }
            #expect(gaps.count == 1)
            let error = await #expect(throws: BackupError.self) { try await vault.restore(.latest) }
            #expect(error == gaps.first.map(BackupError.gap))
            _ = try await vault.base("second", of: site)
            let known = try await vault.receiving(site) { received in
                try await site.commit(201...201)
                try await received.reached(try await site.position())
                return received.progress
            }
            let numbers = try await site.numbers()
            #expect(try await vault.rows(.latest, known: known) == numbers)
        }
    }

    @Test func aCheckFindsEveryDamage() async throws {
        try await with { site, vault, store in
            try await site.commit(1...3)
            let base = try await vault.base("first", of: site)
            try await vault.receiving(site) { received in try await received.reached(try await site.position()) }
            #expect(try await vault.archive.verify(base.id, in: vault.access).isSound)
            for name in store.names where !name.hasSuffix("cluster.json") && !name.contains("/history/") {
                guard try await isNeeded(name, by: base, in: vault) else { continue }
                for damage in Damage.allCases {
                    var original: [UInt8] = []
                    store.change(name) { bytes in
                        original = bytes
                        damage.apply(&bytes)
                    }
                    let check = try await vault.archive.verify(base.id, in: vault.access)
                    #expect(!check.isSound, "\(damage) of \(name)")
                    store.change(name) { $0 = original }
                }
            }
            #expect(try await vault.archive.verify(base.id, in: vault.access).isSound)
        }
    }

    /// Whether the backup needs an object: chunks after its end belong to later moments.
    private func isNeeded(_ name: String, by base: BaseBackup, in vault: Vault) async throws -> Bool {
        guard name.contains("/wal/") else { return true }
        let plan = try await vault.archive.restorePlan(for: .backup(base.id), in: vault.access, known: nil)
        return plan.log.contains { piece in
            let digits = String(piece.chunk.from.value, radix: 16)
            return name.contains("/" + String(repeating: "0", count: 16 - digits.count) + digits + "-")
        }
    }

    enum Damage: CaseIterable {
        case flippedBit
        case cutByOne
        case cutInHalf
        case swappedFrames
        case emptied

        func apply(_ bytes: inout [UInt8]) {
            let (header, frame) = (65, (1 << 20) + 29)
            switch self {
            case .flippedBit: bytes[bytes.count / 2] ^= 4
            case .cutByOne: bytes.removeLast()
            case .cutInHalf: bytes.removeLast(bytes.count / 2)
            case .emptied: bytes = []
            case .swappedFrames where bytes.count >= header + 2 * frame:
                let first = Array(bytes[header..<(header + frame)])
                let second = Array(bytes[(header + frame)..<(header + 2 * frame)])
                bytes.replaceSubrange(header..<(header + frame), with: second)
                bytes.replaceSubrange((header + frame)..<(header + 2 * frame), with: first)
            case .swappedFrames: bytes.append(0)
            }
        }
    }

    @Test func anotherKeyOpensNothing() async throws {
        try await with { site, vault, store in
            let base = try await vault.base("first", of: site, includesWAL: true)
            var other = vault.access
            other.key = try #require(BackupKey([UInt8](repeating: 9, count: 32)))
            #expect(try await !vault.archive.verify(base.id, in: other).isSound)
            await #expect(throws: BackupError.self) {
                for try await _ in vault.archive.baseTar(
                    of: try await vault.archive.restorePlan(for: .backup(base.id), in: vault.access, known: nil),
                    in: other)
                {}
            }
            #expect(try await vault.archive.contents(of: other).damaged.count == 1)
        }
    }

    @Test func anArchiveTakesOneClusterOnly() async throws {
        try await with { site, vault, _ in
            _ = try await vault.base("first", of: site)
            try await RestoreTests.with { other, _, _ in
                let error = await #expect(throws: BackupError.self) { try await vault.base("second", of: other) }
                guard case .otherCluster? = error else {
                    Issue.record("another error: \(String(describing: error))")
                    return
                }
            }
        }
    }

    @Test func aBaseThatFailsLeavesNothingThatIsOffered() async throws {
        try await with { site, vault, store in
            for part in ["base.tar", "manifest", "backup.json"] {
                store.set(.failing(1), only: part)
                await #expect(throws: BackupError.self) { try await vault.base("first", of: site) }
                let bases = try await vault.archive.contents(of: vault.access).bases
                #expect(bases.isEmpty)
            }
            let later = Timestamp(milliseconds: 1)
            let removed = try await vault.archive.removeUnfinished(before: later, in: vault.access)
            #expect(removed > 0)
            #expect(store.names.filter { $0.contains("/base/") }.isEmpty)
        }
    }
}

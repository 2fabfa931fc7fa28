import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Synchronization
import Testing
import TokenKit

@testable import PostgresStore

@Suite(
    "Requests in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct RequestLedgerTests {
    private struct Failed: Error {}

    private func withPool(
        migrations: Int = DatabaseSchema.migrations.count, _ body: (PostgresPool) async throws -> Void
    ) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(Array(DatabaseSchema.migrations.prefix(migrations)), to: pool)
            try await body(pool)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private func ledger(on pool: PostgresPool) -> PostgresRequestLedger {
        PostgresRequestLedger(pool: pool, signer: TestSigner(), digester: TestSigner())
    }

    private func deed(_ action: String) -> AuditDeed {
        AuditDeed(
            scope: .organization("acme"), at: Timestamp(milliseconds: 1_000), actorID: "id", actorEmail: "a@b.c",
            credential: "session 1", action: action, route: "POST /x", status: 200, target: [:],
            address: "127.0.0.1", requestID: "r")
    }

    @Test("the ledger does what every ledger does")
    func contract() async throws {
        try await withPool { pool async throws in
            try await RequestLedgerContract.run(
                on: self.ledger(on: pool), in: PostgresUnitOfWork(pool: pool))
        }
        let ledger = InMemoryRequestLedger()
        try await RequestLedgerContract.run(on: ledger, in: InMemoryUnitOfWork([ledger]))
    }

    @Test("a unit whose connection is lost says that the database does not answer")
    func lostConnection() async throws {
        try await withPool { pool async throws in
            let error = await #expect(throws: StoreError.self) {
                try await PostgresUnitOfWork(pool: pool).perform {
                    let session = AmbientTransaction.session(pool)
                    _ = try await session.query("select pg_terminate_backend(pg_backend_pid())", [])
                }
            }
            guard case .unavailable = error else { throw try #require(error) }
        }
    }

    @Test("entries made at the same moment are one chain without gaps, and every hash is that of its entry")
    func chain() async throws {
        try await withPool { pool async throws in
            let ledger = self.ledger(on: pool)
            let units = PostgresUnitOfWork(pool: pool)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...40 {
                    group.addTask {
                        _ = try await units.perform { try await ledger.append(deed("action \(number)")) }
                    }
                }
                try await group.waitForAll()
            }
            let trail = try await ledger.trail(AuditQuery(scope: .organization("acme"))).reversed()
            #expect(trail.map(\.number) == Array(1...40))
            var previous = AuditEntry.noHash
            for entry in trail {
                let text = AuditEntry.hashed(entry.deed, number: entry.number, previousHash: previous)
                #expect(entry.previousHash == previous)
                #expect(entry.hash == Hex.encode(try Digest.sha256(Array(text.utf8))))
                previous = entry.hash
            }
        }
    }

    @Test("no database role changes or removes an entry")
    func final() async throws {
        try await withPool { pool async throws in
            _ = try await ledger(on: pool).append(deed("kept"))
            for sql in [
                "update audit_entries set action = 'other'", "delete from audit_entries", "truncate audit_entries",
                "truncate audit_heads cascade", "delete from audit_heads",
            ] {
                await #expect(throws: PostgresError.self) { () async throws in try await pool.execute(sql) }
            }
            #expect(try await pool.single("select action from audit_entries").string("action") == "kept")
        }
    }

    @Test("a head that was changed in any way is reported, and never signed again")
    func replacedHead() async throws {
        try await withPool { pool async throws in
            let ledger = self.ledger(on: pool)
            let scope = AuditScope.organization("acme")
            let first = try await ledger.append(deed("one"))
            _ = try await ledger.append(deed("two"))
            #expect(try await ledger.head(of: scope).signature == .valid)
            // The last entry goes, and the head becomes that of the one before.
            try await pool.execute("alter table audit_entries disable trigger user")
            try await pool.execute("delete from audit_entries where number = 2")
            try await pool.execute("update audit_heads set number = 1, hash = $1", [.text(first.hash)])
            #expect(try await ledger.head(of: scope).signature == .invalid)
            _ = try await ledger.append(deed("three"))
            let head = try await ledger.head(of: scope)
            #expect(head.number == 2 && head.signature == .invalid)
            // A signature belongs to its trail.
            _ = try await ledger.append(
                AuditDeed(
                    scope: .organization("other"), at: Timestamp(milliseconds: 1_000), actorID: "", actorEmail: "",
                    credential: "", action: "a", route: "r", status: 200, target: [:], address: "", requestID: ""))
            try await pool.execute(
                """
                update audit_heads set (number, hash, signature) =
                    (select number, hash, signature from audit_heads where scope = 'organization:other')
                where scope = 'organization:acme'
                """)
            #expect(try await ledger.head(of: scope).signature == .invalid)
        }
    }

    @Test("a head that a version without signatures wrote is said to be unsigned, and signed with the next entry")
    func unsignedHead() async throws {
        try await withPool { pool async throws in
            let ledger = self.ledger(on: pool)
            _ = try await ledger.append(deed("one"))
            try await pool.execute("update audit_heads set signature = null")
            #expect(try await ledger.head(of: .organization("acme")).signature == .missing)
            _ = try await ledger.append(deed("two"))
            #expect(try await ledger.head(of: .organization("acme")).signature == .valid)
        }
    }

    @Test("what is stored of a request cannot be computed without the key")
    func keyedDigests() async throws {
        try await withPool { pool async throws in
            let ledger = self.ledger(on: pool)
            let time = Timestamp(milliseconds: 5_000)
            for (text, isBegun) in [("begun", true), ("kept", false)] {
                let payload = Array("password \(text)".utf8)
                let key = IdempotencyKey(account: "a", credential: "session 1", text: text, payload: payload)
                if isBegun {
                    try await ledger.begin(key, at: time)
                } else {
                    try await ledger.keep(StoredAnswer(status: 200, headers: [:], sealedBody: []), for: key, at: time)
                }
                let row = try await pool.single(
                    "select payload, is_keyed from idempotency_keys where key = $1", [.text(text)])
                let plain = try Digest.sha256(payload)
                #expect(try row.bytes("payload") == TestSigner().digest(ofSHA256: plain))
                #expect(try row.bytes("payload") != plain)
            }
        }
    }

    @Test("requests of before the upgrade are recognised after it, and their plain digests go")
    func plainDigests() async throws {
        try await withPool(migrations: 19) { pool async throws in
            let time = Timestamp(milliseconds: 5_000)
            let keys = (0..<1_200).map { number in
                IdempotencyKey(
                    account: "a", credential: "session 1", text: "\(number)", payload: Array("\(number)".utf8))
            }
            for key in keys {
                try await pool.execute(
                    """
                    insert into idempotency_keys (account, credential, key, payload, begun_at, status, header_names,
                        header_values, sealed_body)
                    values ($1, $2, $3, $4, $5, case when $3 = '0' then null else 201 end, '{}', '{}', '')
                    """,
                    [
                        .text(key.account), .text(key.credential), .text(key.text),
                        .bytes(try Digest.sha256(key.payload)), .timestamp(time.postgres),
                    ])
            }
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            let ledger = self.ledger(on: pool)
            func check() async throws {
                let late = time + IdempotencyKey.inProgressMax
                #expect(try await ledger.claim(keys[0], at: late) == .interrupted(since: time))
                let answer = StoredAnswer(status: 201, headers: [:], sealedBody: [])
                #expect(try await ledger.claim(keys[1], at: time) == .answered(answer))
                var other = keys[1]
                other.payload = [1]
                #expect(try await ledger.claim(other, at: time) == .otherPayload)
            }
            try await check()
            #expect(try await ledger.keyDigests() == keys.count)
            try await check()
            #expect(try await ledger.keyDigests() == 0)
            let rows = try await pool.query("select payload from idempotency_keys")
            let stored = Set(try rows.map { try $0.bytes("payload") })
            #expect(try stored.isDisjoint(with: keys.map { try Digest.sha256($0.payload) }))
            #expect(stored.count == keys.count)
        }
    }

    @Test("a key is kept from others until its unit of work ends, and is free again when that fails")
    func lock() async throws {
        try await withPool { pool async throws in
            let ledger = self.ledger(on: pool)
            let units = PostgresUnitOfWork(pool: pool)
            let key = IdempotencyKey(account: "a", credential: "session 1", text: "k", payload: [1])
            let time = Timestamp(milliseconds: 5_000)
            await #expect(throws: Failed.self) { () async throws in
                try await units.perform {
                    #expect(try await ledger.claim(key, at: time) == .new)
                    // Another connection, as another request would have.
                    let other = try await AmbientTransaction.$current.withValue(nil) {
                        try await ledger.claim(key, at: time)
                    }
                    #expect(other == .inProgress)
                    throw Failed()
                }
            }
            #expect(try await ledger.claim(key, at: time) == .new)
        }
    }

    @Test("a step that fails inside a unit can be tried again, and effects happen only after the commit")
    func savepoints() async throws {
        try await withPool { pool async throws in
            let units = PostgresUnitOfWork(pool: pool)
            let ledger = self.ledger(on: pool)
            let effects = Mutex<[String]>([])
            try await units.perform {
                await AfterCommit.run { effects.withLock { $0.append("effect") } }
                _ = try? await AmbientTransaction.run(on: pool) { step in
                    await AfterCommit.run { effects.withLock { $0.append("of a step that is taken back") } }
                    try await step.execute("select 1/0")
                }
                try await AmbientTransaction.run(on: pool) { _ in
                    await AfterCommit.run { effects.withLock { $0.append("of a step") } }
                }
                _ = try await ledger.append(deed("after the failure"))
                #expect(effects.withLock { $0.isEmpty })
            }
            #expect(effects.withLock { $0 } == ["effect", "of a step"])
            #expect(try await ledger.trail(AuditQuery(scope: .organization("acme"))).count == 1)
            await #expect(throws: Failed.self) { () async throws in
                try await units.perform {
                    await AfterCommit.run { effects.withLock { $0.append("never") } }
                    throw Failed()
                }
            }
            #expect(effects.withLock { $0 } == ["effect", "of a step"])
        }
    }
}

/// HMAC under a known key.
private struct TestSigner: AuditSigner, PayloadDigester {
    func digest(ofSHA256 sha256: [UInt8]) throws(KeyError) -> [UInt8] { try sign(Hex.encode(sha256)) }

    func sign(_ text: String) throws(KeyError) -> [UInt8] {
        do throws(TokenError) {
            return try Digest.hmacSHA256(Array(text.utf8), key: KeyBytes([UInt8](repeating: 7, count: 32)))
        } catch { throw .cannotMint("\(error)") }
    }

    func isSignature(_ signature: [UInt8], of text: String) throws(KeyError) -> Bool { try sign(text) == signature }
}

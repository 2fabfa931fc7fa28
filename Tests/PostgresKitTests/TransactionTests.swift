import PostgresKit
import PostgresTestSupport
import Testing

private struct Refusal: Error {}

@Suite(
    "Transactions on a real server", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct TransactionTests {
    private func withItems<Value>(_ body: (PostgresPool) async throws -> Value) async throws -> Value {
        try await withPool { pool async throws in
            try await pool.withConnection { connection in
                try await connection.executeScript(
                    "CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL); INSERT INTO item VALUES (1, 0), (2, 0)")
            }
            return try await body(pool)
        }
    }

    private func sum(_ pool: PostgresPool) async throws -> Int {
        try await pool.single("SELECT sum(n) AS sum FROM item").int("sum")
    }

    @Test("what returns is committed, what throws is rolled back")
    func commitAndRollBack() async throws {
        try await withItems { pool async throws in
            let value = try await pool.transaction { transaction in
                try await transaction.execute("UPDATE item SET n = 5 WHERE id = 1")
            }
            #expect(value == 1)
            await #expect(throws: Refusal.self) {
                _ = try await pool.transaction { transaction in
                    try await transaction.execute("UPDATE item SET n = 100")
                    throw Refusal()
                }
            }
            let sum = try await sum(pool)
            #expect(sum == 5)
        }
    }

    @Test("cancelling the task rolls back, even when the body takes no notice")
    func cancellation() async throws {
        try await withItems { pool async throws in
            let error = await withTaskGroup(of: PostgresError?.self) { group in
                group.addTask {
                    await failure {
                        _ = try await pool.transaction { transaction in
                            try await transaction.execute("UPDATE item SET n = 100")
                            withUnsafeCurrentTask { $0?.cancel() }
                        }
                    }
                }
                return await group.next() ?? nil
            }
            #expect(error == .cancelled)
            let sum = try await sum(pool)
            #expect(sum == 0)
        }
    }

    @Test("increments under serializable isolation are never lost", arguments: [4])
    func serializable(workers: Int) async throws {
        try await withItems { pool async throws in
            let attempts = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<workers {
                    group.addTask {
                        for _ in 0..<5 {
                            try await pool.transaction(isolation: .serializable, retries: 100) { transaction in
                                await attempts.increment()
                                let n = try await transaction.single("SELECT n FROM item WHERE id = 1").int("n")
                                try await transaction.execute(
                                    "UPDATE item SET n = $1::int WHERE id = 1", [.int(n + 1)])
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sum = try await sum(pool)
            #expect(sum == workers * 5)
            let count = await attempts.count
            #expect(count > workers * 5, "no transaction was ever run again, so this shows nothing")
        }
    }

    @Test("two transactions that block each other both succeed in the end")
    func deadlock() async throws {
        try await withItems { pool async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for order in [[1, 2], [2, 1]] {
                    group.addTask {
                        _ = try await pool.transaction { transaction in
                            for id in order {
                                try await transaction.execute(
                                    "UPDATE item SET n = n + 1 WHERE id = $1::int", [.int(id)])
                                try await transaction.query("SELECT pg_sleep(0.1)")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sum = try await sum(pool)
            #expect(sum == 4)
        }
    }

    @Test("retries are bounded, also when the body hides the cause in an error of its own", arguments: [0, 3])
    func boundedRetries(retries: Int) async throws {
        try await withItems { pool async throws in
            let attempts = Counter()
            await #expect(throws: Refusal.self) {
                try await pool.transaction(retries: retries) { transaction in
                    await attempts.increment()
                    do {
                        try await transaction.executeScript(
                            "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")
                    } catch {
                        throw Refusal()
                    }
                }
            }
            let count = await attempts.count
            #expect(count == retries + 1)
        }
    }

    @Test("a failed statement that the body swallows does not become a commit")
    func swallowedFailure() async throws {
        try await withItems { pool async throws in
            let error = await failure {
                _ = try await pool.transaction { transaction in
                    try await transaction.execute("UPDATE item SET n = 7")
                    _ = try? await transaction.query("SELECT 1 / 0")
                }
            }
            #expect(error == .transactionAborted)
            let sum = try await sum(pool)
            #expect(sum == 0)
        }
    }

    @Test("a constraint that fails at COMMIT is reported, and the connection can be used again")
    func deferredConstraint() async throws {
        try await withConnection { connection async throws in
            try await connection.executeScript(
                "CREATE TABLE leaf (id int CONSTRAINT one UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            let error = await failure {
                _ = try await connection.transaction { transaction in
                    try await transaction.execute("INSERT INTO leaf VALUES (1), (1)")
                }
            }
            #expect(error?.isUniqueViolation == true)
            #expect(error?.constraint == "one")
            let value = try await connection.transaction { transaction in
                try await transaction.single("SELECT count(*) AS n FROM leaf").int("n")
            }
            #expect(value == 0)
        }
    }

    @Test("a transaction that is kept beyond its end refuses every statement")
    func usedAfterEnd() async throws {
        try await withConnection { connection async throws in
            let kept = try await connection.transaction { $0 }
            let error = await failure { try await kept.query("SELECT 1") }
            #expect(error == .closed)
        }
    }

    @Test("a second transaction on the same connection is refused while the first is open")
    func nested() async throws {
        try await withConnection { connection async throws in
            try await connection.transaction { _ in
                let error = await failure { try await connection.transaction { _ in } }
                #expect(error == .invalidConfiguration(reason: "a transaction is already open on this connection"))
            }
        }
    }

    @Test("a connection that is lost before COMMIT is an error, and nothing was written")
    func lostBeforeCommit() async throws {
        try await withItems { pool async throws in
            let error = await failure {
                _ = try await pool.transaction { transaction in
                    try await transaction.execute("UPDATE item SET n = 7")
                    let backend = try await transaction.backendID()
                    try await pool.query("SELECT pg_terminate_backend($1::int)", [.int(backend)])
                    try await transaction.query("SELECT pg_sleep(1)")
                }
            }
            #expect(error?.isTransient == true)
            let sum = try await sum(pool)
            #expect(sum == 0)
        }
    }

    @Test("a connection that is lost during COMMIT says that the outcome is unknown")
    func lostDuringCommit() async throws {
        try await withConnection { connection async throws in
            try await connection.executeScript(
                """
                CREATE TABLE leaf (id int);
                CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER die AFTER INSERT ON leaf DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION die();
                """)
            let error = await failure {
                _ = try await connection.transaction { transaction in
                    try await transaction.execute("INSERT INTO leaf VALUES (1)")
                }
            }
            guard case .commitOutcomeUnknown = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}

private actor Counter {
    private(set) var count = 0

    func increment() { count += 1 }
}

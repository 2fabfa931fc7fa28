import EmbeddedPostgres
import FoundationEssentials
import PostgresKit
import PostgresTestSupport
import Testing

@Suite(
    "Pool on a real server", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct PoolTests {
    @Test("many callers share few connections, and each gets its own answer")
    func concurrency() async throws {
        try await withPool({
            $0.maximumConnections = 3
            $0.acquireDeadline = .seconds(60)
        }) { pool async throws in
            let backends = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let row = try await pool.single(
                            "SELECT $1::int AS n, pg_backend_pid()::bigint AS backend FROM pg_sleep(0.002)",
                            [.int(number)])
                        #expect(try row.int("n") == number)
                        return try row.int64("backend")
                    }
                }
                return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            }
            #expect((1...3).contains(backends.count))
        }
    }

    @Test("a connection whose buffers have grown is not kept", arguments: [true, false])
    func grown(sends: Bool) async throws {
        try await withPool({ $0.maximumConnections = 1 }) { pool async throws in
            let backend = { () async throws in
                try await pool.single("SELECT pg_backend_pid()::bigint AS backend").int64("backend")
            }
            let first = try await backend()
            try await pool.query("SELECT length($1::text)", [.text(String(repeating: "x", count: 500_000))])
            #expect(try await backend() == first)
            let text = sends ? String(repeating: "x", count: 2 << 20) : ""
            try await pool.query("SELECT rpad($1::text, 2 << 20)", [.text(text)])
            #expect(try await backend() != first)
        }
    }

    @Test("connections that nobody uses any more are closed, though the pool is not used again")
    func unused() async throws {
        try await withPool({
            $0.minimumConnections = 1
            $0.idleLimit = .seconds(1)
        }) { pool async throws in
            // At the same time, so that each has a connection of its own.
            let backends = try await withThrowingTaskGroup(of: Int64.self) { group in
                let sql = "SELECT pg_backend_pid()::bigint AS backend FROM pg_sleep(0.3)"
                for _ in 0..<4 { group.addTask { try await pool.single(sql).int64("backend") } }
                return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            }
            #expect(backends.count == 4)
            try await Task.sleep(for: .seconds(1.1))
            await pool.closeIdle()
            let isAlive = { (backend: Int64) in FileManager.default.fileExists(atPath: "/proc/\(backend)") }
            #expect(try await eventually { backends.filter(isAlive).count == 1 })
            #expect(backends.contains(try await pool.backendID()))
        }
    }

    @Test("a caller without a connection in time gets an error, and the pool keeps working")
    func acquireDeadline() async throws {
        try await withPool({
            $0.maximumConnections = 1
            $0.acquireDeadline = .seconds(2)
        }) { pool async throws in
            let error = try await pool.withConnection { _ in await failure { try await pool.ping() } }
            #expect(error == .acquireDeadlineExceeded)
            try await pool.ping()
        }
    }

    @Test("more waiters than the limit are refused at once")
    func queueLimit() async throws {
        try await withPool({
            $0.maximumConnections = 1
            $0.maximumWaiters = 0
        }) { pool async throws in
            let error = try await pool.withConnection { _ in await failure { try await pool.ping() } }
            #expect(error == .queueFull)
        }
    }

    @Test("a waiter that is cancelled leaves, and no connection is lost with it", arguments: 0..<5)
    func cancelledWaiters(round: Int) async throws {
        try await withPool({ $0.maximumConnections = 1 }) { pool async throws in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = await failure { try await pool.query("SELECT 1") } } }
                for _ in 0..<round { await Task.yield() }
                group.cancelAll()
            }
            try await pool.ping()
        }
    }

    @Test("an idle connection whose backend was terminated is replaced without an error")
    func terminatedIdle() async throws {
        try await withPool({ $0.maximumConnections = 4 }) { pool async throws in
            let killer = try await PostgresConnection.connect(try TestCluster.running.parameters)
            let backend = try await pool.backendID()
            try await killer.query("SELECT pg_terminate_backend($1::int, 5000)", [.int(backend)])
            // Its connection closes with its process, a moment after it left the server's list.
            #expect(try await eventually { !FileManager.default.fileExists(atPath: "/proc/\(backend)") })
            #expect(try await pool.backendID() != backend)
            await killer.close()
        }
    }

    @Test("a connection that was left in a transaction is not handed out again")
    func dirtyConnection() async throws {
        try await withPool({ $0.maximumConnections = 1 }) { pool async throws in
            let backend = try await pool.withConnection { connection in
                try await connection.executeScript("BEGIN")
                return try await connection.backendID()
            }
            let next = try await pool.backendID()
            #expect(next != backend)
        }
    }

    @Test("a connection that was idle for long is checked before it is used")
    func idleCheck() async throws {
        try await withPool({ $0.idleBeforeCheck = .zero }) { pool async throws in
            let first = try await pool.backendID()
            let second = try await pool.backendID()
            #expect(first == second)
        }
    }

    @Test("a connection beyond the maximum age is not used again")
    func maximumAge() async throws {
        try await withPool({ $0.maximumAge = .zero }) { pool async throws in
            let first = try await pool.backendID()
            let second = try await pool.backendID()
            #expect(first != second)
        }
        try await withPool({ $0.maximumAge = .seconds(3_600) }) { pool async throws in
            let first = try await pool.backendID()
            let second = try await pool.backendID()
            #expect(first == second)
        }
    }

    @Test("what is refused for good is reported at once, not tried until the deadline")
    func incurable() async throws {
        let parameters = try TestCluster.running.parameters.with(database: "nowhere")
        var configuration = PostgresPoolConfiguration()
        configuration.acquireDeadline = .seconds(3_600)
        let pool = PostgresPool(parameters, configuration: configuration)
        let error = await failure { try await pool.start() }
        #expect(error?.sqlState == "3D000")
        await pool.close()
    }

    @Test("a closed pool refuses who comes and who waits, and ends what is in use")
    func close() async throws {
        try await withPool({
            $0.maximumConnections = 1
            $0.closeDeadline = .milliseconds(50)
        }) { pool async throws in
            let errors = try await withThrowingTaskGroup(of: PostgresError?.self) { group in
                let watcher = try await PostgresConnection.connect(try TestCluster.running.parameters)
                let backend = try await pool.backendID()
                group.addTask { await failure { try await pool.query("SELECT pg_sleep(3600)") } }
                #expect(try await eventually { try await watcher.isActive(backend) })
                group.addTask { await failure { try await pool.ping() } }
                await Task.yield()
                await pool.close()
                await watcher.close()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.count == 2)
            #expect(errors.contains(.cancelled))
            #expect(errors.contains(.closed))
            #expect(await failure { try await pool.ping() } == .closed)
        }
    }

    @Test("callers ride out a restart of the server")
    func serverRestart() async throws {
        let folder = TestFolder()
        defer { folder.remove() }
        var configuration = EmbeddedClusterConfiguration(folder: folder.path + "/postgres")
        configuration.settings = ["fsync": "off"]
        let first = try await EmbeddedCluster.start(configuration)
        var limits = PostgresPoolConfiguration()
        limits.acquireDeadline = .seconds(60)
        let pool = PostgresPool(first.parameters, configuration: limits)
        try await pool.start()
        try await first.stop()
        async let answer = pool.single("SELECT 42 AS n").int("n")
        let second = try await EmbeddedCluster.start(configuration)
        #expect(try await answer == 42)
        await pool.close()
        try await second.stop()
    }
}

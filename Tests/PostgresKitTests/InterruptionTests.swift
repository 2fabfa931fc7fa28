import Glibc
import PostgresKit
import PostgresTestSupport
import Testing

@Suite(
    "Interrupted statements on a real server",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster)
struct InterruptionTests {
    @Test("a statement beyond its deadline is cancelled on the server, and the connection stays good")
    func deadline() async throws {
        try await withConnection { connection async throws in
            let backend = try await connection.backendID()
            let error = await failure {
                _ = try await connection.query("SELECT pg_sleep(3600)", [], deadline: .milliseconds(50))
            }
            #expect(error == .deadlineExceeded)
            #expect(try await connection.backendID() == backend)
        }
    }

    @Test("cancelling the task cancels the statement on the server, and the connection stays good")
    func cancellation() async throws {
        try await withConnection { connection async throws in
            let watcher = try await PostgresConnection.connect(try TestCluster.running.parameters)
            let backend = try await connection.backendID()
            let error = try await withThrowingTaskGroup(of: PostgresError?.self) { group in
                group.addTask { await failure { try await connection.query("SELECT pg_sleep(3600)") } }
                #expect(try await eventually { try await watcher.isActive(backend) })
                group.cancelAll()
                return try await group.next() ?? nil
            }
            #expect(error == .cancelled)
            #expect(try await watcher.isActive(backend) == false)
            #expect(try await connection.backendID() == backend)
            await watcher.close()
        }
    }

    @Test("a request to cancel never hits the statement after the one it was meant for", arguments: 0..<12)
    func lateCancellation(round: Int) async throws {
        try await withConnection { connection async throws in
            for step in 0..<5 {
                let error = await failure {
                    _ = try await connection.query(
                        "SELECT pg_sleep(0.002)", [], deadline: .microseconds(1_800 + round * 20 + step))
                }
                #expect(error == nil || error == .deadlineExceeded)
                #expect(try await connection.single("SELECT pg_sleep(0.001), 7 AS n").int("n") == 7)
            }
        }
    }

    @Test("a task that is cancelled already sends nothing")
    func cancelledBefore() async throws {
        try await withConnection { connection async throws in
            try await connection.executeScript("CREATE TABLE item ()")
            let error = await withTaskGroup(of: PostgresError?.self) { group in
                group.cancelAll()
                group.addTask { await failure { try await connection.execute("INSERT INTO item DEFAULT VALUES") } }
                return await group.next() ?? nil
            }
            #expect(error == .cancelled)
            #expect(try await connection.single("SELECT count(*) AS n FROM item").int("n") == 0)
        }
    }

    @Test("a terminated backend is a lost connection, at the statement and after it")
    func terminated() async throws {
        try await withConnection { connection async throws in
            let killer = try await PostgresConnection.connect(try TestCluster.running.parameters)
            let backend = try await connection.backendID()
            let error = try await withThrowingTaskGroup(of: PostgresError?.self) { group in
                group.addTask { await failure { try await connection.query("SELECT pg_sleep(3600)") } }
                #expect(try await eventually { try await killer.isActive(backend) })
                try await killer.query("SELECT pg_terminate_backend($1::int)", [.int(backend)])
                return try await group.next() ?? nil
            }
            #expect(error?.isTransient == true)
            guard case .connectionLost = error, case .connectionLost = await failure({ try await connection.ping() })
            else {
                Issue.record("not lost: \(String(describing: error))")
                return
            }
            await killer.close()
        }
    }

    @Test("closing a connection ends the statement that it runs, and later calls are refused")
    func close() async throws {
        try await withConnection { connection async throws in
            let watcher = try await PostgresConnection.connect(try TestCluster.running.parameters)
            let backend = try await connection.backendID()
            let error = try await withThrowingTaskGroup(of: PostgresError?.self) { group in
                group.addTask { await failure { try await connection.query("SELECT pg_sleep(3600)") } }
                #expect(try await eventually { try await watcher.isActive(backend) })
                await connection.close()
                return try await group.next() ?? nil
            }
            #expect(error == .cancelled)
            #expect(await failure { try await connection.ping() } == .closed)
            await watcher.close()
        }
    }
}

@Suite(
    "Frozen servers", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct FrozenServerTests {
    @Test("a backend that does not obey costs the connection, not the caller")
    func frozenBackend() async throws {
        let limits = shortLimits { $0.cancelGrace = .milliseconds(200) }
        try await withConnection(limits: limits) { connection async throws in
            let backend = pid_t(try await connection.backendID())
            kill(backend, SIGSTOP)
            defer { kill(backend, SIGCONT) }
            let error = await failure { _ = try await connection.query("SELECT 1", [], deadline: .milliseconds(50)) }
            #expect(error == .deadlineExceeded)
            guard case .connectionLost = await failure({ try await connection.ping() }) else {
                Issue.record("the connection is still in use")
                return
            }
        }
    }

    @Test("a server that is frozen altogether does not hold the caller")
    func frozenServer() async throws {
        let limits = shortLimits { $0.cancelGrace = .milliseconds(200) }
        let impatient = shortLimits { $0.connectDeadline = .milliseconds(200) }
        try await withConnection(limits: limits) { connection async throws in
            let parameters = try TestCluster.running.parameters
            let path = try await connection.single("SHOW data_directory").string("data_directory") + "/postmaster.pid"
            let file = try await connection.single("SELECT pg_read_file($1) AS text", [.text(path)]).string("text")
            let postmaster = try #require(file.split(separator: "\n").first.flatMap { pid_t($0) })
            let backend = pid_t(try await connection.backendID())
            for process in [postmaster, backend] { kill(process, SIGSTOP) }
            defer { for process in [postmaster, backend] { kill(process, SIGCONT) } }
            let error = await failure { _ = try await connection.query("SELECT 1", [], deadline: .milliseconds(50)) }
            #expect(error == .deadlineExceeded)
            let refused = await failure { _ = try await PostgresConnection.connect(parameters, limits: impatient) }
            #expect(refused == .connectDeadlineExceeded(address: parameters.address))
        }
    }
}

import FoundationEssentials
import Glibc
import PostgresKit
import PostgresTestSupport
import Testing

@testable import EmbeddedPostgres

@Suite("Embedded cluster", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() })
struct EmbeddedClusterTests {
    /// Runs `body` with the configuration of a cluster in a folder of its own, which is removed afterwards.
    private func withConfiguration(_ body: (EmbeddedClusterConfiguration) async throws -> Void) async throws {
        let folder = TestFolder()
        defer { folder.remove() }
        var configuration = EmbeddedClusterConfiguration(folder: folder.path + "/postgres")
        configuration.settings = ["fsync": "off"]
        try await body(configuration)
    }

    private func failure(_ configuration: EmbeddedClusterConfiguration) async -> EmbeddedClusterError? {
        do throws(EmbeddedClusterError) {
            let cluster = try await EmbeddedCluster.start(configuration)
            try await cluster.stop()
            return nil
        } catch {
            return error
        }
    }

    private func query(_ cluster: EmbeddedCluster, _ sql: String) async throws -> PostgresRows {
        let connection = try await PostgresConnection.connect(cluster.parameters)
        let rows = try await connection.query(sql)
        await connection.close()
        return rows
    }

    private func postmaster(_ configuration: EmbeddedClusterConfiguration) throws -> pid_t {
        let text = try String(
            decoding: Data(contentsOf: URL(filePath: configuration.folder + "/data/postmaster.pid")), as: UTF8.self)
        return try #require(text.split(separator: "\n").first.flatMap { pid_t($0) })
    }

    /// Starts a cluster whose last manager was forgotten a moment ago: its lock goes when its last reference does.
    private func takeOver(_ configuration: EmbeddedClusterConfiguration) async throws -> EmbeddedCluster {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            do throws(EmbeddedClusterError) {
                return try await EmbeddedCluster.start(configuration)
            } catch {
                guard case .inUse = error, ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// The server of a forgotten manager is a child of these tests, unlike that of a killed one: who waits for any child
    /// of theirs, as tests of exits do, would find this one for ever.
    private func reap(_ processID: pid_t) {
        var status: Int32 = 0
        while waitpid(processID, &status, 0) == -1, errno == EINTR {}
    }

    /// Starts a cluster with one row in it and forgets it without stopping it, as a killed manager does.
    private func abandonCluster(_ configuration: EmbeddedClusterConfiguration) async throws -> pid_t {
        let cluster = try await EmbeddedCluster.start(configuration)
        _ = try await query(cluster, "CREATE TABLE kept AS SELECT 42 AS n")
        return try postmaster(configuration)
    }

    @Test("data survives a stop and a start, and only the server's user and root can enter the folders")
    func restart() async throws {
        try await withConfiguration { configuration async throws in
            let first = try await EmbeddedCluster.start(configuration)
            _ = try await query(first, "CREATE TABLE kept AS SELECT 42 AS n")
            try await first.stop()
            try await first.stop()
            let second = try await EmbeddedCluster.start(configuration)
            #expect(try await query(second, "SELECT n FROM kept").first?.int("n") == 42)
            let account = try #require(SystemAccount.isRoot ? SystemAccount(named: "postgres") : .current)
            for folder in ["", "/data", "/run"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: configuration.folder + folder)
                // Through the cluster's own folder the server's user passes; root keeps it.
                let isRootsOwn = folder.isEmpty && SystemAccount.isRoot
                #expect((attributes[.posixPermissions] as? UInt16) == (isRootsOwn ? 0o710 : 0o700))
                #expect((attributes[.ownerAccountID] as? UInt) == (isRootsOwn ? 0 : UInt(account.userID)))
            }
            try await second.stop()
            #expect(!FileManager.default.fileExists(atPath: configuration.folder + "/data/postmaster.pid"))
        }
    }

    @Test("durability is on, and there is no network")
    func settings() async throws {
        try await withConfiguration { configuration async throws in
            var durable = configuration
            durable.settings = [:]
            let cluster = try await EmbeddedCluster.start(durable)
            for (name, value) in [
                ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"), ("data_checksums", "on"),
                ("listen_addresses", ""), ("max_connections", "40"), ("server_encoding", "UTF8"),
            ] {
                #expect(try await query(cluster, "SHOW \(name)").first?.string(name) == value, "\(name)")
            }
            try await cluster.stop()
        }
    }

    @Test("nothing of this program's environment gets to the server")
    func environment() async throws {
        try await withConfiguration { configuration async throws in
            let site = try await EmbeddedClusterSite.prepare(configuration).site
            #expect(site.environment == ["PATH": configuration.searchPath, "LC_ALL": "C", "TZ": "UTC"])
        }
    }

    @Test("a second manager in the same folder is refused, and the first one's server is left alone")
    func inUse() async throws {
        try await withConfiguration { configuration async throws in
            let cluster = try await EmbeddedCluster.start(configuration)
            guard case .inUse = await failure(configuration) else {
                Issue.record("two managers in one folder")
                return
            }
            #expect(try await query(cluster, "SELECT 1 AS n").first?.int("n") == 1)
            try await cluster.stop()
        }
    }

    @Test("a server that a killed manager left running is stopped, and its data is there")
    func leftoverServer() async throws {
        try await withConfiguration { configuration async throws in
            let old = try await abandonCluster(configuration)
            let cluster = try await takeOver(configuration)
            reap(old)
            #expect(try postmaster(configuration) != old)
            #expect(try await query(cluster, "SELECT n FROM kept").first?.int("n") == 42)
            try await cluster.stop()
        }
    }

    @Test("a server that was killed itself, with a client connected, is recovered from", arguments: 0..<2)
    func killedServer(round: Int) async throws {
        try await withConfiguration { configuration async throws in
            var cluster: EmbeddedCluster? = try await EmbeddedCluster.start(configuration)
            let parameters = try #require(cluster).parameters
            let connection = try await PostgresConnection.connect(parameters)
            try await connection.executeScript("CREATE TABLE kept AS SELECT 42 AS n")
            try await connection.executeScript("BEGIN; DELETE FROM kept")
            let old = try postmaster(configuration)
            kill(old, SIGKILL)
            cluster = nil
            let next = try await takeOver(configuration)
            reap(old)
            #expect(try await query(next, "SELECT n FROM kept").first?.int("n") == 42)
            await connection.close()
            try await next.stop()
        }
    }

    @Test("a process file that names another living process is not believed, and that process is left alone")
    func reusedProcessID() async throws {
        try await withConfiguration { configuration async throws in
            let cluster = try await EmbeddedCluster.start(configuration)
            try await cluster.stop()
            let path = configuration.folder + "/data/postmaster.pid"
            let text = "\(getpid())\n\(configuration.folder)/data\n1\n5432\n\(configuration.folder)/run\n\n1 1\nready\n"
            try Data(text.utf8).write(to: URL(filePath: path))
            #expect(await failure(configuration) == nil)
        }
    }

    @Test("an initdb that was cut short is done again from the beginning")
    func unfinishedData() async throws {
        try await withConfiguration { configuration async throws in
            let site = try await EmbeddedClusterSite.prepare(configuration).site
            let path = site.layout.unfinishedData
            try FileManager.default.createDirectory(atPath: path + "/base", withIntermediateDirectories: true)
            #expect(await failure(configuration) == nil)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("data of another major version is refused and left as it is")
    func versionMismatch() async throws {
        try await withConfiguration { configuration async throws in
            let site = try await EmbeddedClusterSite.prepare(configuration).site
            try FileManager.default.createDirectory(atPath: site.layout.data, withIntermediateDirectories: false)
            try Data("9\n".utf8).write(to: URL(filePath: site.layout.data + "/PG_VERSION"))
            guard case .versionMismatch(data: 9, let installed) = await failure(configuration) else {
                Issue.record("PostgreSQL 9's data was taken")
                return
            }
            #expect(!installed.isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: site.layout.data) == ["PG_VERSION"])
        }
    }

    @Test("a server that does not start is reported with what it wrote")
    func badSetting() async throws {
        try await withConfiguration { configuration async throws in
            var bad = configuration
            bad.settings["shared_buffers"] = "a lot"
            guard case .startFailed(let log) = await failure(bad) else {
                Issue.record("it started")
                return
            }
            #expect(log.contains("shared_buffers"))
            #expect(await failure(configuration) == nil)
        }
    }

    @Test("a path too long for a socket gets a short socket folder, with the same protection")
    func longPath() async throws {
        try await withConfiguration { configuration async throws in
            let folder = configuration.folder + String(repeating: "x", count: 100)
            var long = configuration
            long.folder = folder
            let cluster = try await EmbeddedCluster.start(long)
            let socketFolder = cluster.parameters.host
            #expect(socketFolder.utf8.count < 60)
            let attributes = try FileManager.default.attributesOfItem(atPath: socketFolder)
            #expect((attributes[.posixPermissions] as? UInt16) == 0o700)
            #expect(try await query(cluster, "SELECT 1 AS n").first?.int("n") == 1)
            try await cluster.stop()
            try FileManager.default.removeItem(atPath: socketFolder)
        }
    }

    @Test("a folder that is not absolute, or has no PostgreSQL to run, is refused")
    func badConfiguration() async throws {
        guard case .relativeFolder = await failure(EmbeddedClusterConfiguration(folder: "data/postgres")) else {
            Issue.record("a relative folder was accepted")
            return
        }
        try await withConfiguration { configuration async throws in
            var bad = configuration
            bad.programsFolder = "/nonexistent"
            guard case .noPrograms = await failure(bad) else {
                Issue.record("programs were found in /nonexistent")
                return
            }
        }
    }

    @Test("the log stays within its bound while the server runs")
    func boundedLog() async throws {
        try await withConfiguration { configuration async throws in
            var small = configuration
            small.maximumLogBytes = 64 << 10
            let cluster = try await EmbeddedCluster.start(small)
            let log = configuration.folder + "/postgres.log"
            let size = { (path: String) -> Int in
                (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await cluster.supervise { Issue.record("reported: \($0)") } }
                for _ in 0..<3 {
                    _ = try await query(
                        cluster,
                        "DO $$ BEGIN FOR i IN 1..20 LOOP "
                            + "RAISE WARNING '%', repeat('x', 5000); END LOOP; END $$")
                    let deadline = ContinuousClock.now + .seconds(10)
                    while size(log) > small.maximumLogBytes, ContinuousClock.now < deadline {
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    #expect(size(log) <= small.maximumLogBytes)
                    #expect(size(log + ".1") > small.maximumLogBytes)
                }
                group.cancelAll()
            }
            // What is written afterwards is at the beginning of the emptied log, not behind a hole.
            _ = try await query(cluster, "DO $$ BEGIN RAISE WARNING 'after'; END $$")
            let text = try String(decoding: Data(contentsOf: URL(filePath: log)), as: UTF8.self)
            #expect(text.contains("after") && !text.contains("\0"))
            try await cluster.stop()
        }
    }

    @Test("a server that dies is started again, until the supervision is cancelled")
    func supervision() async throws {
        try await withConfiguration { configuration async throws in
            let cluster = try await EmbeddedCluster.start(configuration)
            _ = try await query(cluster, "CREATE TABLE kept AS SELECT 42 AS n")
            let old = try postmaster(configuration)
            let (events, continuation) = AsyncStream.makeStream(of: EmbeddedClusterEvent.self)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await cluster.supervise { continuation.yield($0) } }
                kill(old, SIGKILL)
                for await event in events {
                    if case .restarted = event { break }
                }
                group.cancelAll()
            }
            #expect(try postmaster(configuration) != old)
            #expect(try await query(cluster, "SELECT n FROM kept").first?.int("n") == 42)
            try await cluster.stop()
        }
    }
}

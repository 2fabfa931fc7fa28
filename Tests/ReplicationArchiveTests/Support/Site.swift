import BackupModel
import EmbeddedPostgres
import PostgresKit
import PostgresTestSupport
import ProjectModel
import ReplicationArchive
import Synchronization
import Testing

/// A running cluster whose commits are numbered, and what tests do with it.
struct Site: Sendable {
    let cluster: EmbeddedCluster
    let connection: PostgresConnection

    init(_ cluster: EmbeddedCluster) async throws {
        self.cluster = cluster
        connection = try await PostgresConnection.connect(cluster.parameters)
    }

    /// A new cluster with an empty table.
    static func make(in folder: TestFolder, settings: [String: String] = [:]) async throws -> Site {
        var configuration = EmbeddedClusterConfiguration(folder: folder.path + "/postgres")
        configuration.settings = ["fsync": "off", "max_wal_senders": "10"].merging(settings) { _, own in own }
        let site = try await Site(try await EmbeddedCluster.start(configuration))
        try await site.connection.executeScript("CREATE TABLE numbers (n int PRIMARY KEY, filler text)")
        return site
    }

    var source: ReplicationSource {
        ReplicationSource(
            host: cluster.parameters.host, port: cluster.parameters.port, user: cluster.parameters.user,
            password: nil, database: cluster.parameters.database)
    }

    /// Commits each number in a transaction of its own.
    func commit(_ numbers: some Sequence<Int>, fillerBytes: Int = 10) async throws {
        for number in numbers {
            try await connection.executeScript(
                "INSERT INTO numbers VALUES (\(number), repeat('x', \(fillerBytes)))")
        }
    }

    func numbers() async throws -> [Int] {
        try await connection.query("SELECT n FROM numbers ORDER BY n", [], deadline: nil).map { try $0.int("n") }
    }

    /// The server's time, with enough room before and after for times of milliseconds.
    func moment() async throws -> Timestamp {
        try await Task.sleep(for: .milliseconds(20))
        let row = try #require(
            await connection.query("SELECT clock_timestamp() AS clock", [], deadline: nil).first)
        try await Task.sleep(for: .milliseconds(20))
        return Timestamp(milliseconds: try row.timestamp("clock").microsecondsSinceEpoch / 1_000)
    }

    func position() async throws -> WALPosition {
        let row = try #require(
            await connection.query("SELECT pg_current_wal_flush_lsn()::text AS p", [], deadline: nil).first)
        return try #require(WALPosition(text: try row.string("p")))
    }

    func restorePoint(_ name: String, on timeline: TimelineID = TimelineID(1)) async throws -> RestorePoint {
        let row = try #require(
            await connection.query("SELECT pg_create_restore_point('\(name)')::text AS p", [], deadline: nil).first)
        return RestorePoint(
            name: name, timeline: timeline, position: try #require(WALPosition(text: try row.string("p"))))
    }

    func stop() async throws {
        await connection.close()
        try await cluster.stop()
    }
}

/// An archive in a local folder.
struct Vault: Sendable {
    let archive: ReplicationArchive
    let access: ArchiveAccess

    init(_ store: any ObjectStore, incarnation: String = "one") throws {
        var limits = ArchiveLimits()
        limits.receiveWait = .milliseconds(50)
        limits.statusEvery = .milliseconds(200)
        limits.reportEvery = .milliseconds(200)
        limits.uploadPause = .milliseconds(20)
        limits.flushWindow = .milliseconds(500)
        archive = ReplicationArchive(store: store, limits: limits)
        let location = try #require(ArchiveLocation(installation: "test", incarnation: incarnation))
        let key = try #require(BackupKey((0..<32).map { UInt8($0) }))
        access = ArchiveAccess(location: location, key: key)
    }

    func base(_ id: String, of site: Site, includesWAL: Bool = false) async throws -> BaseBackup {
        let request = BaseBackupRequest(
            id: try #require(BackupID(id)), source: site.source, access: access, includesWAL: includesWAL)
        return try await archive.takeBase(request) { _ in }
    }

    func request(_ site: Site) -> WALRequest {
        WALRequest(source: site.source, access: access, uploadEvery: .seconds(1))
    }

    /// Receives while `body` runs, and cancels the receiver afterwards.
    @discardableResult
    func receiving<Value: Sendable>(
        _ site: Site, _ body: @escaping @Sendable (Received) async throws -> Value
    ) async throws -> Value {
        let request = request(site)
        let received = Received(flush: request.flush)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                do throws(BackupError) {
                    try await archive.receiveWAL(request) { event in received.append(event) }
                } catch {
                    guard error == .cancelled else { throw error }
                }
                return nil
            }
            group.addTask { try await body(received) }
            while let value = try await group.next() {
                guard let value else { throw BackupError.cancelled }
                group.cancelAll()
                return value
            }
            throw BackupError.cancelled
        }
    }
}

/// What a receiver reported.
final class Received: Sendable {
    private let events = Mutex<[WALEvent]>([])
    private let flush: WALFlush

    init(flush: WALFlush) { self.flush = flush }

    var all: [WALEvent] { events.withLock { $0 } }

    func append(_ event: WALEvent) { events.withLock { $0.append(event) } }

    var progress: WALProgress? {
        all.compactMap { event in if case .progress(let progress) = event { progress } else { nil } }.last
    }

    var gaps: [WALGap] { all.compactMap { event in if case .gap(let gap) = event { gap } else { nil } } }

    /// Waits until the archive is as far.
    func reached(_ position: WALPosition) async throws {
        flush.request()
        try await wait { ($0.progress?.position ?? WALPosition(0)) >= position }
    }

    /// Waits until everything that was committed by then is in the archive.
    func reached(_ time: Timestamp) async throws {
        try await wait { $0.progress?.completeUntil.map { $0 >= time } ?? false }
    }

    func wait(until isTrue: (Received) -> Bool) async throws {
        for _ in 0..<3_000 {
            if isTrue(self) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("the receiver did not come so far: \(all.suffix(3))")
    }
}

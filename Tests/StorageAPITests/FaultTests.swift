import DataPlaneCore
import FileKit
import PostgresKit
import PostgresTestSupport
import Synchronization
import Testing

@testable import StorageAPI

/// Files on a disk that fails when the test says so.
private struct FailingFiles: ObjectFiles {
    let real: VolumeFiles
    let failure: Failure

    final class Failure: Sendable {
        enum Moment { case create, write, publish }
        private let moment = Mutex<Moment?>(nil)

        func set(_ value: Moment?) { moment.withLock { $0 = value } }

        func check(_ value: Moment) throws(FileError) {
            if moment.withLock({ $0 == value }) { throw .noSpace }
        }
    }

    var shardCount: Int { real.shardCount }

    func create() async throws(FileError) -> any IncomingFile {
        try failure.check(.create)
        return FailingFile(real: try await real.create(), failure: failure)
    }
    func resume(_ version: ObjectVersion) async throws(FileError) -> any IncomingFile {
        FailingFile(real: try await real.resume(version), failure: failure)
    }
    func open(_ version: ObjectVersion) async throws(FileError) -> any PublishedFile { try await real.open(version) }
    func duplicate(_ version: ObjectVersion) async throws(FileError) -> ObjectVersion {
        try await real.duplicate(version)
    }
    func remove(_ version: ObjectVersion) async throws(FileError) -> Int? { try await real.remove(version) }
    func discard(_ version: ObjectVersion) async throws(FileError) -> Int? { try await real.discard(version) }
    var room: Int { real.room }
    func published(inShard shard: Int, unchangedSince time: Double) async throws(FileError) -> [StoredSize] {
        try await real.published(inShard: shard, unchangedSince: time)
    }
    func incoming(unchangedSince time: Double) async throws(FileError) -> [StoredSize] {
        try await real.incoming(unchangedSince: time)
    }
}

private struct FailingFile: IncomingFile {
    let real: any IncomingFile
    let failure: FailingFiles.Failure

    var version: ObjectVersion { real.version }
    func size() async throws(FileError) -> Int { try await real.size() }
    func write(_ bytes: [UInt8], at offset: Int) async throws(FileError) {
        try failure.check(.write)
        try await real.write(bytes, at: offset)
    }
    func append(_ version: ObjectVersion, at offset: Int) async throws(FileError) -> Int {
        try await real.append(version, at: offset)
    }
    func truncate(to length: Int) async throws(FileError) { try await real.truncate(to: length) }
    func sync() async throws(FileError) { try await real.sync() }
    func publish() async throws(FileError) {
        try failure.check(.publish)
        try await real.publish()
    }
    func discard() async throws(FileError) -> Int? { try await real.discard() }
}

@Suite(
    "Faults of the STORAGE API", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct FaultTests {
    @Test("a full disk is answered as such, and the object before stays")
    func aFullDisk() async throws {
        let failure = FailingFiles.Failure()
        try await StorageFixture.with(files: { FailingFiles(real: $0, failure: failure) }) { fixture in
            try await fixture.makeBucket("docs")
            #expect(try await fixture.put("docs/a", "one").status == 200)
            for moment in [FailingFiles.Failure.Moment.create, .write, .publish] {
                failure.set(moment)
                let answer = try await fixture.ask("PUT", "/object/docs/a", body: Array("two".utf8))
                #expect(answer.status == 507 && answer.member("statusCode") == "507", "\(answer.text)")
                #expect(answer.member("code") == "InsufficientStorage")
                #expect(try fixture.files().incoming.isEmpty)
                #expect(try await fixture.ask("GET", "/object/docs/a").text == "one")
            }
            failure.set(nil)
            #expect(try await fixture.ask("PUT", "/object/docs/a", body: Array("two".utf8)).status == 200)
            #expect(try fixture.files().published.count == 1)
        }
    }

    @Test("a client that goes or stalls in the middle leaves nothing")
    func aClientThatGoes() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            for (interruption, status) in [(BodyInterruption.aborted, 400), (.tooSlow, 408)] {
                let request = ServiceRequest(
                    method: "POST", path: "/object/docs/a", query: "",
                    headers: [("authorization", "Bearer \(StorageFixture.admin)"), ("content-length", "1000000")],
                    body: [])
                var pieces = [[UInt8](repeating: 1, count: 400_000)]
                let body = ServiceBody { () throws(BodyInterruption) in
                    guard let piece = pieces.popLast() else { throw interruption }
                    return piece
                }
                #expect(await fixture.service.respond(to: request, body: body).status == status)
                #expect(try fixture.files().incoming.isEmpty && fixture.files().published.isEmpty)
            }
        }
    }

    @Test("the sweeper removes what no row names, and nothing that is young or named")
    func theSweeper() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            _ = try await fixture.put("docs/a", "kept")
            // What a crash leaves between publishing a file and committing its row, and before.
            let orphan = try await fixture.service.files.create()
            try await orphan.write([1, 2, 3], at: 0)
            try await orphan.publish()
            _ = try await fixture.service.files.create()
            let part = try await fixture.ask(
                "POST", "/upload/resumable",
                headers: [
                    ("tus-resumable", "1.0.0"), ("upload-length", "3"),
                    ("upload-metadata", "bucketName ZG9jcw==,objectName Yg=="),
                ])
            #expect(part.status == 201, "\(part.text)")
            let young = try await StorageSweeper(service: fixture.service).round()
            #expect(young == StorageSweeper.Result(removed: 0, bytes: 7))
            let old = try await StorageSweeper(service: fixture.service, graceSeconds: -60).round()
            #expect(old.removed == 2)
            #expect(try await fixture.ask("GET", "/object/docs/a").text == "kept")
            #expect(try fixture.files().incoming.count == 1 && fixture.files().published.count == 1)
        }
    }

    @Test("making the schema again changes nothing, also when two servers do it at once")
    func makingTheSchemaAgain() async throws {
        try await StorageFixture.with { fixture in
            async let first: Void = fixture.service.migrate()
            async let second: Void = fixture.service.migrate()
            _ = try await (first, second)
            #expect(try await fixture.count("storage.projectd_steps") == StorageSchema.steps.count)
            let row = try await fixture.pool.single(
                """
                SELECT storage.foldername('a/b/c.txt')::text AS folder, storage.foldername('c.txt')::text AS none,
                  storage.filename('a/b/c.txt') AS file, storage.extension('a.tar.gz') AS extension,
                  storage.extension('noext') AS whole
                """)
            #expect(try row.string("folder") == "{a,b}" && row.string("none") == "{}")
            #expect(try row.string("file") == "c.txt" && row.string("extension") == "gz")
            #expect(try row.string("whole") == "noext")
        }
    }
}

@Suite("Rules of the STORAGE API")
struct StorageRuleTests {
    @Test(
        "sizes",
        arguments: [
            ("1024", 1_024), ("20MB", 20_000_000), ("1.5gb", 1_500_000_000), ("0.125 kb", 125), ("7b", 7), ("0", 0),
        ])
    func sizes(text: String, bytes: Int64) { #expect(ByteSize.bytes(text) == bytes) }

    @Test("what is no size", arguments: ["", "mb", "-1", "1.5", "1.2345mb", "99999999999gb", "1e3", "1 tb"])
    func noSizes(text: String) { #expect(ByteSize.bytes(text) == nil) }

    @Test("types that a bucket allows")
    func types() {
        #expect(MIMETypes.isAllowed("image/png", by: nil) && MIMETypes.isAllowed("image/png", by: []))
        #expect(MIMETypes.isAllowed("Image/PNG; a=b", by: ["text/plain", "image/*"]))
        #expect(!MIMETypes.isAllowed("imagex/png", by: ["image/*"]) && MIMETypes.isAllowed("a/b", by: ["*/*"]))
        #expect(
            MIMETypes.isPattern("application/vnd.a+json") && !MIMETypes.isPattern("image")
                && !MIMETypes.isPattern("*/a"))
    }

    @Test("times in headers, there and back", arguments: [0.0, 951_782_399, 951_782_400, 1_767_323_045, 4_107_542_400])
    func times(seconds: Double) { #expect(HTTPDate.seconds(HTTPDate.text(seconds)) == seconds) }

    @Test("a time of the standard's own")
    func aTime() {
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.iso(784_111_777.25) == "1994-11-06T08:49:37.250Z")
    }

    @Test("the end of a prefix comes after all that begin with it")
    func prefixes() {
        #expect(PrefixBound.end(of: "a/") == "a0" && PrefixBound.end(of: "") == nil)
        #expect(PrefixBound.end(of: "a\u{10ffff}") == "b" && PrefixBound.end(of: "\u{d7ff}") == "\u{e000}")
    }

    @Test("versions are uuids, and nothing else")
    func versions() {
        #expect(ObjectVersion(ObjectVersion.random().text) != nil)
        for text in [
            "", "../../../../etc/passwd0000000000000000", "1111111122224333844455555555555555",
            "A1111111-2222-4333-8444-555555555555",
        ] {
            #expect(ObjectVersion(text) == nil)
        }
    }
}

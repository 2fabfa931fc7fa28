import BackupModel
import CurlKit
import Foundation
import HTTPStub
import ProjectModel
import Testing

@testable import ReplicationArchive

/// On a double that checks signatures, or on a real server of the S3 API, which an environment variable names:
/// `S3_TEST_URL` is `http://KEY:SECRET@host:port/bucket` of a bucket that exists.
@Suite("S3 store", .serialized)
struct S3StoreTests {
    private func run(_ body: (S3Store, S3Double) async throws -> Void) async throws {
        let double = S3Double()
        let stub = try StubServer(.loopback) { double.answer($0) }
        defer { stub.stop() }
        let client = try HTTPClient()
        do { try await body(try S3Store(try settings(double, port: stub.port), client: client), double) } catch {
            Issue.record(error)
        }
        await client.shutdown()
    }

    private func settings(_ double: S3Double, port: Int) throws -> S3StoreSettings {
        guard let text = ProcessInfo.processInfo.environment["S3_TEST_URL"] else { return double.settings(port: port) }
        let url = try #require(URLComponents(string: text))
        return S3StoreSettings(
            endpoint: "http://\(url.host ?? ""):\(url.port ?? 80)", region: "us-east-1",
            bucket: String(url.path.split(separator: "/").last ?? ""), prefix: "t\(UInt32.random(in: 0 ... .max))/",
            accessKeyID: url.user ?? "", secretAccessKey: url.password ?? "")
    }

    @Test func objectsOfEverySizeAreReadBack() async throws {
        try await run { store, _ in
            for count in [0, 1, S3Store.partBytes, S3Store.partBytes + 1, 2 * S3Store.partBytes + 5] {
                let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                    for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: index ^ (index >> 9)) }
                    initialized = count
                }
                try await store.put("v1/a/\(count).enc", bytes)
                #expect(try await store.size(of: "v1/a/\(count).enc") == Int64(count))
                #expect(try await store.get("v1/a/\(count).enc", bytesMax: count) == bytes)
            }
            #expect(try await store.list("v1/a/").count == 5)
            #expect(try await store.list("v1/b/").isEmpty)
            for object in try await store.list("v1/") { try await store.remove(object.name) }
            #expect(try await store.list("v1/").isEmpty)
            #expect(try await store.size(of: "v1/a/1.enc") == nil)
            #expect(try await store.read("v1/a/1.enc") == nil)
        }
    }

    @Test func anObjectThatIsNotFinishedIsNotThere() async throws {
        try await run { store, _ in
            let writer = try await store.write("v1/a/x.enc")
            try await writer.append([UInt8](repeating: 1, count: 3 * S3Store.partBytes))
            #expect(try await store.list("v1/").isEmpty)
            try await store.removeUnfinished("v1/", before: Timestamp(milliseconds: .max))
            await #expect(throws: BackupError.self) { try await writer.finish() }
            #expect(try await store.list("v1/").isEmpty)
        }
    }

    @Test func aListOfManyPagesIsWhole() async throws {
        try await run { store, _ in
            let names = (0..<S3Double.pageMax * 2 + 1).map { "v1/a/\(1_000_000 + $0)" }
            for name in names { try await store.put(name, [1]) }
            #expect(try await store.list("v1/a/").map(\.name) == names)
        }
    }

    @Test func anotherKeyIsRefusedAndNoMessageNamesIt() async throws {
        let double = S3Double()
        let stub = try StubServer(.loopback) { double.answer($0) }
        defer { stub.stop() }
        let client = try HTTPClient()
        let wrong = try S3Store(double.settings(port: stub.port, secret: "wrong-secret"), client: client)
        do {
            let error = await #expect(throws: BackupError.self) { try await wrong.put("v1/a/x", [1]) }
            let text = "\(error.map { "\($0)" } ?? "")"
            #expect(text.contains("403") && text.contains("SignatureDoesNotMatch"))
            #expect(!text.contains("wrong-secret") && !text.contains(double.keyID))
        }
        #expect(double.names.isEmpty)
        await client.shutdown()
    }

    @Test func aBusyStoreIsTriedAgain() async throws {
        try await run { store, double in
            double.beBusy(2)
            try await store.put("v1/a/x", [1, 2])
            #expect(try await store.get("v1/a/x", bytesMax: 2) == [1, 2])
        }
    }
}

@Suite("What a server of S3 is asked")
struct S3PlaceTests {
    @Test func theHostIsTheOneThatIsSent() {
        #expect(S3Signer.place("http://127.0.0.1:9000/b/k?a=1&b=") == ("127.0.0.1:9000", "/b/k", "a=1&b="))
        #expect(S3Signer.place("https://s3.example.com:443/b") == ("s3.example.com", "/b", ""))
        #expect(S3Signer.place("http://s3:80?x=") == ("s3", "/", "x="))
        #expect(S3Signer.place("http://s3:443/api/b") == ("s3:443", "/api/b", ""))
    }
}

@Suite("Answers of S3")
struct S3TextTests {
    @Test func elementsAreRead() {
        let text = "<A><Key>a&amp;lt;b</Key></A><A><Key>c</Key></A>"
        #expect(S3Text.elements("A", of: text).count == 2)
        #expect(S3Text.element("Key", of: text) == "a&lt;b")
        #expect(S3Text.element("None", of: text) == nil)
        #expect(S3Text.time("1970-01-01T00:00:01.500Z") == Timestamp(milliseconds: 1_500))
        #expect(S3Text.time("1970-01-01T00:00:01Z") == Timestamp(milliseconds: 1_000))
    }

    @Test func settingsThatNoBucketHasAreRefused() throws {
        let client = try HTTPClient()
        func isRefused(_ endpoint: String, _ bucket: String, prefix: String) -> Bool {
            let settings = S3StoreSettings(
                endpoint: endpoint, region: "r", bucket: bucket, prefix: prefix, accessKeyID: "i", secretAccessKey: "s")
            return (try? S3Store(settings, client: client)) == nil
        }
        #expect(!isRefused("https://s3", "b", prefix: "p/"))
        #expect(
            isRefused("s3", "b", prefix: "") && isRefused("https://s3", "", prefix: "")
                && isRefused("https://s3", "b", prefix: "p"))
        #expect(isRefused("https://s3", "b?x", prefix: "") && isRefused("https://s3", "b", prefix: "a b/"))
    }
}

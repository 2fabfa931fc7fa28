import BackupModel
import CurlKit
import Foundation
import ProjectModel
import Testing

@testable import ReplicationArchive

/// On a real server of the S3 API, which an environment variable names: `S3_TEST_URL` is
/// `http://KEY:SECRET@host:port/bucket` of a bucket that exists.
@Suite("S3 store", .enabled(if: ProcessInfo.processInfo.environment["S3_TEST_URL"] != nil))
struct S3StoreTests {
    private func store() throws -> S3Store {
        let text = try #require(ProcessInfo.processInfo.environment["S3_TEST_URL"])
        let url = try #require(URLComponents(string: text))
        let settings = S3StoreSettings(
            endpoint: "http://\(url.host ?? ""):\(url.port ?? 80)", region: "us-east-1",
            bucket: String(url.path.split(separator: "/").last ?? ""), prefix: "t\(UInt32.random(in: 0 ... .max))/",
            accessKeyID: url.user ?? "", secretAccessKey: url.password ?? "")
        return try S3Store(settings, client: try HTTPClient())
    }

    @Test func objectsOfEverySizeAreReadBack() async throws {
        let store = try store()
        for count in [0, 1, S3Store.partBytes, S3Store.partBytes + 1, 2 * S3Store.partBytes + 5] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ ($0 >> 9)) }
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

    @Test func anObjectThatIsNotFinishedIsNotThere() async throws {
        let store = try store()
        let writer = try await store.write("v1/a/x.enc")
        try await writer.append([UInt8](repeating: 1, count: 3 * S3Store.partBytes))
        #expect(try await store.list("v1/").isEmpty)
        try await store.removeUnfinished("v1/", before: Timestamp(milliseconds: .max))
        await #expect(throws: BackupError.self) { try await writer.finish() }
        #expect(try await store.list("v1/").isEmpty)
    }

    @Test func aListOfManyPagesIsWhole() async throws {
        let store = try store()
        for index in 0..<1_005 { try await store.put("v1/a/\(1_000_000 + index)", [1]) }
        #expect(try await store.list("v1/a/").map(\.name) == (0..<1_005).map { "v1/a/\(1_000_000 + $0)" })
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

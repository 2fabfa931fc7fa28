import DataPlaneCore
import FileKit
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import StorageAPI

@Suite(
    "Resumable uploads of the STORAGE API",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster, .serialized)
struct ResumableTests {
    private static let type = ("content-type", "application/offset+octet-stream")

    private static func header(_ key: String, bucket: String = "docs") -> (name: String, value: String) {
        let encoded = { (text: String) in Base64.encode(Array(text.utf8)) }
        return (
            "upload-metadata",
            "bucketName \(encoded(bucket)),objectName \(encoded(key)),contentType \(encoded("text/x-r")),cacheControl \(encoded("60"))"
        )
    }

    private func ask(
        _ fixture: StorageFixture, _ method: String, at target: String, token: String = StorageFixture.admin,
        headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) async throws -> StorageFixture.Answer {
        try await fixture.ask(
            method, target, token: token, headers: headers + [("tus-resumable", "1.0.0")], body: body, pieces: 100)
    }

    private func begin(
        _ fixture: StorageFixture, _ key: String, length: Int, headers: [(name: String, value: String)] = []
    ) async throws -> String {
        let made = try await ask(
            fixture, "POST", at: "/upload/resumable",
            headers: headers + [("upload-length", String(length)), Self.header(key)])
        #expect(made.status == 201, "\(made.text)")
        #expect(made.header("Location").hasPrefix("http://127.0.0.1:5000/storage/v1/upload/resumable/"))
        return made.header("Location").replacing("http://127.0.0.1:5000/storage/v1", with: "")
    }

    @Test("an upload in pieces appears with its last byte, also after a restart of the server")
    func inPieces() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
            let location = try await begin(fixture, "a/b", length: 1_000)
            let first = try await ask(
                fixture, "PATCH", at: location, headers: [Self.type, ("upload-offset", "0")], body: Array(bytes[..<400])
            )
            #expect(first.status == 204 && first.header("Upload-Offset") == "400", "\(first.text)")
            let wrong = try await ask(
                fixture, "PATCH", at: location, headers: [Self.type, ("upload-offset", "0")], body: bytes)
            #expect(wrong.status == 409)
            #expect(try await fixture.ask("GET", "/object/docs/a/b").status == 400)
            // Another server over the same database and folder.
            let again = try await StorageFixture(folder: fixture.folder, parameters: fixture.parameters)
            let head = try await ask(again, "HEAD", at: location)
            #expect(
                head.status == 200 && head.header("Upload-Offset") == "400" && head.header("Upload-Length") == "1000")
            #expect(head.header("Cache-Control") == "no-store")
            let last = try await ask(
                again, "PATCH", at: location, headers: [Self.type, ("upload-offset", "400")], body: Array(bytes[400...])
            )
            #expect(last.status == 204 && last.header("Upload-Offset") == "1000", "\(last.text)")
            let got = try await again.ask("GET", "/object/docs/a/b")
            #expect(got.body == bytes && got.header("Content-Type") == "text/x-r")
            #expect(got.header("Cache-Control") == "max-age=60")
            let finished = try await ask(again, "HEAD", at: location)
            #expect(finished.header("Upload-Offset") == "1000")
            #expect(try await ask(again, "DELETE", at: location).status == 403)
            #expect(try fixture.files().incoming.isEmpty)
            await again.pool.close()
        }
    }

    @Test("data may come with the creation, and the length later")
    func creation() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            let made = try await ask(
                fixture, "POST", at: "/upload/resumable",
                headers: [("upload-length", "3"), Self.header("a"), Self.type],
                body: [1, 2, 3])
            #expect(made.status == 201 && made.header("Upload-Offset") == "3", "\(made.text)")
            #expect(try await fixture.ask("GET", "/object/docs/a").body == [1, 2, 3])
            let open = try await ask(
                fixture, "POST", at: "/upload/resumable", headers: [("upload-defer-length", "1"), Self.header("b")])
            let location = open.header("Location").replacing("http://127.0.0.1:5000/storage/v1", with: "")
            _ = try await ask(fixture, "PATCH", at: location, headers: [Self.type, ("upload-offset", "0")], body: [1])
            #expect(try await ask(fixture, "HEAD", at: location).header("Upload-Defer-Length") == "1")
            let short = try await ask(
                fixture, "PATCH", at: location, headers: [Self.type, ("upload-offset", "1"), ("upload-length", "0")])
            #expect(short.status == 400, "\(short.text)")
            let last = try await ask(
                fixture, "PATCH", at: location, headers: [Self.type, ("upload-offset", "1"), ("upload-length", "2")],
                body: [2])
            #expect(last.status == 204)
            #expect(try await fixture.ask("GET", "/object/docs/b").body == [1, 2])
        }
    }

    @Test("what is refused is refused with the status of TUS")
    func refused() async throws {
        try await StorageFixture.with({ $0.fileBytesMax = 1_000 }) { fixture in
            try await fixture.makeBucket("docs")
            let version = try await fixture.ask("POST", "/upload/resumable", headers: [Self.header("a")])
            #expect(version.status == 412 && version.header("Tus-Version") == "1.0.0")
            let length = [("upload-length", "10")]
            let bucket = try await ask(
                fixture, "POST", at: "/upload/resumable", headers: length + [Self.header("a", bucket: "none")])
            #expect(bucket.status == 404 && bucket.text.contains("Bucket not found"))
            let policy = try await ask(
                fixture, "POST", at: "/upload/resumable", token: StorageFixture.member,
                headers: length + [Self.header("a")]
            )
            #expect(policy.status == 403 && policy.text.contains("row-level security"))
            let large = try await ask(
                fixture, "POST", at: "/upload/resumable", headers: [("upload-length", "1001"), Self.header("a")])
            #expect(large.status == 413)
            let location = try await begin(fixture, "a", length: 10)
            let type = try await ask(fixture, "PATCH", at: location, headers: [("upload-offset", "0")], body: [1])
            #expect(type.status == 415)
            let more = try await ask(
                fixture, "PATCH", at: location, headers: [Self.type, ("upload-offset", "0")],
                body: [UInt8](repeating: 0, count: 11))
            #expect(more.status == 413)
            #expect(try await ask(fixture, "HEAD", at: location).header("Upload-Offset") == "0")
            let other = try await ask(fixture, "HEAD", at: location, token: StorageFixture.member)
            #expect(other.status == 403)
            #expect(try await ask(fixture, "DELETE", at: location).status == 204)
            #expect(try await ask(fixture, "HEAD", at: location).status == 404)
            #expect(try await ask(fixture, "HEAD", at: "/upload/resumable/nonsense").status == 404)
            #expect(try fixture.files().incoming.isEmpty)
            let options = try await ask(fixture, "OPTIONS", at: "/upload/resumable", token: "")
            #expect(options.status == 204 && options.header("Tus-Extension").contains("termination"))
        }
    }

    @Test("a signed upload needs no token of its own")
    func signed() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            let token = try await fixture.ask("POST", "/object/upload/sign/docs/a").member("token")
            let made = try await ask(
                fixture, "POST", at: "/upload/resumable/sign", token: "",
                headers: [("upload-length", "2"), Self.header("a"), ("x-signature", token), Self.type], body: [1, 2])
            #expect(made.status == 201 && made.header("Upload-Offset") == "2", "\(made.text)")
            let other = try await ask(
                fixture, "POST", at: "/upload/resumable/sign", token: "",
                headers: [("upload-length", "2"), Self.header("b"), ("x-signature", token)])
            #expect(other.status == 400)
        }
    }

    @Test("an upload that is not finished in time ends")
    func expired() async throws {
        let clock = TestClock(1_900_000_000)
        try await StorageFixture.with(clock: clock) { fixture in
            try await fixture.makeBucket("docs")
            let location = try await begin(fixture, "a", length: 10)
            clock.advance(by: Double(fixture.service.configuration.resumableSeconds) + 1)
            #expect(try await ask(fixture, "HEAD", at: location).status == 410)
            _ = try await StorageSweeper(service: fixture.service).round()
            #expect(try await ask(fixture, "HEAD", at: location).status == 404)
            #expect(try fixture.files().incoming.isEmpty)
        }
    }
}

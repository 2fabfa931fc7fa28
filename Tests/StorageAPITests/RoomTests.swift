import DataPlaneCore
import FileKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import StorageAPI

/// All objects of a project together have a bound.
@Suite(
    "Room for the objects of a project",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster, .serialized)
struct RoomTests {
    private static let bytesMax = 100_000

    private static func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }

    private func with(_ body: (StorageFixture) async throws -> Void) async throws {
        try await StorageFixture.with(files: { try await BoundedFiles($0, bytesMax: Self.bytesMax) }) { fixture in
            try await fixture.makeBucket("docs")
            let made = try await fixture.ask("POST", "/object/docs/a", body: Self.bytes(60_000))
            #expect(made.status == 200, "\(made.text)")
            try await body(fixture)
            // What is counted is what is there, also by a server that starts now.
            let files = fixture.service.files
            let again = try await BoundedFiles(
                try await VolumeFiles(folder: fixture.folder.path + "/files"), bytesMax: Self.bytesMax)
            #expect(files.room == again.room)
        }
    }

    @Test("what does not fit is refused before its bytes are taken, and a deletion makes room")
    func announced() async throws {
        try await with { fixture in
            let request = ServiceRequest(
                method: "POST", path: "/object/docs/b", query: "",
                headers: [("authorization", "Bearer \(StorageFixture.admin)"), ("content-length", "60000")], body: [])
            var pieces = 0
            let response = await fixture.service.respond(
                to: request,
                body: ServiceBody { () async throws(BodyInterruption) in
                    pieces += 1
                    return nil
                })
            let json = try JSONText(response.body)
            #expect(response.status == 400 && json["statusCode"] == .string("413"))
            #expect(json["error"] == .string("Payload too large") && pieces == 0)
            let copy = try await fixture.ask(
                "POST", "/object/copy", json: #"{"bucketId":"docs","sourceKey":"a","destinationKey":"b"}"#)
            #expect(copy.member("statusCode") == "413", "\(copy.text)")
            #expect(try await fixture.s3("PUT", "/docs/b", body: Self.bytes(60_000)).status == 413)
            #expect(try await fixture.ask("DELETE", "/object/docs/a").status == 200)
            #expect(fixture.service.files.room == Self.bytesMax)
            #expect(try await fixture.ask("POST", "/object/docs/b", body: Self.bytes(60_000)).status == 200)
        }
    }

    @Test("a length that is not announced meets the bound while it comes, and leaves nothing")
    func notAnnounced() async throws {
        try await with { fixture in
            let large = try await fixture.ask(
                "POST", "/object/docs/b", headers: [("content-length", "1")], body: Self.bytes(500_000))
            #expect(large.member("statusCode") == "413", "\(large.text)")
            #expect(fixture.service.files.room == 40_000)
            #expect(try fixture.files().incoming.isEmpty)
            let replaced = try await fixture.ask("PUT", "/object/docs/a", body: Self.bytes(40_000))
            #expect(replaced.status == 200, "\(replaced.text)")
            #expect(fixture.service.files.room == 60_000)
        }
    }

    @Test("resumable uploads count while they are open, and no more when they end")
    func resumable() async throws {
        try await with { fixture in
            func begin(_ length: Int, key: String = "Yg==") async throws -> StorageFixture.Answer {
                try await fixture.ask(
                    "POST", "/upload/resumable",
                    headers: [
                        ("tus-resumable", "1.0.0"), ("upload-length", String(length)),
                        ("upload-metadata", "bucketName ZG9jcw==,objectName \(key)"),
                    ])
            }
            #expect(try await begin(40_001).status == 413)
            let made = try await begin(40_000)
            #expect(made.status == 201, "\(made.text)")
            let path = made.header("Location").replacing("http://127.0.0.1:5000/storage/v1", with: "")
            let tus = [("tus-resumable", "1.0.0"), ("content-type", "application/offset+octet-stream")]
            for offset in [0, 20_000] {
                #expect(fixture.service.files.room == 40_000 - offset)
                let sent = try await fixture.ask(
                    "PATCH", path, headers: tus + [("upload-offset", String(offset))], body: Self.bytes(20_000))
                #expect(sent.status == 204, "\(sent.text)")
            }
            #expect(fixture.service.files.room == 0)
            #expect(try await fixture.ask("DELETE", "/object/docs/a").status == 200)
            let other = try await begin(30_000, key: "Yw==").header("Location")
            let open = other.replacing("http://127.0.0.1:5000/storage/v1", with: "")
            _ = try await fixture.ask("PATCH", open, headers: tus + [("upload-offset", "0")], body: Self.bytes(10_000))
            #expect(fixture.service.files.room == 50_000)
            #expect(try await fixture.ask("DELETE", open, headers: [tus[0]]).status == 204)
            #expect(fixture.service.files.room == 60_000)
        }
    }
}

import DataPlaneCore
import FileKit
import FoundationEssentials
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import StorageAPI

@Suite(
    "Objects of the STORAGE API", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct ObjectTests {
    @Test("what is uploaded is downloaded, with its type, its digest and its times")
    func whatIsUploaded() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            let made = try await fixture.put("docs/a/b.txt", "hello")
            #expect(made.status == 200 && made.member("Key") == "docs/a/b.txt", "\(made.text)")
            let got = try await fixture.ask("GET", "/object/docs/a/b.txt")
            #expect(got.status == 200 && got.text == "hello")
            #expect(got.header("Content-Type") == "text/plain" && got.header("Cache-Control") == "no-cache")
            #expect(got.header("ETag") == "\"5d41402abc4b2a76b9719d911017c592\"")
            #expect(got.header("Accept-Ranges") == "bytes" && got.header("Last-Modified").hasSuffix(" GMT"))
            let head = try await fixture.ask("HEAD", "/object/authenticated/docs/a/b.txt")
            #expect(head.status == 200 && head.length == 5 && head.body.isEmpty)
            let missing = try await fixture.ask("GET", "/object/docs/none")
            #expect(missing.status == 400)
            #expect(
                missing.text
                    == #"{"statusCode":"404","error":"not_found","message":"Object not found","code":"NoSuchKey"}"#)
            let info = try await fixture.ask("GET", "/object/info/docs/a/b.txt")
            #expect(info.member("name") == "a/b.txt" && info.json["size"] == .number("5"), "\(info.text)")
        }
    }

    @Test("a form is taken apart wherever its pieces end")
    func aFormIsTakenApart() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            let bytes = Array("one\r\n--b0undar\r\n\r\n".utf8) + [0, 255, 13, 10]
            for pieces in [1, 2, 3, 7, 50, 65_536] {
                let made = try await fixture.form(
                    "/object/docs/f\(pieces)", fields: [("cacheControl", "3600"), ("metadata", #"{"a":"b"}"#)],
                    type: "image/png", file: bytes, pieces: pieces)
                #expect(made.status == 200, "\(made.text)")
                let got = try await fixture.ask("GET", "/object/docs/f\(pieces)")
                #expect(got.body == bytes && got.header("Content-Type") == "image/png")
                #expect(got.header("Cache-Control") == "max-age=3600")
                let info = try await fixture.ask("GET", "/object/info/docs/f\(pieces)")
                #expect(info.json["metadata"]?["a"] == .string("b"))
            }
            let empty = try await fixture.form("/object/docs/empty", file: [])
            #expect(empty.status == 200)
            #expect(try await fixture.ask("GET", "/object/docs/empty").body.isEmpty)
            let cut = try await fixture.ask(
                "POST", "/object/docs/cut", headers: [("content-type", "multipart/form-data; boundary=x")],
                body: Array("--x\r\nContent-Disposition: form-data; name=\"\"; filename=\"a\"\r\n\r\nabc".utf8))
            #expect(cut.status == 400)
            #expect(try await fixture.ask("GET", "/object/docs/cut").status == 400)
            #expect(try fixture.files().incoming.isEmpty)
        }
    }

    @Test("an object is replaced only where that is asked for, and its old file goes")
    func anObjectIsReplaced() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            #expect(try await fixture.put("docs/a", "one").status == 200)
            let again = try await fixture.put("docs/a", "two")
            #expect(again.status == 400 && again.member("statusCode") == "409" && again.member("error") == "Duplicate")
            let upsert = try await fixture.ask(
                "POST", "/object/docs/a", headers: [("x-upsert", "true")], body: Array("two".utf8))
            #expect(upsert.status == 200)
            #expect(try await fixture.ask("PUT", "/object/docs/a", body: Array("three".utf8)).status == 200)
            #expect(try await fixture.ask("GET", "/object/docs/a").text == "three")
            #expect(try fixture.files().published.count == 1)
            #expect(try fixture.files().incoming.isEmpty)
        }
    }

    @Test("many who replace one object at once leave one whole object and one file")
    func manyWhoReplace() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<50 {
                    group.addTask {
                        try await fixture.ask(
                            "PUT", "/object/docs/a", body: [UInt8](repeating: UInt8(index), count: 10_000)
                        ).status
                    }
                }
                for try await status in group { #expect(status == 200) }
            }
            let got = try await fixture.ask("GET", "/object/docs/a")
            #expect(got.body.count == 10_000 && Set(got.body).count == 1)
            #expect(try fixture.files().published.count == 1)
        }
    }

    @Test("parts and conditions are answered as HTTP has them")
    func partsAndConditions() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            _ = try await fixture.put("docs/a", "0123456789")
            for (range, expected, header) in [
                ("bytes=0-3", "0123", "bytes 0-3/10"), ("bytes=7-", "789", "bytes 7-9/10"),
                ("bytes=-2", "89", "bytes 8-9/10"), ("bytes=8-100", "89", "bytes 8-9/10"),
            ] {
                let part = try await fixture.ask("GET", "/object/docs/a", headers: [("range", range)])
                #expect(part.status == 206 && part.text == expected && part.header("Content-Range") == header)
            }
            let wrong = try await fixture.ask("GET", "/object/docs/a", headers: [("range", "bytes=10-")])
            #expect(wrong.status == 416 && wrong.member("statusCode") == "416")
            let eTag = try await fixture.ask("HEAD", "/object/docs/a").header("ETag")
            let same = try await fixture.ask("GET", "/object/docs/a", headers: [("if-none-match", eTag)])
            #expect(same.status == 304 && same.body.isEmpty)
            let modified = try await fixture.ask("HEAD", "/object/docs/a").header("Last-Modified")
            #expect(
                try await fixture.ask("GET", "/object/docs/a", headers: [("if-modified-since", modified)]).status == 304
            )
        }
    }

    @Test("a public bucket is open, another is not there")
    func aPublicBucketIsOpen() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("open", #","public":true"#)
            try await fixture.makeBucket("closed")
            _ = try await fixture.put("open/a", "x")
            _ = try await fixture.put("closed/a", "x")
            #expect(try await fixture.ask("GET", "/object/public/open/a", token: "").text == "x")
            #expect(try await fixture.ask("GET", "/object/open/a", token: "").text == "x")
            let closed = try await fixture.ask("GET", "/object/public/closed/a", token: "")
            #expect(closed.status == 400 && closed.member("message") == "Bucket not found")
            let anonymous = try await fixture.ask("GET", "/object/closed/a", token: StorageFixture.anonymous)
            #expect(anonymous.status == 400 && anonymous.member("message") == "Object not found")
            let download = try await fixture.ask("GET", "/object/public/open/a?download=b%20c.txt", token: "")
            #expect(
                download.header("Content-Disposition") == "attachment; filename=b%20c.txt; filename*=UTF-8''b%20c.txt")
        }
    }

    @Test("a token is read as everywhere: after its scheme, and as it stands")
    func tokens() async throws {
        try await StorageFixture.with { fixture in
            let admin = StorageFixture.admin
            for (header, status) in [
                ("Bearer \(admin)", 200), ("bearer   \(admin)", 200), (admin, 400), ("Bearer \(admin) ", 400),
                ("Bearer\t\(admin)", 400), ("Basic \(admin)", 400), ("Bearer ", 400), ("", 400),
            ] {
                let answer = try await fixture.ask("GET", "/bucket", token: "", headers: [("authorization", header)])
                #expect(answer.status == status, "\(header): \(answer.text)")
                #expect(status == 200 || answer.member("error") == "Unauthorized", "\(header): \(answer.text)")
            }
            let twice = [("authorization", "Bearer \(admin)"), ("authorization", "Bearer \(admin)")]
            #expect(try await fixture.ask("GET", "/bucket", token: "", headers: twice).status == 400)
            #expect(try await fixture.ask("GET", "/bucket", token: "").member("error") == "Error")
        }
    }

    @Test("limits of the bucket and of the project hold, also for a length that is not announced")
    func limitsHold() async throws {
        try await StorageFixture.with({ $0.fileBytesMax = 100_000 }) { fixture in
            try await fixture.makeBucket("small", #","file_size_limit":"1kb","allowed_mime_types":["image/*"]"#)
            let type = try await fixture.put("small/a", "x")
            #expect(
                type.status == 400 && type.member("statusCode") == "415" && type.member("error") == "invalid_mime_type")
            let image = [("content-type", "image/png")]
            let fits = try await fixture.ask(
                "POST", "/object/small/a", headers: image, body: [UInt8](repeating: 0, count: 1_000))
            #expect(fits.status == 200, "\(fits.text)")
            let large = try await fixture.ask(
                "POST", "/object/small/b", headers: image, body: [UInt8](repeating: 0, count: 1_001))
            #expect(
                large.status == 400 && large.member("statusCode") == "413"
                    && large.member("error") == "Payload too large")
            let hidden = try await fixture.ask(
                "POST", "/object/small/b", headers: image + [("content-length", "1")],
                body: [UInt8](repeating: 0, count: 1_001))
            #expect(hidden.member("statusCode") == "413")
            let bucket = try await fixture.ask("POST", "/bucket", json: #"{"name":"huge","file_size_limit":"1gb"}"#)
            #expect(bucket.member("statusCode") == "413")
            #expect(try fixture.files().published.count == 1)
            #expect(try fixture.files().incoming.isEmpty)
        }
    }

    @Test("keys are taken as they come, and tricks are refused")
    func keysAreTaken() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            let long = String(repeating: "k", count: 1_024)
            // "é" in its two forms: two keys.
            for key in ["a//b", "%C3%A9", "e%CC%81", "x%20y%2Bz", "A", "a/", long, "folder%2Fencoded"] {
                let made = try await fixture.ask("POST", "/object/docs/\(key)", body: Array(key.utf8))
                #expect(made.status == 200, "\(key): \(made.text)")
                #expect(try await fixture.ask("GET", "/object/docs/\(key)").text == key)
            }
            #expect(try await fixture.count("storage.objects") == 8)
            #expect(try await fixture.ask("GET", "/object/docs/folder/encoded").status == 200)
            for key in [
                "..", "a/../b", "a/%2e%2e/b", "..%2f..%2fetc%2fpasswd", "a%00b", "%ff", "a%0Ab", "./a", long + "k",
                "a%5Cb",
            ] {
                let refused = try await fixture.ask("POST", "/object/docs/\(key)", body: [1])
                #expect(refused.status == 400 && refused.member("error") == "InvalidKey", "\(key): \(refused.text)")
            }
            #expect(try await fixture.ask("POST", "/object/docs%2Fx/a", body: [1]).member("error") == "Invalid Input")
            #expect(try fixture.files().published.allSatisfy { ObjectVersion($0) != nil })
        }
    }

    @Test("a copy lasts when its source goes, and a move keeps the object")
    func aCopyLasts() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("one")
            try await fixture.makeBucket("two")
            _ = try await fixture.put("one/a", "hello", type: "text/x-a")
            let copied = try await fixture.ask(
                "POST", "/object/copy",
                json: #"{"bucketId":"one","sourceKey":"a","destinationBucket":"two","destinationKey":"b"}"#)
            #expect(copied.status == 200 && copied.member("Key") == "two/b", "\(copied.text)")
            #expect(try await fixture.ask("DELETE", "/object/one/a").member("message") == "Successfully deleted")
            let got = try await fixture.ask("GET", "/object/two/b")
            #expect(got.text == "hello" && got.header("Content-Type") == "text/x-a")
            let moved = try await fixture.ask(
                "POST", "/object/move", json: #"{"bucketId":"two","sourceKey":"b","destinationKey":"c/d"}"#)
            #expect(moved.member("message") == "Successfully moved" && moved.member("Key") == "two/c/d")
            #expect(try await fixture.ask("GET", "/object/two/c/d").text == "hello")
            #expect(try await fixture.ask("GET", "/object/two/b").status == 400)
            _ = try await fixture.put("two/e", "other")
            let taken = try await fixture.ask(
                "POST", "/object/move", json: #"{"bucketId":"two","sourceKey":"e","destinationKey":"c/d"}"#)
            #expect(taken.member("statusCode") == "409")
            #expect(try await fixture.ask("GET", "/object/two/e").text == "other")
            #expect(try fixture.files().published.count == 2)
        }
    }

    @Test("many objects are deleted in one request, and only those that are there")
    func manyAreDeleted() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            for key in ["a", "b", "c"] { _ = try await fixture.put("docs/\(key)", key) }
            let deleted = try await fixture.ask("DELETE", "/object/docs", json: #"{"prefixes":["a","c","none"]}"#)
            let names = deleted.json.arrayValue?.compactMap { $0["name"]?.stringValue }.sorted()
            #expect(names == ["a", "c"], "\(deleted.text)")
            #expect(try fixture.files().published.count == 1)
            #expect(try await fixture.ask("DELETE", "/bucket/docs").member("error") == "ResourceNotEmpty")
            #expect(try await fixture.ask("POST", "/bucket/docs/empty").status == 200)
            #expect(try fixture.files().published.isEmpty)
            #expect(try await fixture.ask("DELETE", "/bucket/docs").member("message") == "Successfully deleted")
            #expect(try await fixture.ask("GET", "/bucket/docs").member("message") == "Bucket not found")
        }
    }

    @Test("an object that is read lasts until it is read when it is deleted meanwhile")
    func anObjectThatIsRead() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            _ = try await fixture.put("docs/a", "0123456789")
            let request = ServiceRequest(
                method: "GET", path: "/object/docs/a", query: "",
                headers: [("authorization", "Bearer \(StorageFixture.admin)")], body: [])
            let response = await fixture.service.respond(to: request)
            let content = try #require(response.content)
            #expect(try await content.read(0, 5) == Array("01234".utf8))
            #expect(try await fixture.ask("DELETE", "/object/docs/a").status == 200)
            #expect(try await content.read(5, 5) == Array("56789".utf8))
        }
    }

    @Test("direct deletion of a row is refused")
    func directDeletion() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            _ = try await fixture.put("docs/a", "x")
            await #expect(throws: (any Error).self) {
                try await fixture.pool.query("DELETE FROM storage.objects WHERE name = 'a'")
            }
            #expect(try await fixture.count("storage.objects") == 1)
        }
    }
}

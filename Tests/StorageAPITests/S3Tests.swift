import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import StorageAPI

@Suite(
    "The S3 endpoint", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct S3Tests {
    @Test("buckets and objects are made, read, listed, copied and deleted")
    func aBasicRound() async throws {
        try await StorageFixture.with { fixture in
            #expect(try await fixture.s3("PUT", "/docs").status == 200)
            #expect(try await fixture.s3("HEAD", "/docs").status == 200)
            #expect(try await fixture.s3("GET", "/").text.contains("<Name>docs</Name>"))
            let put = try await fixture.s3(
                "PUT", "/docs/dir/a%20b%2Bc.txt",
                headers: [("content-type", "text/plain"), ("x-amz-meta-a", "two  words")],
                body: Array("hello".utf8))
            #expect(put.status == 200 && put.header("ETag") == "\"5d41402abc4b2a76b9719d911017c592\"", "\(put.text)")
            let got = try await fixture.s3("GET", "/docs/dir/a%20b%2Bc.txt")
            #expect(got.text == "hello" && got.header("x-amz-meta-a") == "two  words")
            #expect(try await fixture.ask("GET", "/object/docs/dir/a%20b%2Bc.txt").text == "hello")
            let part = try await fixture.s3("GET", "/docs/dir/a%20b%2Bc.txt", headers: [("range", "bytes=1-2")])
            #expect(part.status == 206 && part.text == "el")
            let missing = try await fixture.s3("GET", "/docs/none")
            #expect(missing.status == 404 && missing.text.contains("<Code>NoSuchKey</Code>"))
            #expect(try await fixture.s3("HEAD", "/docs/none").status == 404)
            let copied = try await fixture.s3(
                "PUT", "/docs/copy", headers: [("x-amz-copy-source", "/docs/dir/a%20b%2Bc.txt")])
            #expect(copied.status == 200 && copied.text.contains("5d41402abc4b2a76b9719d911017c592"))
            let list = try await fixture.s3("GET", "/docs?list-type=2&delimiter=%2F")
            #expect(list.text.contains("<CommonPrefixes><Prefix>dir/</Prefix></CommonPrefixes>"), "\(list.text)")
            #expect(list.text.contains("<Key>copy</Key>") && list.text.contains("<KeyCount>2</KeyCount>"))
            #expect(try await fixture.s3("DELETE", "/docs").text.contains("BucketNotEmpty"))
            let deleted = try await fixture.s3(
                "POST", "/docs?delete",
                body: Array(
                    "<Delete><Object><Key>copy</Key></Object><Object><Key>dir/a b+c.txt</Key></Object></Delete>".utf8))
            #expect(deleted.text.contains("<Deleted><Key>copy</Key></Deleted>"), "\(deleted.text)")
            #expect(try await fixture.s3("DELETE", "/docs/none").status == 204)
            #expect(try await fixture.s3("DELETE", "/docs").status == 204)
            #expect(try await fixture.s3("HEAD", "/docs").status == 404)
        }
    }

    @Test("a session token that is a key no more opens nothing, in a header or in an address")
    func refusedSessionTokens() async throws {
        let refused = StorageFixture.admin
        let session = ("project", "anon-key-of-the-project")
        try await StorageFixture.with(keys: APIKeys(tokens: [], refused: [refused])) { fixture in
            #expect(try await fixture.s3("PUT", "/docs").status == 200)
            for token in [refused, refused + "="] {
                let answer = try await fixture.s3("GET", "/", key: session, headers: [("x-amz-security-token", token)])
                #expect(answer.status == 403 && answer.text.contains("<Code>InvalidToken</Code>"), "\(answer.text)")
            }
            let user = try await fixture.s3(
                "GET", "/", key: session, headers: [("x-amz-security-token", StorageFixture.member)])
            #expect(user.status == 200 && !user.text.contains("<Name>docs</Name>"), "\(user.text)")
        }
    }

    @Test("a key that was made counts at once and until it is deleted, and no secret is kept")
    func madeKeys() async throws {
        try await StorageFixture.with { fixture in
            let path = "/projectd/s3-credentials"
            let body = Array(#"{"description":"laptop"}"#.utf8)
            for token in [StorageFixture.member, StorageFixture.anonymous] {
                for (method, tail) in [("GET", ""), ("POST", ""), ("DELETE", "/\(StorageFixture.user)")] {
                    #expect(try await fixture.ask(method, path + tail, token: token, body: body).status == 403)
                }
            }
            #expect(try await fixture.ask("POST", path, token: "", body: body).status == 400)
            let made = try await fixture.ask("POST", path, body: body)
            let key = (id: made.member("access_key"), secret: made.member("secret_key"))
            #expect(made.status == 201 && key.secret.utf8.count == 64, "\(made.text)")
            let other = try await fixture.ask("POST", path, body: Array(#"{"description":"b"}"#.utf8))
            #expect(other.member("secret_key") != key.secret)
            #expect(try await fixture.s3("PUT", "/docs", key: key).status == 200)
            #expect(try await fixture.s3("GET", "/", key: (key.id, other.member("secret_key"))).status == 403)
            let list = try await fixture.ask("GET", path)
            #expect(list.json["data"]?.arrayValue?.compactMap { $0["description"]?.stringValue } == ["laptop", "b"])
            #expect(!list.text.contains(key.secret) && list.text.contains(key.id))
            let kept = try await fixture.pool.single(
                "SELECT string_agg(c::text, '') AS text FROM storage.projectd_s3_credentials c")
            #expect(try !kept.string("text").contains(key.secret))
            #expect(try await fixture.ask("DELETE", "\(path)/\(made.member("id"))").status == 204)
            let gone = try await fixture.s3("GET", "/", key: key)
            #expect(gone.status == 403 && gone.text.contains("InvalidAccessKeyId"), "\(gone.text)")
            #expect(
                try await fixture.s3("GET", "/", key: (other.member("access_key"), other.member("secret_key"))).status
                    == 200)
            for id in [made.member("id"), "none", "%00"] {
                #expect(try await fixture.ask("DELETE", "\(path)/\(id)").status == 404, "\(id)")
            }
            for description in [#"{}"#, #"{"description":""}"#, #"{"description":"\u0000"}"#] {
                #expect(try await fixture.ask("POST", path, body: Array(description.utf8)).status == 400)
            }
        }
    }

    @Test("there are a hundred keys at most, also where many are made at once")
    func manyKeys() async throws {
        try await StorageFixture.with { fixture in
            _ = try await fixture.pool.query(
                """
                INSERT INTO storage.projectd_s3_credentials (access_key, description)
                SELECT n::text, 'x' FROM generate_series(1, \(S3Credential.countMax - 2)) n
                """)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        try await fixture.ask(
                            "POST", "/projectd/s3-credentials", body: Array(#"{"description":"x"}"#.utf8)
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }.sorted()
            }
            #expect(statuses == [201, 201, 400, 400, 400, 400])
        }
    }

    @Test("pages of lists are the whole list", arguments: ["list-type=2&", ""])
    func pages(version: String) async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            for index in 0..<7 { _ = try await fixture.put("docs/k\(index)", "x") }
            var keys: [String] = []
            var next: String?
            repeat {
                let more =
                    next.map { (version.isEmpty ? "&marker=" : "&continuation-token=") + PathCoding.encode($0) } ?? ""
                let root = try S3XMLReader.root(
                    try await fixture.s3("GET", "/docs?\(version)max-keys=3\(more)").body.dropNamespace)
                keys += root.children.filter { $0.name == "Contents" }.compactMap { $0["Key"] }
                next = root["NextContinuationToken"] ?? root["NextMarker"]
            } while next != nil && keys.count < 20
            #expect(keys == (0..<7).map { "k\($0)" })
        }
    }

    @Test("a body in chunks loses its framing", arguments: [true, false], [true, false])
    func chunks(isSigned: Bool, hasTrailer: Bool) async throws {
        guard isSigned || hasTrailer else { return }
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            let body = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
            let put = try await fixture.s3(
                "PUT", "/docs/a", body: body, payload: .chunks(signed: isSigned, trailer: hasTrailer))
            #expect(put.status == 200, "\(put.text)")
            #expect(try await fixture.s3("GET", "/docs/a").body == body)
            let changed = try await fixture.s3(
                "PUT", "/docs/b", body: body, payload: .chunks(signed: isSigned, trailer: hasTrailer)
            ) { _, sent in sent.removeLast(hasTrailer ? 20 : 2) }
            #expect(changed.status == 400 || changed.status == 403)
            #expect(try await fixture.s3("HEAD", "/docs/b").status == 404)
            #expect(try fixture.files().incoming.isEmpty)
        }
    }

    @Test("what is changed after it was signed is refused")
    func refused() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            let body = try await fixture.s3("PUT", "/docs/a", body: Array("hello".utf8)) { _, sent in sent[0] = 0 }
            #expect(body.status == 400 && body.text.contains("XAmzContentSHA256Mismatch"), "\(body.text)")
            let chunk = try await fixture.s3(
                "PUT", "/docs/a", body: Array("hello".utf8), payload: .chunks(signed: true, trailer: false)
            ) { _, sent in
                if let index = sent.firstIndex(of: UInt8(ascii: "h"), after: 40) { sent[index] = 0 }
            }
            #expect(chunk.status == 403 && chunk.text.contains("SignatureDoesNotMatch"), "\(chunk.text)")
            let secret = try await fixture.s3("GET", "/docs/a", key: ("supa-access-key", "wrong"))
            #expect(secret.status == 403 && secret.text.contains("SignatureDoesNotMatch"))
            let unknown = try await fixture.s3("GET", "/docs/a", key: ("nobody", "wrong"))
            #expect(unknown.text.contains("InvalidAccessKeyId"))
            let added = try await fixture.s3("PUT", "/docs/a", body: [1]) { headers, _ in
                headers.append(("x-amz-acl", "public-read"))
            }
            #expect(added.status == 403 && added.text.contains("AccessDenied"))
            #expect(try await fixture.ask("GET", "/s3/docs/a", token: "").status == 403)
            #expect(try await fixture.count("storage.objects") == 0)
            #expect(try fixture.files().incoming.isEmpty)
        }
    }

    @Test("an upload in parts appears when it is completed, and goes when it is aborted")
    func parts() async throws {
        try await StorageFixture.with({ $0.fileBytesMax = 20 << 20 }) { fixture in
            try await fixture.makeBucket("docs")
            func begin() async throws -> String {
                let made = try await fixture.s3("POST", "/docs/big?uploads", headers: [("content-type", "text/x-big")])
                return try S3XMLReader.root(made.body.dropNamespace)["UploadId"] ?? ""
            }
            let id = try await begin()
            let first = [UInt8](repeating: 1, count: 5 << 20)
            var tags: [String] = []
            for (number, bytes) in [(1, first), (2, [2, 3])] {
                let put = try await fixture.s3("PUT", "/docs/big?partNumber=\(number)&uploadId=\(id)", body: bytes)
                #expect(put.status == 200, "\(put.text)")
                tags.append(put.header("ETag"))
            }
            #expect(try await fixture.s3("GET", "/docs/big?uploadId=\(id)").text.contains("<PartNumber>2</PartNumber>"))
            #expect(try await fixture.s3("GET", "/docs?uploads").text.contains(id))
            #expect(try await fixture.s3("HEAD", "/docs/big").status == 404)
            func list(_ numbers: [Int]) -> [UInt8] {
                let parts = numbers.map { "<Part><PartNumber>\($0)</PartNumber><ETag>\(tags[$0 - 1])</ETag></Part>" }
                return Array("<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>".utf8)
            }
            let order = try await fixture.s3("POST", "/docs/big?uploadId=\(id)", body: list([2, 1]))
            #expect(order.text.contains("InvalidPartOrder"))
            let done = try await fixture.s3("POST", "/docs/big?uploadId=\(id)", body: list([1, 2]))
            #expect(done.status == 200 && done.text.contains("-2&quot;</ETag>"), "\(done.text)")
            let got = try await fixture.s3("GET", "/docs/big")
            #expect(got.body == first + [2, 3] && got.header("Content-Type") == "text/x-big")
            #expect(try fixture.files().published.count == 1)
            let other = try await begin()
            _ = try await fixture.s3("PUT", "/docs/big?partNumber=1&uploadId=\(other)", body: [1])
            #expect(try await fixture.s3("DELETE", "/docs/big?uploadId=\(other)").status == 204)
            #expect(try await fixture.s3("GET", "/docs/big?uploadId=\(other)").text.contains("NoSuchUpload"))
            #expect(try fixture.files().published.count == 1)
        }
    }
}

extension [UInt8] {
    /// A document without the attribute that its reader knows nothing of.
    var dropNamespace: [UInt8] {
        Array(String(decoding: self, as: UTF8.self).replacing(" xmlns=\"\(S3XML.namespace)\"", with: "").utf8)
    }

    func firstIndex(of byte: UInt8, after start: Int) -> Int? { self[start...].firstIndex(of: byte) }
}

@Suite("Signatures of S3")
struct SignatureTests {
    @Test(
        "recorded requests are signed as recorded",
        .enabled("needs the recorded cases") { RecordedCases.signatures != nil })
    func recorded() throws {
        let cases = try #require(RecordedCases.signatures)["cases"]?.arrayValue ?? []
        #expect(cases.count >= 15)
        for item in cases {
            let text = { (name: String) in item[name]?.stringValue ?? "" }
            let target = text("url").replacing("http://127.0.0.1:5000", with: "")
            let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
            guard case .object(let members)? = item["headers"], !text("canonical_request").isEmpty else { continue }
            var headers = members.map { (name: $0.name.lowercased(), value: $0.value.stringValue ?? "") }
            headers.append(("host", "127.0.0.1:5000"))
            let lines = text("canonical_request").split(separator: "\n", omittingEmptySubsequences: false)
            let signed = lines.dropLast().last.map { $0.split(separator: ";").map(String.init) } ?? []
            let message = SigV4.Message(
                method: text("method"), path: parts[0], query: parts.count > 1 ? parts[1] : "", headers: headers)
            let canonical = message.canonical(signed: signed, payload: String(lines.last ?? ""))
            #expect(canonical == text("canonical_request"), "\(text("name"))")
            let scopeText =
                text("string_to_sign").split(separator: "\n").dropFirst(2).first?.split(separator: "/") ?? []
            let scope = SigV4.Scope(
                date: String(scopeText.first ?? ""), region: text("region"), service: text("service"))
            let time = text("string_to_sign").split(separator: "\n").dropFirst().first.map(String.init) ?? ""
            let toSign = try SigV4.stringToSign(canonical, time: time, scope: scope)
            #expect(toSign == text("string_to_sign"))
            let signature = try SigV4.signature(toSign, secret: KeyBytes(Array(text("secret_key").utf8)), scope: scope)
            #expect(signature == text("signature"), "\(text("name"))")
        }
    }

    @Test("times of signatures are read")
    func times() {
        #expect(S3Authorization.seconds("19700101T000001Z") == 1)
        #expect(S3Authorization.seconds("20260102T030405Z") == 1_767_323_045)
        #expect(S3Authorization.seconds("20261302T030405Z") == nil)
        #expect(S3Authorization.seconds("2026-01-02") == nil)
    }

    @Test("small documents are read, and others refused")
    func documents() throws {
        let root = try S3XMLReader.root(Array("<?xml version=\"1.0\"?>\n<A><B>x &amp; &#65;</B><C/></A>".utf8))
        #expect(root["B"] == "x & A" && root["C"] == "")
        let mark = try S3XMLReader.root(Array("<A><B>\u{301}x</B></A>".utf8))
        #expect(mark["B"].map { Array($0.utf8) } == Array("\u{301}x".utf8))
        for text in ["", "<A>", "<A></B>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<A>&b;</A>", "<A/>x"] {
            #expect(throws: StorageError.self, "\(text)") { try S3XMLReader.root(Array(text.utf8)) }
        }
        let deep = String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100)
        #expect(throws: StorageError.self) { try S3XMLReader.root(Array(deep.utf8)) }
    }
}

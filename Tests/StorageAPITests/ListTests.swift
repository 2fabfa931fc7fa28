import DataPlaneCore
import PostgresTestSupport
import Testing

@testable import StorageAPI

@Suite(
    "Lists and addresses of the STORAGE API",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster, .serialized)
struct ListTests {
    private static let keys = [
        "a.txt", "b%20c.txt", "d_e.txt", "dxe.txt", "folder/1", "folder/2", "folder/sub/3", "other/4", "x//y", "%C3%A9",
    ]

    private func names(_ answer: StorageFixture.Answer, _ member: String? = nil) -> [String] {
        let list = member.map { answer.json[$0] ?? .null } ?? answer.json
        return list.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
    }

    private func filled(_ body: (StorageFixture) async throws -> Void) async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            for key in Self.keys { #expect(try await fixture.put("docs/\(key)", key).status == 200) }
            try await body(fixture)
        }
    }

    @Test("version 1 shows one level: folders, then objects")
    func version1() async throws {
        try await filled { fixture in
            let root = try await fixture.ask("POST", "/object/list/docs", json: #"{"prefix":""}"#)
            #expect(
                Array(names(root).prefix(3)) == ["folder", "other", "x"] && names(root).count == 8, "\(root.text)")
            #expect(root.json.arrayValue?.first?["id"] == .null)
            let folder = try await fixture.ask(
                "POST", "/object/list/docs",
                json: #"{"prefix":"folder","sortBy":{"column":"name","order":"desc"}}"#)
            #expect(names(folder) == ["sub", "2", "1"])
            #expect(folder.json.arrayValue?.last?["metadata"]?["mimetype"] == .string("text/plain"))
            let found = try await fixture.ask("POST", "/object/list/docs", json: #"{"prefix":"","search":"D_E"}"#)
            #expect(names(found) == ["d_e.txt"])
            let page = try await fixture.ask("POST", "/object/list/docs", json: #"{"prefix":"","limit":2,"offset":1}"#)
            #expect(names(page) == ["other", "x"])
        }
    }

    @Test(
        "pages of version 2 are the whole list, in either order", arguments: ["asc", "desc"], ["name", "created_at"])
    func version2(order: String, column: String) async throws {
        try await filled { fixture in
            for hasDelimiter in [false, true] {
                var collected: [String] = []
                var cursor: String?
                repeat {
                    let next = cursor.map { #","cursor":"\#($0)""# } ?? ""
                    let page = try await fixture.ask(
                        "POST", "/object/list-v2/docs",
                        json: """
                            {"prefix":"","limit":2,"with_delimiter":\(hasDelimiter),
                             "sortBy":{"column":"\(column)","order":"\(order)"}\(next)}
                            """)
                    #expect(page.status == 200, "\(page.text)")
                    collected += names(page, "folders") + names(page, "objects")
                    cursor = page.json["nextCursor"]?.stringValue
                    #expect((page.json["hasNext"] == .bool(true)) == (cursor != nil))
                } while cursor != nil && collected.count < 50
                #expect(collected.count == (hasDelimiter ? 8 : 10) && Set(collected).count == collected.count)
            }
        }
    }

    @Test("version 2 takes the prefix literally, and gathers folders with a slash")
    func version2Prefix() async throws {
        try await filled { fixture in
            let literal = try await fixture.ask("POST", "/object/list-v2/docs", json: #"{"prefix":"d_"}"#)
            #expect(names(literal, "objects") == ["d_e.txt"])
            let folders = try await fixture.ask(
                "POST", "/object/list-v2/docs", json: #"{"prefix":"folder/","with_delimiter":true}"#)
            #expect(names(folders, "folders") == ["folder/sub/"])
            #expect(names(folders, "objects") == ["folder/1", "folder/2"])
            let empty = try await fixture.ask("POST", "/object/list-v2/docs", json: #"{"prefix":"x/"}"#)
            #expect(names(empty, "objects") == ["x//y"])
        }
    }

    @Test("a signed address opens one object for its time")
    func aSignedAddress() async throws {
        let clock = TestClock(1_800_000_000)
        try await StorageFixture.with(clock: clock) { fixture in
            try await fixture.makeBucket("docs")
            _ = try await fixture.put("docs/a b", "hello")
            _ = try await fixture.put("docs/other", "other")
            let signed = try await fixture.ask("POST", "/object/sign/docs/a%20b", json: #"{"expiresIn":"60"}"#)
            let url = signed.member("signedURL")
            #expect(url.hasPrefix("/object/sign/docs/a b?token="), "\(signed.text)")
            let target = url.replacing(" ", with: "%20")
            let got = try await fixture.ask("GET", target, token: "")
            #expect(got.text == "hello" && !got.header("Expires").isEmpty)
            let wrong = try await fixture.ask("GET", target.replacing("a%20b", with: "other"), token: "")
            #expect(wrong.status == 400 && wrong.member("error") == "InvalidSignature")
            let token = target.split(separator: "token=").last.map(String.init) ?? ""
            let upload = try await fixture.ask(
                "PUT", "/object/upload/sign/docs/a%20b?token=\(token)", token: "", body: [1])
            #expect(upload.member("error") == "InvalidSignature")
            clock.advance(by: 61)
            #expect(try await fixture.ask("GET", target, token: "").member("error") == "ExpiredToken")
            #expect(try await fixture.ask("POST", "/object/sign/docs/none", json: #"{"expiresIn":60}"#).status == 400)
            #expect(try await fixture.ask("POST", "/object/sign/docs/a%20b", json: #"{"expiresIn":0}"#).status == 400)
            let many = try await fixture.ask(
                "POST", "/object/sign/docs", json: #"{"expiresIn":60,"paths":["other","none"]}"#)
            #expect(many.json.arrayValue?.first?["error"] == .null && many.json.arrayValue?.last?["signedURL"] == .null)
        }
    }

    @Test("a signed upload puts one object, without a token of its own")
    func aSignedUpload() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            let signed = try await fixture.ask("POST", "/object/upload/sign/docs/a")
            let url = signed.member("url")
            #expect(url.hasPrefix("/object/upload/sign/docs/a?token="), "\(signed.text)")
            let put = try await fixture.ask("PUT", url, token: "", body: Array("x".utf8))
            #expect(put.status == 200 && put.member("Key") == "docs/a", "\(put.text)")
            #expect(try await fixture.ask("PUT", url, token: "", body: [1]).member("statusCode") == "409")
            let download = try await fixture.ask("GET", url.replacing("/upload/sign", with: "/sign"), token: "")
            #expect(download.member("error") == "InvalidSignature")
        }
    }

    @Test("a request without a token, and one with a bad token, get the two documented errors")
    func tokens() async throws {
        try await StorageFixture.with { fixture in
            let none = try await fixture.ask("GET", "/bucket", token: "")
            #expect(none.status == 400 && none.member("error") == "Error" && none.member("statusCode") == "400")
            #expect(none.member("message").contains("authorization"))
            let bad = try await fixture.ask("GET", "/bucket", token: "nonsense")
            #expect(bad.status == 400 && bad.member("error") == "Unauthorized" && bad.member("statusCode") == "403")
            let image = try await fixture.ask("GET", "/render/image/public/a/b", token: "")
            #expect(image.status == 400 && image.member("error") == "FeatureNotEnabled")
        }
    }
}

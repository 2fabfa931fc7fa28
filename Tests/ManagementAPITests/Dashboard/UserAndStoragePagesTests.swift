import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Dashboard
@testable import ManagementAPI

@Suite("Pages of users and files")
struct UserAndStoragePagesTests {
    private static let id = "10000000-0000-4000-8000-000000000010"
    private static let user = #"""
        [{"id":"\#(id)","email":"<b>a@example.com</b>","phone":null,"created":"2026-11-30 10:00:00.123+00","seen":null,
        "banned":"true","confirmed":"false","anonymous":"false","sessions":"2","providers":"email"}]
        """#

    private static func last(_ host: APIHost) -> String {
        guard let request = host.gateways.calls.last?.request else { return "" }
        return "\(request.method) \(request.target) \(String(decoding: request.body, as: UTF8.self))"
    }

    private static func json(_ text: String, _ status: Int = 200) -> GatewayAnswer {
        GatewayAnswer(status: status, contentType: "application/json", body: Array(text.utf8))
    }

    @Test("users are listed and found, and changed by the project's own auth")
    func users() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            try await host.set(.active, of: ref)
            host.databases.setAnswer { _ in QueryAnswer(json: Array(Self.user.utf8), rowCount: 1) }
            host.gateways.setAnswer { _ in Self.json(#"{"id":"\#(Self.id)"}"#) }
            let browser = try await BrowserVisitor(host, as: .owner)
            let path = "/dashboard/projects/\(ref)/users"
            let page = try await browser.get("\(path)?search=%25x").text
            #expect(page.contains("&lt;b&gt;a@example.com") && page.contains("End the ban"))
            #expect(page.contains("2026-11-30 10:00:00<") && page.contains("value=\"%x\""))
            #expect(host.databases.calls.last?.query.parameters == [.string("%x"), .string("0")])
            #expect(!page.contains("Invite by mail"), "there is no mail server")
            let fields = ["email": " b@example.com ", "password": "secret-word", "confirmed": "1"]
            #expect(try await browser.post(path, fields).status == 303)
            #expect(Self.last(host).contains(#""email":"b@example.com""#) && Self.last(host).contains("secret-word"))
            #expect(try await browser.post("\(path)/\(Self.id)/ban", ["ban": "1"]).status == 303)
            #expect(Self.last(host) == #"PUT /auth/v1/admin/users/\#(Self.id) {"ban_duration":"876000h"}"#)
            #expect(try await browser.post("\(path)/\(Self.id)/ban", ["ban": "0"]).status == 303)
            #expect(Self.last(host).contains("none"))
            #expect(try await browser.post("\(path)/\(Self.id)/delete").status == 303)
            #expect(Self.last(host).hasPrefix("DELETE /auth/v1/admin/users/\(Self.id)"))
            host.gateways.setAnswer { _ in Self.json(#"{"msg":"<i>weak</i>"}"#, 422) }
            let refused = try await browser.post(path, ["email": "c@example.com", "password": "x"])
            #expect(refused.status == 422 && refused.text.contains("&lt;i&gt;weak"))
            #expect(refused.text.contains("value=\"c@example.com\""))
        }
    }

    private static let bucket =
        #"{"id":"my files","name":"my files","owner":"","public":true,"created_at":"x","updated_at":"x","file_size_limit":1024}"#
    private static let objects = #"""
        [{"name":"<u>folder</u>","id":null,"metadata":null},
        {"name":"a&b.txt","id":"\#(id)","updated_at":"2026-11-30T10:00:00.000Z","metadata":{"size":2048,"mimetype":"text/html"}}]
        """#

    private static func storage(_ call: FakeProjectGateway.Call) -> GatewayAnswer {
        let path = call.request.path
        if path.contains("/object/list") { return json(objects) }
        if path.contains("/object/sign") { return json(#"{"signedURL":"/object/sign/my%20files/a?token=t"}"#) }
        return json(path.hasSuffix("/bucket") && call.request.method == "GET" ? "[\(bucket)]" : "{}")
    }

    @Test("buckets, folders and files are shown, and a file is fetched from the project itself")
    func storage() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            try await host.set(.active, of: ref)
            host.gateways.setAnswer { Self.storage($0) }
            let browser = try await BrowserVisitor(host, as: .owner)
            let path = "/dashboard/projects/\(ref)/storage"
            let page = try await browser.get("\(path)?bucket=my%20files&folder=/x//y/").text
            #expect(
                page.contains("&lt;u&gt;folder&lt;/u&gt;") && page.contains("2 KiB")
                    && page.contains("files up to 1 KiB"))
            #expect(page.contains("folder=x%2Fy%2F%3Cu%3Efolder%3C%2Fu%3E"))
            #expect(page.contains("download?bucket=my%20files&amp;path=x%2Fy%2Fa%26b.txt"))
            #expect(Self.last(host).contains(#""prefix":"x/y""#))
            let file = try await browser.get("\(path)/download?bucket=my%20files&path=x/y/a%26b.txt")
            #expect(file.status == 303)
            #expect(file.header("Location")?.contains("/storage/v1/object/sign/my%20files/a?token=t") == true)
            #expect(try await browser.get("\(path)/download").status == 404)
            let created = try await browser.post("\(path)/buckets", ["name": "new", "public": "1"])
            #expect(created.status == 303 && created.header("Location") == path)
            #expect(
                host.gateways.calls.contains {
                    String(decoding: $0.request.body, as: UTF8.self).contains(#""id":"new","name":"new","public":true"#)
                })
            let deleted = try await browser.post(
                "\(path)/delete", ["bucket": "my files", "folder": "x", "path": "x/a"])
            #expect(deleted.header("Location") == "\(path)?bucket=my%20files&folder=x")
            #expect(
                host.gateways.calls.contains {
                    $0.request.method == "DELETE"
                        && String(decoding: $0.request.body, as: UTF8.self) == #"{"prefixes":["x/a"]}"#
                })
        }
    }

    private static func upload(_ token: String?, name: String = "../<b>.txt") -> [UInt8] {
        var parts = [MultipartBody.Part(name: "bucket", bytes: Array("my files".utf8))]
        if let token { parts.insert(.init(name: "form_token", bytes: Array(token.utf8)), at: 0) }
        parts.append(.init(name: "folder", bytes: Array("x".utf8)))
        parts.append(.init(name: "file", fileName: name, contentType: "text/plain", bytes: [0, 255, 10]))
        return MultipartBody(parts: parts).encoded(boundary: "b0undary")
    }

    @Test("a file is uploaded as it is with the token of the form, and not without")
    func upload() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            try await host.set(.active, of: ref)
            host.gateways.setAnswer { Self.storage($0) }
            let browser = try await BrowserVisitor(host, as: .owner)
            let token = try await browser.ownToken()
            for (token, status) in [(token, 303), (nil, 403), (String(token.dropLast()) + "x", 403)] as [(String?, Int)]
            {
                let answer = try await host.send(
                    "POST", "/dashboard/projects/\(ref)/storage/upload", bytes: Self.upload(token), token: nil,
                    headers: [
                        ("Cookie", try #require(browser.cookie)), ("Origin", browser.origin),
                        ("Content-Type", MultipartBody.contentType(boundary: "b0undary")),
                    ])
                #expect(answer.status == status)
            }
            let sent = host.gateways.calls.filter { $0.request.body == [0, 255, 10] }
            #expect(sent.count == 1)
            #expect(sent.first?.request.path == "/storage/v1/object/my%20files/x/%3Cb%3E.txt")
            #expect(sent.first?.request.headers.contains { $0 == ("Content-Type", "text/plain") } == true)
            #expect(sent.first?.request.headers.contains { $0 == ("x-upsert", "false") } == true)
            let trail = try await host.ledger.trail(.init(scope: .organization("default"))).map(\.deed.action)
            #expect(trail.contains("storage.object.upload"))
        }
    }
}

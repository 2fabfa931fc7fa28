import DeflateKit
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

@Suite("Assets of the dashboard")
struct AssetTests {
    private func paths(_ host: APIHost) async throws -> [String] {
        let page = try await BrowserVisitor(host, as: .owner).get("/dashboard").text
        return page.matches(of: #/"(\/dashboard\/assets\/[^"]+)"/#).map { String($0.1) }
    }

    @Test("what a page names is there, cached for good under a name of its content, and not sent twice")
    func served() async throws {
        try await APIHost.run { host in
            let paths = try await paths(host)
            #expect(paths.count >= 3)
            for path in paths {
                #expect(path.contains(#/-[0-9a-f]{16}\.(css|js|svg)$/#), "\(path)")
                let answer = try await host.send("GET", path, token: nil)
                #expect(answer.status == 200 && !answer.body.isEmpty)
                #expect(answer.header("Cache-Control") == "public, max-age=31536000, immutable")
                #expect(answer.header("X-Content-Type-Options") == "nosniff")
                #expect(
                    answer.header("Content-Type")?.contains(
                        #/^(text\/(css|javascript); charset=utf-8|image\/svg\+xml)$/#) == true)
                let tag = try #require(answer.header("ETag"))
                #expect(tag.contains(#/^"[0-9a-f]{16}"$/#))
                for field in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                    let again = try await host.send("GET", path, token: nil, headers: [("If-None-Match", field)])
                    #expect(again.status == 304 && again.body.isEmpty && again.header("ETag") == tag, "\(field)")
                }
                let other = try await host.send("GET", path, token: nil, headers: [("If-None-Match", "\"x\"")])
                #expect(other.status == 200)
            }
        }
    }

    @Test("files and pages are compressed for browsers that read it, under a tag of their own")
    func compressed() async throws {
        try await APIHost.run { host in
            for path in try await paths(host) {
                let plain = try await host.send(
                    "GET", path, token: nil, headers: [("Accept-Encoding", "identity, gzip;q=0")])
                #expect(plain.header("Content-Encoding") == nil && plain.header("Vary") == "Accept-Encoding")
                let small = try await host.send("GET", path, token: nil, headers: [("Accept-Encoding", "br, gzip")])
                #expect(small.header("Content-Encoding") == "gzip" && small.body.count < plain.body.count)
                let whole = try Gzip.decompress(Array(small.body), limitBytes: 1 << 20)
                #expect(whole == Array(plain.body))
                let tag = try #require(small.header("ETag"))
                #expect(tag != plain.header("ETag"))
                let again = try await host.send(
                    "GET", path, token: nil, headers: [("Accept-Encoding", "gzip"), ("If-None-Match", tag)])
                #expect(again.status == 304)
            }
        }
    }

    @Test("the first page and all that it needs come in 60 KiB")
    func firstPage() async throws {
        try await APIHost.run { host in
            let gzip = [(name: "Accept-Encoding", value: "gzip")]
            let page = try await host.send("GET", "/dashboard/sign-in", token: nil, headers: gzip)
            #expect(page.header("Content-Encoding") == "gzip")
            var bytes = page.body.count
            for path in try await paths(host) {
                bytes += try await host.send("GET", path, token: nil, headers: gzip).body.count
            }
            #expect(bytes <= 60 << 10, "\(bytes) bytes")
        }
    }

    @Test("a page that repeats what its address says is never compressed")
    func reflected() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let gzip = [(name: "Accept-Encoding", value: "gzip")]
            for (path, isCompressed) in [("/dashboard/account", true), ("/dashboard?search=x", false)] {
                let cookie = [(name: "Cookie", value: try #require(browser.cookie))]
                let answer = try await host.send("GET", path, token: nil, headers: gzip + cookie)
                #expect(answer.status == 200)
                #expect((answer.header("Content-Encoding") == "gzip") == isCompressed, "\(path)")
            }
        }
    }

    @Test(
        "no path leads to another file",
        arguments: [
            "dashboard.css", "..%2Ftemplates%2Flayout.mustache", "%2e%2e", "..", ".", "", "layout.mustache", "%00",
            "....//",
        ])
    func tricks(name: String) async throws {
        try await APIHost.run { host in
            let answer = try await host.send("GET", "/dashboard/assets/\(name)", token: nil)
            #expect([400, 404].contains(answer.status), "\(name)")
            #expect(!answer.text.contains("{{"))
        }
    }

    @Test("a file without a known content type is refused at the start")
    func unknownType() {
        #expect(throws: StaticAssets.Problem.self) {
            try StaticAssets(["a.exe": [1]], base: "/x", digest: { _ in "0123456789abcdef" }, compress: { $0 })
        }
        #expect(throws: StaticAssets.Problem.self) {
            try StaticAssets(["none": [1]], base: "/x", digest: { _ in "0123456789abcdef" }, compress: { $0 })
        }
    }

    @Test("other contents get another name")
    func names() throws {
        let digest = { (bytes: [UInt8]) in String(repeating: "0", count: 15) + String(bytes.count, radix: 16) }
        let one = try StaticAssets(["a.css": [1]], base: "/x", digest: digest, compress: { $0 })
        let two = try StaticAssets(["a.css": [1, 2]], base: "/x", digest: digest, compress: { $0 })
        #expect(one.path(of: "a.css") == "/x/a-0000000000000001.css")
        #expect(two.path(of: "a.css") == "/x/a-0000000000000002.css")
        #expect(one.path(of: "b.css") == nil)
    }
}

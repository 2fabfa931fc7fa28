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

@Suite("Requests forged by other sites")
struct ForgeryTests {
    @Test("a form of another site, another port or no site changes nothing, with or without the token")
    func origins() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            let browser = try await BrowserVisitor(host, as: .owner)
            let own = browser.origin
            let refused: [[(name: String, value: String)]] = [
                [("Origin", "https://evil.example.com"), ("Sec-Fetch-Site", "cross-site")],
                [("Origin", "http://127.0.0.1:54321"), ("Sec-Fetch-Site", "same-site")],
                [("Origin", "http://127.0.0.1:54321")], [("Origin", "null")], [("Origin", "\(own).evil.example.com")],
                [("Origin", own), ("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "none")], [],
                [("Origin", own), ("Origin", "https://evil.example.com")],
            ]
            for headers in refused {
                let answer = try await browser.post("/dashboard/projects/\(ref)/pause", headers: headers)
                #expect(answer.status == 403, "\(headers)")
            }
            #expect(try await host.store.project(ref)?.status == .active)
            for headers in [[("Origin", own)], [("Sec-Fetch-Site", "same-origin")]] {
                let other = try await browser.post(
                    "/dashboard/account/sessions/\(Person.owner.account.id)/end", headers: headers)
                #expect(other.status == 303, "\(headers)")
            }
        }
    }

    @Test("every form of a session needs the session's own token")
    func tokens() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            let browser = try await BrowserVisitor(host, as: .owner)
            let other = try await BrowserVisitor(host, as: .owner)
            let foreign = try await other.ownToken()
            let own = try await browser.ownToken()
            #expect(own != foreign)
            for token in [nil, .other(""), .other(foreign), .other(String(own.dropLast()))]
                as [BrowserVisitor.FormToken?]
            {
                let answer = try await browser.post("/dashboard/projects/\(ref)/pause", token: token)
                #expect(answer.status == 403)
            }
            #expect(try await host.store.project(ref)?.status == .active)
            #expect(try await browser.post("/dashboard/projects/\(ref)/pause").status == 303)
            #expect(try await host.store.project(ref)?.status == .pausing)
        }
    }

    @Test("no page that changes something can be asked for by GET, and each takes the token")
    func complete() throws {
        let site = try #require(try sampleAPI().pipeline.site)
        for route in site.routes.routes {
            #expect(route.isPage, "\(route.name)")
            #expect([.get, .post].contains(route.method), "\(route.name)")
            if route.method == .get { #expect(!route.effect.isRepeatable, "\(route.name)") }
        }
        let open = site.routes.routes.filter { $0.access == .open }.map(\.name)
        #expect(
            Set(open) == [
                "GET /", "GET /dashboard/sign-in", "POST /dashboard/sign-in", "GET /dashboard/first-run",
                "POST /dashboard/first-run", "GET /dashboard/assets/{asset}",
            ])
    }

    @Test("the sign-in of another site's form is refused: nobody is signed in to a foreign account unnoticed")
    func signIn() async throws {
        try await APIHost.run { host in
            let answer = try await BrowserVisitor(host).post(
                "/dashboard/sign-in", ["email": "owner@example.com", "password": Person.owner.password], token: nil,
                headers: [("Origin", "https://evil.example.com")])
            #expect(answer.status == 403 && answer.header("Set-Cookie") == nil)
        }
    }

    @Test("a form that is no form is refused, and so is one with too many fields")
    func contentTypes() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let cookie = try #require(browser.cookie)
            let json = try await host.send(
                "POST", "/dashboard/new", body: "{}", token: nil,
                headers: [("Cookie", cookie), ("Origin", browser.origin), ("Content-Type", "application/json")])
            #expect(json.status == 415)
            let fields = String(repeating: "a=b&", count: 200)
            let long = try await host.send(
                "POST", "/dashboard/sign-in", body: fields, token: nil,
                headers: [("Origin", browser.origin), ("Content-Type", "application/x-www-form-urlencoded")])
            #expect(long.status == 400)
        }
    }

    @Test("a configured origin of Studio reads no page")
    func crossOrigin() async throws {
        var configuration = APIHost.configuration
        configuration.cors = CORSPolicy(origins: ["http://studio.example.com"])
        try await APIHost.run(configuration: configuration) { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let page = try await browser.get("/dashboard", headers: [("Origin", "http://studio.example.com")])
            #expect(page.status == 200 && page.header("Access-Control-Allow-Origin") == nil)
        }
    }
}

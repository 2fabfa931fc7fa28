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

@Suite("Sessions of browsers")
struct BrowserSessionTests {
    @Test("a sign-in gives a cookie that scripts and other sites do not get, and leads to the projects")
    func signIn() async throws {
        try await APIHost.run { host in
            let answer = try await BrowserVisitor(host).post(
                "/dashboard/sign-in", ["email": "owner@example.com", "password": Person.owner.password], token: nil)
            #expect(answer.status == 303 && answer.header("Location") == "/dashboard")
            let cookie = try #require(answer.header("Set-Cookie"))
            #expect(
                cookie.contains(
                    #/^supamanager=[0-9a-f]{64}; Max-Age=604800; Path=\/dashboard; HttpOnly; SameSite=Lax$/#))
            let events = try await host.ledger.trail(.init(scope: .account(Person.owner.account.id))).map(\.deed)
            #expect(events.first?.action == "session.create" && events.first?.route == "POST /dashboard/sign-in")
        }
    }

    @Test("only a cookie counts for pages: without one, with a wrong one, with a token or with two it is sign-in")
    func pages() async throws {
        try await APIHost.run { host in
            let own = try await BrowserVisitor(host, as: .owner)
            #expect(try await own.get("/dashboard").status == 200)
            let cookie = try #require(own.cookie)
            for value in [
                nil, "supamanager=\(String(repeating: "0", count: 64))", "supamanager=x", "\(cookie); \(cookie)",
                "__Host-\(cookie)",
            ] {
                var other = BrowserVisitor(host)
                other.cookie = value
                let answer = try await other.get("/dashboard/account")
                #expect(answer.status == 303, "\(value ?? "-")")
                #expect(answer.header("Location") == "/dashboard/sign-in?next=/dashboard/account")
            }
            let token = try await host.send("GET", "/dashboard")
            #expect(token.status == 303, "an access token opened a page")
        }
    }

    @Test("a cookie counts for no route of the API, whatever page sends it")
    func api() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            for path in ["/platform/projects", "/v1/projects", "/auth/v1/user"] {
                let answer = try await host.send(
                    "GET", path, token: nil,
                    headers: [("Cookie", try #require(browser.cookie)), ("Sec-Fetch-Site", "same-origin")])
                #expect(answer.status == 401, "\(path)")
            }
        }
    }

    @Test("signing out ends the session and takes the cookie away; another session of the account stays")
    func signOut() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let other = try await BrowserVisitor(host, as: .owner)
            let answer = try await browser.post("/dashboard/sign-out")
            #expect(answer.status == 303 && answer.header("Location") == "/dashboard/sign-in")
            #expect(answer.header("Set-Cookie")?.hasPrefix("supamanager=; Max-Age=0;") == true)
            #expect(try await browser.get("/dashboard").status == 303)
            #expect(try await other.get("/dashboard").status == 200)
            let events = try await host.ledger.trail(.init(scope: .account(Person.owner.account.id))).map(\.deed)
            #expect(events.contains { $0.action == "session.delete" && $0.route == "POST /dashboard/sign-out" })
        }
    }

    @Test("a new password ends the sessions of browsers")
    func newPassword() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            try await host.directory.setPassword(of: Person.owner.account.id, to: Secret("another password"))
            #expect(try await browser.get("/dashboard").status == 303)
        }
    }

    @Test("sessions are listed, and one can be ended from another")
    func list() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let other = try await BrowserVisitor(host, as: .owner)
            let sessions = try await host.directory.sessions(of: Person.owner.account.id)
            #expect(sessions.count == 2)
            let page = try await browser.get("/dashboard/account").text
            #expect(page.matches(of: #/\/dashboard\/account\/sessions\/[0-9a-f-]{36}\/end/#).count == 2)
            #expect(page.matches(of: #/this one/#).count == 1)
            // The newest comes first: the other one's.
            let ended = try await browser.post("/dashboard/account/sessions/\(sessions[0].id)/end")
            #expect(ended.header("Location") == "/dashboard/account")
            #expect(try await other.get("/dashboard").status == 303)
            let last = try await browser.post("/dashboard/account/sessions/\(sessions[1].id)/end")
            #expect(last.header("Location") == "/dashboard/sign-in")
            #expect(try await browser.get("/dashboard").status == 303)
        }
    }

    @Test("nobody ends a session of another account")
    func foreignSession() async throws {
        try await APIHost.run { host in
            let owner = try await BrowserVisitor(host, as: .owner)
            let developer = try await BrowserVisitor(host, as: .developer)
            let session = try #require(try await host.directory.sessions(of: Person.owner.account.id).first)
            _ = try await developer.post("/dashboard/account/sessions/\(session.id)/end")
            #expect(try await owner.get("/dashboard").status == 200)
        }
    }

    @Test("a wrong password is refused with the form, without a challenge, and names nothing")
    func wrongPassword() async throws {
        try await APIHost.run { host in
            for email in ["owner@example.com", "nobody@example.com", "<script>alert(1)</script>"] {
                let answer = try await BrowserVisitor(host).post(
                    "/dashboard/sign-in", ["email": email, "password": "wrong"], token: nil)
                #expect(answer.status == 403 && answer.header("WWW-Authenticate") == nil)
                #expect(answer.header("Set-Cookie") == nil)
                #expect(answer.text.contains("role=\"alert\""))
                #expect(!answer.text.contains("<script>alert"))
                #expect(PageCheck.problems(in: answer).isEmpty)
            }
        }
    }

    @Test(
        "after sign-in the way leads to pages of the dashboard only",
        arguments: [
            ("/dashboard/account", "/dashboard/account"), ("https://evil.example.com", "/dashboard"),
            ("//evil.example.com", "/dashboard"), ("/\\evil.example.com", "/dashboard"),
            ("/dashboard//evil.example.com", "/dashboard"), ("/dashboard/../platform", "/dashboard"),
            ("/dashboardx", "/dashboard"), ("/dashboard/x?y=z", "/dashboard"), ("javascript:alert(1)", "/dashboard"),
            ("/dashboard\r\nSet-Cookie: a=b", "/dashboard"), ("", "/dashboard"),
        ])
    func next(given: String, taken: String) async throws {
        try await APIHost.run { host in
            let answer = try await BrowserVisitor(host).post(
                "/dashboard/sign-in",
                ["email": "owner@example.com", "password": Person.owner.password, "next": given], token: nil)
            #expect(answer.status == 303 && answer.header("Location") == taken)
        }
    }
}

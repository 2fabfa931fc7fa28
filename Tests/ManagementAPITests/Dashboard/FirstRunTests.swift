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

@Suite("First run")
struct FirstRunTests {
    private static let token = "sbp_" + String(repeating: "a1", count: 20)
    private static let fields = ["token": token, "password": "a good password", "repeated": "a good password"]

    /// Makes the first account, as the start of the manager does.
    private func bootstrap(_ host: APIHost, password: String? = nil) async throws {
        try await host.directory.bootstrap(
            adminEmail: "admin@supamanager.localhost", adminPassword: password.map { Secret($0) },
            adminToken: Secret(Self.token))
    }

    @Test("with the token from the terminal the first password is set, once, and its owner is signed in")
    func first() async throws {
        try await APIHost.run { host in
            try await bootstrap(host)
            var browser = BrowserVisitor(host)
            #expect(try await browser.get("/").header("Location") == "/dashboard")
            #expect(try await browser.get("/dashboard").header("Location") == "/dashboard/sign-in")
            #expect(try await browser.get("/dashboard/sign-in").header("Location") == "/dashboard/first-run")
            #expect(try await browser.get("/dashboard/first-run").text.contains("admin-token"))
            let set = try await browser.post("/dashboard/first-run", Self.fields, token: nil)
            #expect(set.status == 303 && set.header("Location") == "/dashboard")
            browser.cookie = set.header("Set-Cookie").map { String($0.prefix { $0 != ";" }) }
            let page = try await browser.get("/dashboard")
            #expect(page.status == 200 && page.text.contains("admin@supamanager.localhost"))
            #expect(try await browser.get("/dashboard/first-run").header("Location") == "/dashboard/sign-in")
            let again = try await browser.post("/dashboard/first-run", Self.fields, token: nil)
            #expect(again.status == 409)
            #expect(try await host.directory.principal(for: Secret(Self.token)) != nil, "the token was lost")
        }
    }

    @Test("another token, a short password or two different ones set nothing")
    func refused() async throws {
        try await APIHost.run { host in
            try await bootstrap(host)
            let browser = BrowserVisitor(host)
            let changes: [([String: String], Int)] = [
                (["token": "sbp_" + String(repeating: "b2", count: 20)], 403), (["token": ""], 403),
                (["token": Person.owner.token], 403), (["password": "short", "repeated": "short"], 400),
                (["repeated": "another password"], 400),
            ]
            for (change, status) in changes {
                let answer = try await browser.post(
                    "/dashboard/first-run", Self.fields.merging(change) { $1 }, token: nil)
                #expect(answer.status == status, "\(change)")
                #expect(answer.header("Set-Cookie") == nil)
                #expect(PageCheck.problems(in: answer).isEmpty)
            }
            #expect(try await host.directory.needsFirstPassword())
        }
    }

    @Test("where a password is set there is no first run")
    func none() async throws {
        try await APIHost.run { host in
            try await bootstrap(host, password: "set at the start")
            let browser = BrowserVisitor(host)
            #expect(try await browser.get("/dashboard/sign-in").status == 200)
            #expect(try await browser.get("/dashboard/first-run").header("Location") == "/dashboard/sign-in")
            #expect(try await browser.post("/dashboard/first-run", Self.fields, token: nil).status == 409)
        }
    }
}

import CurlKit
import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import APIKit
@testable import Dashboard
@testable import ManagementAPI

@Suite("Live pages")
struct DashboardLiveTests {
    private static var patient: ServerLimits {
        var limits = APIHost.limits
        limits.streamDuration = .seconds(60)
        return limits
    }

    /// Reads a stream until `isEnough` has seen enough of its text.
    private func read(
        _ path: String, _ browser: BrowserVisitor, until isEnough: @Sendable (String) async throws -> Bool
    ) async throws {
        let cookie = try #require(browser.cookie)
        let stream = try await browser.host.client.stream(
            CurlKit.HTTPRequest(
                method: "GET", url: "\(browser.origin)\(path)", headers: [("Cookie", cookie)],
                totalTimeout: .seconds(60)))
        #expect(stream.head.status == 200)
        #expect(stream.head.headers["Content-Type"] == "text/event-stream; charset=utf-8")
        var text = ""
        for try await piece in stream {
            text += String(decoding: piece, as: UTF8.self)
            if try await isEnough(text) { return }
        }
        Issue.record("the stream ended after \(text)")
    }

    private static func changes(_ text: String) -> Int { text.matches(of: /event: changed/).count }

    @Test("the page of a project gets an event for a change, without what has changed")
    func project() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            let ref = try await host.create()
            let browser = try await BrowserVisitor(host, as: .owner)
            try await read("/dashboard/projects/\(ref)/live", browser) { text in
                #expect(!text.contains("status"))
                if Self.changes(text) == 1 { try await host.set(.active, of: ref) }
                return Self.changes(text) >= 2
            }
            #expect(try await browser.get("/dashboard/projects/\(ref)/parts").text.contains("Running"))
        }
    }

    @Test("the list gets an event for a change of any project, and none while nothing happens")
    func list() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let isCreated = Mutex(false)
            try await read("/dashboard/live", browser) { text in
                // Signs of life show that time has passed.
                if text.matches(of: /: \n\n/).count >= 3, isCreated.withLock({ !$0 }) {
                    #expect(Self.changes(text) == 1)
                    isCreated.withLock { $0 = true }
                    _ = try await host.create()
                }
                return Self.changes(text) >= 2
            }
        }
    }

    @Test("a stream ends when its session does")
    func ended() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            try await read("/dashboard/live", browser) { text in
                if Self.changes(text) == 1, !text.contains("event: end") {
                    try await host.directory.setPassword(of: Person.owner.account.id, to: Secret("another password"))
                }
                return text.contains("event: end\ndata: refused")
            }
        }
    }

    @Test("a script of a page whose session has ended is led to sign-in, and no form is put into the page")
    func script() async throws {
        try await APIHost.run { host in
            let answer = try await host.send(
                "GET", "/dashboard/projects", token: nil, headers: [("HX-Request", "true")])
            #expect(answer.status == 401 && answer.header("HX-Redirect") == "/dashboard/sign-in")
            #expect(!answer.text.contains("<form"))
            let stream = try await host.send(
                "GET", "/dashboard/live", token: nil, headers: [("Accept", "text/event-stream")])
            #expect(stream.status == 401)
        }
    }
}

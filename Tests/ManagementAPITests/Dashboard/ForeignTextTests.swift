import Foundation
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

/// Names that try to be more than text.
@Suite("Foreign texts in pages")
struct ForeignTextTests {
    private static let names = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'); alert(1); ('", "{{form_token}}",
        "{{{account}}}", "</title><script>alert(1)</script>", "gnp\u{202E}exe", "&lt;b&gt;", "مشروع 项目",
        // Marks join a character with its neighbour, for those who look at characters.
        "\u{600}<img src=x\u{600}>", "<\u{301}script>alert(1)", "x\"\u{301} autofocus", "'\u{FE0F}",
    ]

    @Test("an account's name and an event's text are text", arguments: names)
    func account(name: String) async throws {
        try await APIHost.run { host in
            _ = try await host.directory.updateProfile(of: Person.owner.account.id, username: name)
            let ref = try await host.create()
            let record = try #require(try await host.store.project(ref))
            _ = try await host.store.transition(
                ref, StatusTransition(from: record.status, to: .active, cause: name, at: SystemTime().now()))
            let browser = try await BrowserVisitor(host, as: .owner)
            for path in ["/account", "/organizations/default", "/projects/\(ref)", "/projects/\(ref)/parts"] {
                let text = try await browser.get("/dashboard\(path)").text
                #expect(!text.contains("\u{202E}"), "\(path)")
                let scalars = Array(text.unicodeScalars)
                #expect(!Self.contains("<script>alert", in: scalars) && !Self.contains("<img", in: scalars), "\(path)")
                #expect(Self.contains(Self.escaped(PageText.visible(name)), in: scalars), "\(path)")
            }
        }
    }

    @Test("what a browser calls itself is text")
    func agent() async throws {
        try await APIHost.run { host in
            var browser = BrowserVisitor(host)
            let answer = try await browser.post(
                "/dashboard/sign-in", ["email": "owner@example.com", "password": Person.owner.password], token: nil,
                headers: [("Origin", browser.origin), ("User-Agent", "<script>alert(1)</script>")])
            browser.cookie = answer.header("Set-Cookie").map { String($0.prefix { $0 != ";" }) }
            let text = try await browser.get("/dashboard/account").text
            #expect(text.contains("&lt;script&gt;alert(1)") && !text.contains("<script>alert"))
        }
    }

    private static let entities: [Unicode.Scalar: String] = [
        "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;",
    ]

    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { entities[$0] ?? String($0) }.joined()
    }

    /// Whether a text is part of another, code point by code point, as browsers read.
    private static func contains(_ part: String, in text: [Unicode.Scalar]) -> Bool {
        text.contains(Array(part.unicodeScalars))
    }
}

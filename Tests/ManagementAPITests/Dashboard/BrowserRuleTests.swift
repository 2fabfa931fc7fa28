import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Dashboard

@Suite("Rules of the dashboard")
struct BrowserRuleTests {
    @Test("over HTTPS the cookie is this host's alone")
    func secureCookie() {
        let cookie = SessionCookie(isSecure: true, path: "/dashboard")
        #expect(
            cookie.setting(Secret("ab"), for: .seconds(60))
                == "__Host-supamanager=ab; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure")
        #expect(cookie.secret(in: [.cookie: "a=b; __Host-supamanager=ab"])?.reveal() == "ab")
        #expect(cookie.secret(in: [.cookie: "supamanager=ab"]) == nil)
        #expect(cookie.secret(in: [:]) == nil)
        let long = String(repeating: "a", count: 300)
        #expect(cookie.secret(in: [.cookie: "__Host-supamanager=\(long)"]) == nil)
    }

    @Test("an origin is ours by the public address or by the address that was asked")
    func origins() {
        let origin = BrowserOrigin(publicOrigin: "https://manager.example.com")
        func isOwn(_ value: String, _ authority: String?) -> Bool {
            origin.isOwn([.origin: value], authority: authority)
        }
        #expect(isOwn("https://manager.example.com", "manager.example.com"))
        #expect(isOwn("http://127.0.0.1:8080", "127.0.0.1:8080"))
        #expect(!isOwn("http://manager.example.com", "127.0.0.1:8080"))
        #expect(isOwn("https://proxied.example.com", "proxied.example.com"))
        #expect(!isOwn("https://127.0.0.1:54321", "127.0.0.1:8080"))
        #expect(!isOwn("https://manager.example.com.evil", "manager.example.com"))
        #expect(!isOwn("http://", nil))
        #expect(!origin.isOwn([:], authority: "127.0.0.1:8080"))
    }

    @Test("texts lose what hides or reorders others, and keep every script")
    func texts() {
        #expect(PageText.visible("مشروع 项目 Ünï") == "مشروع 项目 Ünï")
        #expect(PageText.visible("one\ntwo\tthree") == "one\ntwo\tthree")
        #expect(PageText.visible("gnp\u{202E}exe.\u{202C}") == "gnp\u{FFFD}exe.\u{FFFD}")
        #expect(PageText.visible("a\u{0}b\u{1B}[31m\u{7F}") == "a\u{FFFD}b\u{FFFD}[31m\u{FFFD}")
        #expect(PageText.visible("zero\u{200B}width\u{FEFF}") == "zero\u{FFFD}width\u{FFFD}")
    }

    @Test("times are shown to the second, in UTC")
    func times() {
        #expect(PageText.time("2026-11-29T16:20:00.123Z") == "2026-11-29 16:20:00 UTC")
        #expect(PageText.time("2026-11-29T16:20:00Z") == "2026-11-29 16:20:00 UTC")
        #expect(PageText.time("2026-11-29") == nil && PageText.time("<b>") == nil)
        let shown = PageValue(["at": "2026-11-29T16:20:00Z", "name": "x"])
        #expect(shown["at_shown"].string == "2026-11-29 16:20:00 UTC" && shown["name_shown"] == .none)
    }

    @Test("every status has a word, and what it allows")
    func statuses() {
        let words = StudioStatus.allCases.map(StatusWord.init)
        #expect(words.allSatisfy { !$0.word.isEmpty && !$0.word.contains("_") })
        #expect(Set(words.map(\.word)).count == words.count)
        for status in StudioStatus.allCases {
            let word = StatusWord(status)
            #expect(!(word.canPause && word.canResume), "\(status)")
            if word.kind == .busy { #expect(!word.canPause && !word.canResume && !word.canRestart, "\(status)") }
        }
        #expect(StatusWord(.activeHealthy).canPause && StatusWord(.inactive).canResume)
        #expect(!StatusWord(.goingDown).canDelete)
        let filtered = StatusWord.filters.flatMap(\.statuses)
        #expect(Set(filtered).count == filtered.count)
    }

    @Test(
        "a template that leaves something unescaped is refused",
        arguments: ["{{{a}}}", "{{& a}}", "{{=<% %>=}}", "{{% CONTENT_TYPE:TEXT}}"])
    func unescaped(text: String) {
        let texts = Dictionary(uniqueKeysWithValues: PageTemplates.names.map { ($0, "") })
        #expect(throws: DashboardFiles.Problem.self) { try PageTemplates(texts.merging(["error": text]) { $1 }) }
    }

    @Test("a missing or broken template is refused at the start")
    func missing() {
        let texts = Dictionary(uniqueKeysWithValues: PageTemplates.names.map { ($0, "") })
        #expect(throws: DashboardFiles.Problem.self) { try PageTemplates(texts.filter { $0.key != "keys" }) }
        #expect(throws: DashboardFiles.Problem.self) { try PageTemplates(texts.merging(["keys": "{{#a}}"]) { $1 }) }
    }

    @Test("a field without a value hides the one of the same name further out")
    func hidden() throws {
        let templates = try PageTemplates(
            Dictionary(uniqueKeysWithValues: PageTemplates.names.map { ($0, "{{#list}}[{{name}}]{{/list}}") }))
        let value = PageValue(["name": "outer", "list": [["name": nil], ["name": "<b>"], ["name": ""]]])
        #expect(try templates.render("keys", value) == "[][&lt;b&gt;][]")
    }
}

import DataPlaneCore
import MessageKit
import Testing
import TokenKit

@testable import AuthAPI

@Suite("Mails")
struct MailTests {
    private func render(_ template: String, _ values: String = "{}", escapes: Bool = true) throws -> String {
        try MailTemplate(template).text(try JSONText(Array(values.utf8)), escapesHTML: escapes)
    }

    @Test("values are filled in and made harmless")
    func valuesAreFilledInAndMade() throws {
        #expect(try render("Hi {{ .Name }}!", #"{"Name":"<b>\"&'"}"#) == "Hi &lt;b&gt;&#34;&amp;&#39;!")
        #expect(try render("{{.Name}}", #"{"Name":"<b>"}"#, escapes: false) == "<b>")
        #expect(try render("[{{ .Data.first.x }}{{ .Nothing }}]", #"{"Data":{"first":{"x":1}}}"#) == "[1]")
    }

    @Test("conditions choose")
    func conditionsChoose() throws {
        let template = #"{{ if eq .A "x" }}one{{ else if .B }}two{{ else }}three{{ end }}"#
        #expect(try render(template, #"{"A":"x"}"#) == "one")
        #expect(try render(template, #"{"B":true}"#) == "two")
        #expect(try render(template) == "three")
        #expect(try render(#"{{ if and (ne .A "x") (not .B) }}y{{ end }}"#, #"{"A":"z"}"#) == "y")
    }

    @Test("ranges repeat, and dashes trim")
    func rangesRepeatAndDashesTrim() throws {
        #expect(try render("{{ range .L }}<{{ . }}>{{ end }}", #"{"L":["a","b"]}"#) == "<a><b>")
        #expect(try render("a  {{- /* note */ -}}  b") == "ab")
    }

    @Test(
        "what is not understood makes a template unusable",
        arguments: [
            "{{", "{{ if .A }}", "{{ end }}", "{{ else }}", "{{ printf .A }}", "{{ .A | html }}", "{{ if }}x{{ end }}",
            "{{ if .A }}{{ else }}{{ else }}{{ end }}", #"{{ eq "a }}"#, "{{ (.A }}",
        ])
    func whatIsNotUnderstoodMakesA(_ template: String) {
        #expect(throws: MailTemplate.Failure.self) { try MailTemplate(template) }
    }

    @Test("deep templates are refused")
    func deepTemplatesAreRefused() {
        let template = String(repeating: "{{ if .A }}", count: 100) + String(repeating: "{{ end }}", count: 100)
        #expect(throws: MailTemplate.Failure.self) { try MailTemplate(template) }
    }

    @Test("the default templates are good")
    func theDefaultTemplatesAreGood() throws {
        for kind in MailKind.allCases {
            _ = try MailTemplate(kind.defaultSubject)
            _ = try MailTemplate(kind.defaultBody)
        }
    }

    @Test("a message has its head, and no header can be smuggled in")
    func aMessageHasItsHeadAnd() {
        let message = MailMessage(
            from: "admin@site.example", fromName: "Größe", to: ["a@b.example"], subject: "Hi\r\nBcc: x@y.example",
            content: .html("<p>ü</p>"), id: "id", seconds: 1_795_231_020)
        let lines = message.text.split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.contains("Subject: HiBcc: x@y.example"))
        #expect(lines.contains("From: =?UTF-8?B?R3LDtsOfZQ==?= <admin@site.example>"))
        #expect(lines.contains("Date: Sat, 21 Nov 2026 03:17:00 +0000"))
        #expect(lines.contains("PHA+w7w8L3A+"))
        #expect(!lines.contains { $0.hasPrefix("Bcc:") })
    }

    @Test("mails that wait are sealed")
    func mailsThatWaitAreSealed() throws {
        let key = KeyBytes([UInt8](repeating: 1, count: 32))
        let mail = WaitingMail(to: "a@b.example", text: "code 123456")
        let sealed = try mail.sealed(key)
        #expect(!sealed.contains("123456"))
        #expect(WaitingMail(sealed: sealed, key: key) == mail)
        #expect(WaitingMail(sealed: sealed, key: KeyBytes([UInt8](repeating: 2, count: 32))) == nil)
    }

    @Test("waits grow")
    func waitsGrow() {
        #expect((1...6).map { MailLoop.waitSeconds(attempts: $0) } == [10, 40, 160, 640, 2_560, 3_600])
    }
}

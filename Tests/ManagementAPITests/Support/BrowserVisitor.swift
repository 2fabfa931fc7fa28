import CurlKit
import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import ManagementAPI

/// A browser at the dashboard: it keeps its cookie and sends what browsers send.
struct BrowserVisitor {
    let host: APIHost
    /// The cookie as `name=value`.
    var cookie: String?

    init(_ host: APIHost) { self.host = host }

    /// A browser in which a person has signed in.
    init(_ host: APIHost, as person: Person) async throws {
        self.host = host
        let answer = try await post(
            "/dashboard/sign-in", ["email": person.account.email, "password": person.password], token: nil)
        guard answer.status == 303, let set = answer.header("Set-Cookie") else {
            throw HostError("\(person) could not sign in: \(answer.status) \(answer.text)")
        }
        cookie = String(set.prefix { $0 != ";" })
    }

    /// Where its own pages come from.
    var origin: String { "http://127.0.0.1:\(host.port)" }

    func get(_ path: String, headers: [(name: String, value: String)] = []) async throws -> Answer {
        let answer = try await host.send("GET", path, token: nil, headers: cookieField + headers)
        if answer.header("Content-Type")?.hasPrefix("text/html") == true {
            for problem in PageCheck.problems(in: answer) { Issue.record("GET \(path): \(problem)") }
        }
        return answer
    }

    /// Sends a form; with the session's token unless another is given.
    func post(
        _ path: String, _ fields: [String: String] = [:], token: FormToken? = .own,
        headers: [(name: String, value: String)]? = nil
    ) async throws -> Answer {
        var fields = fields
        switch token {
        case .own: fields["form_token"] = try await ownToken()
        case .other(let text): fields["form_token"] = text
        case nil: break
        }
        let body = fields.sorted { $0.key < $1.key }.map { "\(Self.encoded($0.key))=\(Self.encoded($0.value))" }
        let type = [(name: "Content-Type", value: "application/x-www-form-urlencoded")]
        return try await host.send(
            "POST", path, body: body.joined(separator: "&"), token: nil,
            headers: cookieField + type + (headers ?? [("Origin", origin), ("Sec-Fetch-Site", "same-origin")]))
    }

    enum FormToken { case own, other(String) }

    /// The token that the forms of a page carry.
    func ownToken() async throws -> String {
        let page = try await get("/dashboard/account").text
        return String(try #require(page.firstMatch(of: #/name="form_token"\s+value="([0-9a-f]{64})"/#)).1)
    }

    private var cookieField: [(name: String, value: String)] { cookie.map { [("Cookie", $0)] } ?? [] }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let digits = String(byte, radix: 16)
            return byte < 0x80 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                ? String(scalar) : "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}

/// What every page of the dashboard keeps to.
enum PageCheck {
    static func problems(in answer: Answer) -> [String] {
        let text = answer.text
        var problems = headerProblems(answer)
        if text.contains(#/<script(?![^>]*src=")/#) { problems.append("a script stands in the page") }
        if text.contains(#/<[a-z]+[^<>]*\son[a-z]+\s*=/#) { problems.append("an event handler stands in the page") }
        if text.contains("<style") || text.contains(#/<[a-z]+[^<>]*\sstyle\s*=/#) {
            problems.append("a style stands in the page")
        }
        if text.contains(#/(src|href|action)="(https?:)?\/\//#) { problems.append("it leads to another host") }
        for form in text.matches(of: #/<form[^>]*method="post"[\s\S]*?<\/form>/#)
        where !form.0.contains("form_token") && !form.0.contains("sign-in") && !form.0.contains("first-run") {
            problems.append("a form has no token: \(form.0.prefix(80))")
        }
        for input in text.matches(of: #/<(?:input|select)[^>]*>/#) where !isLabelled(String(input.0), in: text) {
            problems.append("a field has no label: \(input.0)")
        }
        // A part of a page has no more.
        guard text.hasPrefix("<!doctype html>") else { return problems }
        for part in ["<html lang=\"en\">", "<title>", "name=\"viewport\"", "<header", "<main id=\"main\"", "<h1>"]
        where !text.contains(part) { problems.append("\(part) is missing") }
        if text.matches(of: /<h1>/).count != 1 { problems.append("there is more than one <h1>") }
        if text.contains("<title> ·") { problems.append("the title is empty") }
        return problems
    }

    private static func headerProblems(_ answer: Answer) -> [String] {
        let policy = answer.header("Content-Security-Policy") ?? ""
        let wanted = ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]
        var problems = wanted.filter { !policy.contains($0) }.map { "the policy lacks \($0)" }
        if policy.contains("unsafe") { problems.append("the policy allows what is unsafe") }
        for (name, value) in [
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ] where answer.header(name) != value { problems.append("\(name) is \(answer.header(name) ?? "absent")") }
        return problems
    }

    private static func isLabelled(_ field: String, in text: String) -> Bool {
        if field.contains("type=\"hidden\"") || text.contains("<label class=\"choice\">\(field)") { return true }
        guard let id = field.firstMatch(of: /id="([a-z0-9-]+)"/) else { return false }
        return text.contains("<label for=\"\(id.1)\"")
    }
}

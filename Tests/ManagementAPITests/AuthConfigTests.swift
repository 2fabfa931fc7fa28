import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects

@Suite("Configuration of auth")
struct AuthConfigTests {
    @Test("all 237 keys are there, in both spellings, as the Management API documents them")
    func shape() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let lower = try await host.send("GET", "/v1/projects/\(ref)/config/auth")
            #expect(try lower.json.keys.count == 237)
            let upper = try await host.send("GET", "/platform/auth/\(ref)/config")
            #expect(try upper.json.keys == Set(try lower.json.keys.map { $0.uppercased() }))
            #expect(try upper.json["SITE_URL"] == .string("http://localhost:3000"))
            #expect(try upper.json["JWT_EXP"] == .number(3_600))
        }
    }

    @Test("a change is answered with the whole configuration, and is in force in both spellings")
    func change() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let body = #"{"site_url":"https://app.example.com","disable_signup":true,"sessions_timebox":24}"#
            let answer = try await host.send("PATCH", "/v1/projects/\(ref)/config/auth", body: body)
            #expect(answer.status == 200)
            #expect(try answer.json["site_url"] == .string("https://app.example.com"))
            #expect(try answer.json["sessions_timebox"] == .number(24))
            let studio = "/platform/auth/\(ref)/config"
            #expect(try await host.send("GET", studio).json["DISABLE_SIGNUP"] == .bool(true))
            let back = try await host.send("PATCH", studio, body: #"{"DISABLE_SIGNUP":false,"SITE_URL":null}"#)
            #expect(try back.json["DISABLE_SIGNUP"] == .bool(false))
            #expect(try back.json["SITE_URL"] == .string("http://localhost:3000"))
            let values = try await host.catalog.settings(of: ref)
            #expect(values["GOTRUE_SESSIONS_TIMEBOX"] == "86400s")
            let deed = try #require(host.ledger.entries.last?.deed)
            #expect(deed.before["disable_signup"] == "true")
            #expect(deed.after["disable_signup"] == "false")
        }
    }

    @Test("a secret is stored and never shown: not in answers, not in the trail, not in the log")
    func secrets() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/v1/projects/\(ref)/config/auth"
            let answer = try await host.send("PATCH", path, body: #"{"smtp_pass":"hunter2-mail","smtp_host":"mail"}"#)
            #expect(answer.status == 200)
            #expect(try answer.json["smtp_pass"] == .null)
            #expect(try await host.catalog.settings(of: ref)["SMTP_PASS"] == "hunter2-mail")
            let read = try await host.send("GET", path).text
            for text in [answer.text, read, "\(host.ledger.entries)"] + host.log.lines {
                #expect(!text.contains("hunter2-mail"))
            }
            #expect(host.ledger.entries.last?.deed.after["smtp_pass"] == "(replaced)")
        }
    }

    @Test("sending back what was read changes nothing; an empty text removes a secret")
    func readBack() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/v1/projects/\(ref)/config/auth"
            _ = try await host.send("PATCH", path, body: #"{"smtp_pass":"hunter2-mail","jwt_exp":600}"#)
            let before = try await host.catalog.settings(of: ref)
            let read = try await host.send("GET", path)
            let back = try await host.send("PATCH", path, body: read.text)
            #expect(back.status == 200)
            #expect(back.body == read.body)
            #expect(try await host.catalog.settings(of: ref) == before)
            #expect(before["SMTP_PASS"] == "hunter2-mail")
            _ = try await host.send("PATCH", path, body: #"{"smtp_pass":""}"#)
            #expect(try await host.catalog.settings(of: ref)["SMTP_PASS"] == "")
        }
    }

    @Test(
        "what cannot be is 400, names the key, and changes nothing",
        arguments: [
            (#"{"sight_url":"x"}"#, "sight_url"), (#"{"jwt_exp":"soon"}"#, "jwt_exp"),
            (#"{"saml_enabled":true}"#, "saml_enabled"), (#"{"site_url":["a"]}"#, "site_url"),
            (#"{"external_github_enabled":true}"#, "external_github_client_id"),
            (#"{"site_url":{"a":1}}"#, "site_url.a"),
            ("[]", "object"), (#"{"site_url":"https://a.example","jwt_exp":-1}"#, "jwt_exp"),
        ])
    func refused(body: String, word: String) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let before = try await host.catalog.settings(of: ref)
            let answer = try await host.send("PATCH", "/v1/projects/\(ref)/config/auth", body: body)
            #expect(answer.status == 400)
            #expect(try answer.message?.contains(word) == true)
            #expect(try await host.catalog.settings(of: ref) == before)
        }
    }

    @Test("the login in a hook's address is for who may change it: not for readers, and not for the trail")
    func logins() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let uri = "https://user:pa%3Ass@hooks.test:8443/send?x=1@y"
            let body = #"{"hook_send_email_uri":"\#(uri)"}"#
            let paths = ["/v1/projects/\(ref)/config/auth", "/platform/auth/\(ref)/config"]
            #expect(try await host.send("PATCH", paths[0], body: body).status == 200)
            for path in paths {
                let own = try await host.send("GET", path)
                #expect(own.text.contains("user:pa%3Ass@"))
                let reader = try await host.send("GET", path, token: Person.readOnly.token)
                #expect(reader.status == 200)
                #expect(reader.text.contains("https://***@hooks.test:8443/send?x=1@y"))
                #expect(!reader.text.contains("pa%3Ass"))
            }
            let trail = try #require(host.ledger.entries.last?.deed)
            #expect(trail.after["hook_send_email_uri"] == "https://***@hooks.test:8443/send?x=1@y")
        }
    }

    @Test("fixed codes that sign in are for who may change them: not for readers, and not for the trail")
    func testCodes() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let paths = ["/v1/projects/\(ref)/config/auth", "/platform/auth/\(ref)/config"]
            let body = #"{"sms_test_otp":"4915112345678=271828"}"#
            #expect(try await host.send("PATCH", paths[0], body: body).status == 200)
            for path in paths {
                #expect(try await host.send("GET", path).text.contains("271828"))
                let reader = try await host.send("GET", path, token: Person.readOnly.token)
                #expect(reader.status == 200 && !reader.text.contains("271828"))
            }
            let trail = try #require(host.ledger.entries.last?.deed)
            #expect(trail.after["sms_test_otp"] == "(replaced)" && trail.before["sms_test_otp"] == nil)
        }
    }

    @Test(
        "logins are taken out of addresses wherever they stand",
        arguments: [
            ("", ""), ("no address", "no address"), ("https://a.test/", "https://a.test/"),
            ("https://u@a.test", "https://***@a.test"), ("https://u:p@a.test/x@y", "https://***@a.test/x@y"),
            ("https://a@b@c.test", "https://***@c.test"), ("a://b:c@d e://f@g", "a://***@d e://***@g"),
            ("https://a.test?q=b@c", "https://a.test?q=b@c"), ("smtp://u:p@", "smtp://***@"),
        ])
    func withoutLogin(text: String, shown: String) { #expect(URLText.withoutLogin(text) == shown) }

    @Test("the route of hooks changes hooks and nothing else")
    func hooks() async throws {
        try await APIHost.run { host in
            let path = "/platform/auth/\(try await host.create())/config/hooks"
            let body = #"{"HOOK_SEND_EMAIL_ENABLED":true,"HOOK_SEND_EMAIL_URI":"pg-functions://postgres/public/mail"}"#
            let answer = try await host.send("PATCH", path, body: body)
            #expect(try answer.json["HOOK_SEND_EMAIL_ENABLED"] == .bool(true))
            let refused = try await host.send("PATCH", path, body: #"{"SITE_URL":"https://a.example"}"#)
            #expect(refused.status == 400)
            #expect(try refused.message?.contains("SITE_URL") == true)
        }
    }
}

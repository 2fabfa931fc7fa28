import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Synchronization
import Testing
import TokenKit

@testable import AuthAPI

@Suite(
    "Codes and links of the AUTH API",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct CodeTests {
    private func fixture(_ change: (inout AuthConfiguration) -> Void = { _ in }) async throws -> AuthFixture {
        try await AuthFixture.with {
            $0.autoconfirmsEmail = false
            $0.emailGapSeconds = 0
            $0.mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
            change(&$0)
        }
    }

    private func verify(_ fixture: AuthFixture, type: String, email: String, code: String) async
        -> AuthFixture.Answer
    {
        await fixture.ask("POST", "/verify", body: #"{"type":"\#(type)","email":"\#(email)","token":"\#(code)"}"#)
    }

    @Test("a sign-up waits for its code")
    func aSignUpWaitsForIts() async throws {
        let fixture = try await fixture()
        let answer = await fixture.signUp("a@b.example")
        #expect(answer.status == 200 && answer.text("email") == "a@b.example" && answer.json["access_token"] == nil)
        #expect(!answer.text("confirmation_sent_at").isEmpty)
        let early = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password1"}"#)
        #expect(early.status == 400 && early.code == "email_not_confirmed")
        let mail = try #require(try await fixture.mails().first)
        #expect(mail.to == "a@b.example" && mail.code.count == 6)
        let wrong = await verify(fixture, type: "signup", email: "a@b.example", code: "000000")
        #expect(wrong.status == 403 && wrong.code == "otp_expired")
        #expect(wrong.text("msg") == "Token has expired or is invalid")
        let right = await verify(fixture, type: "signup", email: "a@b.example", code: mail.code)
        #expect(
            right.status == 200 && right.json["user"]?["user_metadata"]?["email_verified"] == .bool(true), "\(right)")
        #expect(await verify(fixture, type: "signup", email: "a@b.example", code: mail.code).status == 403)
    }

    @Test("a known address is not told from a new one")
    func aKnownAddressIsNotTold() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example")
        try await fixture.pool.execute("UPDATE auth.users SET email_confirmed_at = now()")
        let known = await fixture.signUp("a@b.example")
        let new = await fixture.signUp("c@b.example")
        #expect(known.status == new.status)
        #expect(known.json.members.map(\.name) == new.json.members.map(\.name))
        #expect(known.json["identities"] == .array([]))
        #expect(try await fixture.count("auth.users") == 2)
    }

    @Test("ten wrong tries take a code back")
    func tenWrongTriesTakeACode() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example")
        let code = try #require(try await fixture.mails().first).code
        for _ in 0..<AuthStore.attemptsMax {
            #expect(
                await verify(fixture, type: "email", email: "a@b.example", code: code == "123456" ? "123457" : "123456")
                    .status == 403)
        }
        #expect(await verify(fixture, type: "email", email: "a@b.example", code: code).status == 403)
    }

    @Test("a code of yesterday is too old")
    func aCodeOfYesterdayIsToo() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example")
        let mail = try #require(try await fixture.mails().first)
        try await fixture.pool.execute("UPDATE auth.users SET confirmation_sent_at = now() - interval '25 hours'")
        #expect(await verify(fixture, type: "signup", email: "a@b.example", code: mail.code).status == 403)
        let link = await fixture.ask("GET", mail.link)
        #expect(link.status == 303)
        #expect(
            link.header("Location")
                == "http://site.example#error=access_denied&error_code=otp_expired"
                + "&error_description=Email+link+is+invalid+or+has+expired&sb=")
    }

    @Test("a link signs in by the fragment, and looking at it does not use it up")
    func aLinkSignsInByThe() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example")
        let link = try #require(try await fixture.mails().first).link
        #expect(await fixture.ask("HEAD", link).status == 200)
        let answer = await fixture.ask("GET", link)
        #expect(answer.status == 303)
        #expect(answer.header("Location").hasPrefix("http://site.example#access_token="))
        #expect(answer.header("Location").hasSuffix("&sb=&token_type=bearer&type=signup"))
        #expect(await fixture.ask("GET", link).header("Location").contains("error_code=otp_expired"))
    }

    @Test("a flow with a challenge ends with a code for who began it")
    func aFlowWithAChallengeEnds() async throws {
        let fixture = try await fixture()
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let challenge =
            #""code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM","code_challenge_method":"s256""#
        let sent = await fixture.ask("POST", "/otp", body: #"{"email":"a@b.example",\#(challenge)}"#)
        #expect(sent.status == 200 && sent.json == .object([]))
        let location = await fixture.ask("GET", try #require(try await fixture.mails().first).link).header("Location")
        let code = try #require(location.firstRange(of: "?code=")).upperBound
        func exchange(_ verifier: String) async -> AuthFixture.Answer {
            await fixture.ask(
                "POST", "/token?grant_type=pkce",
                body: #"{"auth_code":"\#(location[code...])","code_verifier":"\#(verifier)"}"#)
        }
        #expect(await exchange(verifier + "x").code == "bad_code_verifier")
        let answer = await exchange(verifier)
        #expect(answer.status == 200, "\(answer)")
        #expect(await exchange(verifier).code == "flow_state_not_found")
    }

    @Test("codes are sent once in a while, by user and by project")
    func codesAreSentOnceInA() async throws {
        let fixture = try await fixture {
            $0.emailGapSeconds = 60
            $0.rates.email = 2
        }
        #expect(await fixture.ask("POST", "/otp", body: #"{"email":"a@b.example"}"#).status == 200)
        let soon = await fixture.ask("POST", "/otp", body: #"{"email":"a@b.example"}"#)
        #expect(soon.status == 429 && soon.code == "over_email_send_rate_limit", "\(soon)")
        #expect(Int(soon.header("Retry-After")).map { (1...60).contains($0) } == true)
        #expect(await fixture.ask("POST", "/otp", body: #"{"email":"c@b.example"}"#).status == 200)
        let full = await fixture.ask("POST", "/otp", body: #"{"email":"d@b.example"}"#)
        #expect(full.status == 429 && full.text("msg") == "email rate limit exceeded")
        #expect(try await fixture.mails().count == 2)
    }

    @Test("recovery says nothing of who is there, and leads to a new password")
    func recoverySaysNothingOfWhoIs() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example")
        try await fixture.pool.execute("UPDATE auth.users SET email_confirmed_at = now()")
        let unknown = await fixture.ask("POST", "/recover", body: #"{"email":"nobody@b.example"}"#)
        let known = await fixture.ask("POST", "/recover", body: #"{"email":"a@b.example"}"#)
        #expect(unknown.status == 200 && unknown.json == known.json)
        let mails = try await fixture.mails()
        #expect(mails.map(\.to) == ["a@b.example", "a@b.example"])
        let answer = await verify(fixture, type: "recovery", email: "a@b.example", code: try #require(mails.last).code)
        #expect(answer.status == 200, "\(answer)")
        let token = answer.text("access_token")
        let same = await fixture.ask("PUT", "/user", token: token, body: #"{"password":"password1"}"#)
        #expect(same.status == 422 && same.code == "same_password")
        #expect(await fixture.ask("PUT", "/user", token: token, body: #"{"password":"password2"}"#).status == 200)
        let signedIn = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password2"}"#)
        #expect(signedIn.status == 200)
    }

    @Test("both addresses agree to a change")
    func bothAddressesAgreeToAChange() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example")
        let token = await verify(
            fixture, type: "signup", email: "a@b.example", code: try #require(try await fixture.mails().first).code
        )
        .text("access_token")
        let asked = await fixture.ask("PUT", "/user", token: token, body: #"{"email":"n@b.example"}"#)
        #expect(asked.status == 200 && asked.text("new_email") == "n@b.example", "\(asked)")
        let mails = try await fixture.mails().suffix(2)
        #expect(mails.map(\.to) == ["a@b.example", "n@b.example"])
        let half = await verify(
            fixture, type: "email_change", email: "a@b.example", code: try #require(mails.first).code)
        #expect(half.status == 200 && half.text("code") == "200", "\(half)")
        #expect(await fixture.ask("GET", "/user", token: token).text("email") == "a@b.example")
        let whole = await verify(
            fixture, type: "email_change", email: "n@b.example", code: try #require(mails.last).code)
        #expect(whole.status == 200 && whole.text("user", "email") == "n@b.example", "\(whole)")
        #expect(whole.json["user"]?["identities"]?.arrayValue?.first?["email"] == .string("n@b.example"))
    }

    @Test("a password change can ask for a code of the moment")
    func aPasswordChangeCanAskFor() async throws {
        let fixture = try await fixture { $0.requiresReauthentication = true }
        _ = await fixture.signUp("a@b.example")
        let token = await verify(
            fixture, type: "signup", email: "a@b.example", code: try #require(try await fixture.mails().first).code
        )
        .text("access_token")
        try await fixture.pool.execute("UPDATE auth.sessions SET created_at = now() - interval '2 days'")
        func change(_ nonce: String) async -> AuthFixture.Answer {
            await fixture.ask("PUT", "/user", token: token, body: #"{"password":"password2","nonce":"\#(nonce)"}"#)
        }
        #expect(await change("").code == "reauthentication_needed")
        #expect(await fixture.ask("GET", "/reauthenticate", token: token).status == 200)
        #expect(await change("000000").code == "reauthentication_not_valid")
        #expect(await change(try #require(try await fixture.mails().last).code).status == 200)
    }

    @Test("an unreachable mail server delays no answer")
    func aMailServerThatIsAway() async throws {
        struct Refusing: Error {}
        final class Server: MailSender {
            let sent = Mutex<[String]>([])
            let isAway = Mutex(true)
            func send(_ message: String, from sender: String, to address: String) async throws {
                if isAway.withLock({ $0 }) { throw Refusing() }
                sent.withLock { $0.append(address) }
            }
        }
        let fixture = try await fixture()
        let server = Server()
        let loop = MailLoop(
            service: fixture.service, configuration: MailConfiguration(host: "h", sender: "admin@site.example"),
            sender: server, report: { #expect(!$0.contains("a@b.example")) })
        #expect(await fixture.signUp("a@b.example").status == 200)
        await loop.sendWaiting()
        #expect(try await fixture.count("auth.projectd_mails WHERE attempts = 1 AND next_attempt_at > now()") == 1)
        server.isAway.withLock { $0 = false }
        await loop.sendWaiting()
        #expect(server.sent.withLock { $0 }.isEmpty)
        try await fixture.pool.execute("UPDATE auth.projectd_mails SET next_attempt_at = now()")
        await loop.sendWaiting()
        #expect(server.sent.withLock { $0 } == ["a@b.example"])
        #expect(try await fixture.count("auth.projectd_mails") == 0)
    }

    @Test("a slow mail server holds no row and no connection of the database")
    func slowMailServer() async throws {
        struct Server: MailSender {
            let pool: PostgresPool
            func send(_ message: String, from sender: String, to address: String) async throws {
                // Fails where another transaction holds the row.
                _ = try await pool.transaction(retries: 0) { transaction in
                    try await transaction.single("SELECT id FROM auth.projectd_mails FOR UPDATE NOWAIT")
                }
            }
        }
        let fixture = try await fixture()
        let loop = MailLoop(
            service: fixture.service, configuration: MailConfiguration(host: "h", sender: "admin@site.example"),
            sender: Server(pool: fixture.pool), report: { Issue.record("reported: \($0)") })
        #expect(await fixture.signUp("a@b.example").status == 200)
        await loop.sendWaiting()
        #expect(try await fixture.count("auth.projectd_mails") == 0)
    }

    @Test("a template at an address counts once it has come, and stays while its server is away")
    func templatesAtAddresses() async throws {
        let http = StubHTTP(.failure(.timedOut))
        var mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
        mail.templateAddresses[.confirmation] = "https://site.example/mail.html"
        let configured = mail
        let fixture = try await AuthFixture.with(http: http) {
            $0.autoconfirmsEmail = false
            $0.mail = configured
        }
        let loop = MailTemplateLoop(service: fixture.service, configuration: configured) { _ in }
        await loop.fetchAll()
        _ = await fixture.signUp("a@b.example")
        http.always(.success(OutboundResponse(status: 200, body: Array("ours: {{ .Token }}".utf8))))
        await loop.fetchAll()
        http.always(.success(OutboundResponse(status: 200, body: Array("{{ broken".utf8))))
        await loop.fetchAll()
        _ = await fixture.signUp("c@b.example")
        let mails = try await fixture.mails()
        #expect(mails.map { $0.html.hasPrefix("ours: ") } == [false, true])
    }

    @Test("quiet answers and refusals of what is not there")
    func quietAnswersAndRefusalsOfWhat() async throws {
        let fixture = try await fixture()
        #expect(
            await fixture.ask("POST", "/resend", body: #"{"type":"email_change","email":"x@b.example"}"#).status == 200)
        #expect(await fixture.ask("POST", "/resend", body: #"{"type":"sms","phone":"+15551234567"}"#).status == 200)
        #expect(await fixture.ask("POST", "/resend", body: "{}").code == "validation_failed")
        let unknown = await fixture.ask("POST", "/otp", body: #"{"email":"x@b.example","create_user":false}"#)
        #expect(unknown.status == 422 && unknown.code == "otp_disabled")
        let phone = await fixture.ask("POST", "/verify", body: #"{"type":"sms","phone":"+15551234567","token":"1"}"#)
        #expect(phone.status == 403 && phone.text("msg") == "Token has expired or is invalid")
        let bad = await fixture.ask("POST", "/verify", body: #"{"type":"sms","phone":"123-invalid","token":"1"}"#)
        #expect(bad.text("msg") == "Invalid phone number format (E.164 required)")
        let sso = await fixture.ask("POST", "/sso", body: #"{"domain":"google"}"#)
        #expect(sso.status == 404 && sso.text("msg") == "SAML 2.0 is disabled")
        #expect(await fixture.ask("GET", "/authorize?provider=google").code == "validation_failed")
        let callback = await fixture.ask("GET", "/callback?state=x&code=y")
        #expect(
            callback.header("Location").hasPrefix(
                "http://site.example?error=invalid_request&error_code=bad_oauth_state"))
    }
}

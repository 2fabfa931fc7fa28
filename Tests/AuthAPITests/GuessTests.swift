import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import AuthAPI

@Suite(
    "Guesses at the AUTH API",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct GuessTests {
    private func fixture(_ change: (inout AuthConfiguration) -> Void = { _ in }) async throws -> AuthFixture {
        try await AuthFixture.with {
            $0.autoconfirmsEmail = false
            $0.emailGapSeconds = 0
            $0.rates.otp = 100_000
            $0.rates.verify = 100_000
            $0.mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
            change(&$0)
        }
    }

    // MARK: Codes

    @Test("without a mail server no code is made that could be guessed")
    func noMailServer() async throws {
        let fixture = try await AuthFixture.with {
            $0.requiresReauthentication = true
            $0.emailGapSeconds = 0
        }
        let token = await fixture.signUp("a@b.example").text("access_token")
        for (path, body) in [
            ("otp", #"{"email":"a@b.example"}"#), ("otp", #"{"email":"new@b.example"}"#),
            ("magiclink", #"{"email":"a@b.example"}"#), ("recover", #"{"email":"a@b.example"}"#),
            ("recover", #"{"email":"nobody@b.example"}"#), ("resend", #"{"type":"signup","email":"a@b.example"}"#),
        ] {
            let answer = await fixture.ask("POST", "/\(path)", body: body)
            #expect(answer.status == 422 && answer.code == "email_provider_disabled", "\(path): \(answer)")
        }
        #expect(await fixture.ask("GET", "/reauthenticate", token: token).code == "email_provider_disabled")
        let invited = await fixture.ask(
            "POST", "/invite", token: try fixture.admin(), body: #"{"email":"i@b.example"}"#)
        #expect(invited.code == "email_provider_disabled")
        #expect(try await fixture.count("auth.one_time_tokens") == 0)
        #expect(try await fixture.count("auth.users") == 1)
        // An administrator takes a link where there is no mail.
        let link = await fixture.ask(
            "POST", "/admin/generate_link", token: try fixture.admin(),
            body: #"{"type":"magiclink","email":"a@b.example"}"#)
        #expect(link.status == 200, "\(link)")
    }

    @Test("without a mail server an address that has to be confirmed signs nobody up")
    func noMailServerForSignUps() async throws {
        let fixture = try await AuthFixture.with { $0.autoconfirmsEmail = false }
        #expect(await fixture.signUp("a@b.example").code == "email_provider_disabled")
        #expect(try await fixture.count("auth.users") == 0)
    }

    @Test("new codes do not bring new tries without end")
    func codesOfADay() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example")
        func verify(_ code: String) async -> Int {
            await fixture.ask(
                "POST", "/verify", body: #"{"type":"email","email":"a@b.example","token":"\#(code)"}"#
            ).status
        }
        for number in 0..<AuthStore.dailyAttemptsMax {
            if number.isMultiple(of: 5) {
                _ = await fixture.ask("POST", "/otp", body: #"{"email":"a@b.example"}"#)
            }
            #expect(await verify("x\(number)") == 403)
        }
        _ = await fixture.ask("POST", "/otp", body: #"{"email":"a@b.example"}"#)
        let mail = try #require(try await fixture.mails().last)
        #expect(await verify(mail.code) == 403)
        // The next day.
        try await fixture.pool.execute("UPDATE auth.projectd_wrong_codes SET since = now() - interval '25 hours'")
        #expect(await verify(mail.code) == 200)
    }

    @Test("a link leads in however many codes were wrong")
    func linksStay() async throws {
        let fixture = try await fixture()
        let id = await fixture.signUp("a@b.example").text("id")
        try await fixture.pool.execute(
            "INSERT INTO auth.projectd_wrong_codes (user_id, attempts) VALUES ($1, 1000)", [.text(id)])
        let mail = try #require(try await fixture.mails().last)
        #expect(await fixture.ask("GET", mail.link).header("Location").contains("access_token="))
    }

    @Test("guesses at a nonce that come at once are counted one after the other")
    func nonces() async throws {
        let fixture = try await fixture { $0.requiresReauthentication = true }
        _ = await fixture.signUp("a@b.example")
        let code = try #require(try await fixture.mails().last).code
        let token = await fixture.ask(
            "POST", "/verify", body: #"{"type":"signup","email":"a@b.example","token":"\#(code)"}"#
        ).text("access_token")
        try await fixture.pool.execute("UPDATE auth.sessions SET created_at = now() - interval '2 days'")
        #expect(await fixture.ask("GET", "/reauthenticate", token: token).status == 200)
        let nonce = try #require(try await fixture.mails().last).code
        @Sendable func change(_ nonce: String) async -> AuthFixture.Answer {
            await fixture.ask("PUT", "/user", token: token, body: #"{"password":"password2","nonce":"\#(nonce)"}"#)
        }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<AuthStore.attemptsMax {
                group.addTask { #expect(await change("x\(number)").code == "reauthentication_not_valid") }
            }
        }
        #expect(await change(nonce).code == "reauthentication_not_valid")
    }

    @Test("new nonces do not bring new tries without end")
    func noncesOfADay() async throws {
        let fixture = try await fixture { $0.requiresReauthentication = true }
        _ = await fixture.signUp("a@b.example")
        let code = try #require(try await fixture.mails().last).code
        let token = await fixture.ask(
            "POST", "/verify", body: #"{"type":"signup","email":"a@b.example","token":"\#(code)"}"#
        ).text("access_token")
        try await fixture.pool.execute("UPDATE auth.sessions SET created_at = now() - interval '2 days'")
        func change(_ nonce: String) async -> AuthFixture.Answer {
            await fixture.ask("PUT", "/user", token: token, body: #"{"password":"password2","nonce":"\#(nonce)"}"#)
        }
        for number in 0..<AuthStore.dailyAttemptsMax {
            if number.isMultiple(of: 5) { _ = await fixture.ask("GET", "/reauthenticate", token: token) }
            #expect(await change("x\(number)").code == "reauthentication_not_valid")
        }
        #expect(await fixture.ask("GET", "/reauthenticate", token: token).status == 200)
        let nonce = try #require(try await fixture.mails().last).code
        #expect(await change(nonce).code == "reauthentication_not_valid")
        // The next day.
        try await fixture.pool.execute("UPDATE auth.projectd_wrong_codes SET since = now() - interval '25 hours'")
        #expect(await change(nonce).status == 200)
    }

    // MARK: Second factors

    @Test("after five wrong codes a second factor waits, and ever longer")
    func secondFactors() async throws {
        let fixture = try await AuthFixture.with { $0.rates.mfa = 1_000 }
        let token = await fixture.signUp("a@b.example").text("access_token")
        let enrolled = await fixture.ask("POST", "/factors", token: token, body: #"{"factor_type":"totp"}"#)
        let id = enrolled.text("id")
        let secret = try #require(Base32.decode(enrolled.text("totp", "secret")))
        func challenge() async -> String {
            await fixture.ask("POST", "/factors/\(id)/challenge", token: token, body: "{}").text("id")
        }
        func verify(_ code: String, _ challenge: String) async -> AuthFixture.Answer {
            await fixture.ask(
                "POST", "/factors/\(id)/verify", token: token,
                body: #"{"code":"\#(code)","challenge_id":"\#(challenge)"}"#)
        }
        func right() throws -> String {
            try TOTP.code(secret: secret, step: TOTP.step(at: fixture.service.clock()))
        }
        let first = await challenge()
        for _ in 0..<AuthStore.factorAttemptsMax {
            #expect(await verify("x", first).code == "mfa_verification_failed")
        }
        let waiting = await verify(try right(), await challenge())
        #expect(waiting.status == 429 && waiting.header("Retry-After") == "30", "\(waiting)")
        func endWait() async throws {
            try await fixture.pool.execute("UPDATE auth.projectd_factor_attempts SET waits_until = now()")
        }
        try await endWait()
        #expect(await verify(try right(), first).code == "mfa_factor_not_found")
        let second = await challenge()
        for _ in 0..<AuthStore.factorAttemptsMax { _ = await verify("x", second) }
        #expect(await verify(try right(), await challenge()).header("Retry-After") == "60")
        try await endWait()
        #expect(await verify(try right(), await challenge()).status == 200)
        #expect(try await fixture.count("auth.projectd_factor_attempts") == 0)
    }

    // MARK: Limits

    @Test("a client is limited by its connection, whatever its headers say")
    func limits() async throws {
        let fixture = try await fixture { $0.rates.verify = 0 }
        func verify(_ address: String) async -> Int {
            await fixture.ask(
                "POST", "/verify", headers: [("x-forwarded-for", address)],
                body: #"{"type":"email","email":"a@b.example","token":"1"}"#
            ).status
        }
        for number in 0..<30 { #expect(await verify("10.0.0.\(number)") == 403) }
        #expect(await verify("10.0.1.1") == 429)
        #expect(await verify("no address") == 429)
    }

    @Test("an audience of a header counts for administrators alone")
    func audiences() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example")
        try await fixture.pool.execute("UPDATE auth.users SET email_confirmed_at = now()")
        let other = [(name: "x-jwt-aud", value: "other")]
        // Addresses are unique over all audiences: an insertion would tell that this one is known.
        for email in ["a@b.example", "new@b.example"] {
            let answer = await fixture.ask(
                "POST", "/signup", headers: other, body: #"{"email":"\#(email)","password":"password1"}"#)
            #expect(answer.status == 200 && answer.text("aud") == "authenticated", "\(answer)")
        }
        try await fixture.pool.execute("UPDATE auth.users SET aud = 'other' WHERE email = 'a@b.example'")
        let list = await fixture.ask("GET", "/admin/users", token: try fixture.admin(), headers: other)
        #expect(list.json["users"]?.arrayValue?.count == 1)
        #expect(list.text("aud") == "other")
    }
}

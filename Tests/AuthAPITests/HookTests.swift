import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import AuthAPI

@Suite(
    "Hooks of the AUTH API", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct HookTests {
    private static let url = "https://hooks.example/auth"

    private func server() throws -> HookTarget {
        try HookTarget(uri: Self.url, secrets: "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    }

    private func fixture(
        _ kinds: [HookKind], by http: StubHTTP, reports: ReportedTexts? = nil,
        _ change: (inout AuthConfiguration) -> Void = { _ in }
    ) async throws -> AuthFixture {
        let target = try server()
        return try await AuthFixture.with(http: http, reports: reports) {
            for kind in kinds { $0.hooks[kind] = target }
            $0.emailGapSeconds = 0
            change(&$0)
        }
    }

    private func signIn(_ fixture: AuthFixture, _ password: String = "password1") async -> AuthFixture.Answer {
        await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"\#(password)"}"#)
    }

    // MARK: Users

    @Test("a hook that refuses a new user leaves none, by error or by decision")
    func beforeUserCreated() async throws {
        let http = StubHTTP()
        let fixture = try await fixture([.beforeUserCreated], by: http)
        #expect(await fixture.signUp("a@b.example").status == 200)
        let event = try #require(http.events.first)
        #expect(event["metadata"]?["name"] == .string("before-user-created"))
        #expect(event["metadata"]?["ip_address"] == .string("127.0.0.1"))
        #expect(event["user"]?["email"] == .string("a@b.example"))
        http.next(.success(StubHTTP.json(#"{"error":{"http_code":418,"message":"not from there"}}"#)))
        let refused = await fixture.signUp("b@b.example")
        #expect(refused.status == 418 && refused.text("msg") == "not from there", "\(refused)")
        http.next(.success(StubHTTP.json(#"{"decision":"reject","message":"no"}"#)))
        #expect(await fixture.signUp("c@b.example").status == 403)
        http.next(.success(StubHTTP.json(#"{"decision":"reject"}"#)))
        #expect(await fixture.ask("POST", "/signup", body: "{}").status == 403)
        #expect(try await fixture.count("auth.users") == 1)
    }

    @Test("a hook learns of a new user once it is there, and cannot take it back")
    func afterUserCreated() async throws {
        let http = StubHTTP(.failure(.timedOut))
        let reports = ReportedTexts()
        let fixture = try await fixture([.afterUserCreated], by: http, reports: reports)
        #expect(await fixture.signUp("a@b.example").status == 200)
        #expect(http.events.first?["user"]?["email"] == .string("a@b.example"))
        #expect(reports.all.count == 1)
    }

    // MARK: Tokens

    @Test("a server changes the claims, and gives up none that must be there")
    func accessToken() async throws {
        let http = StubHTTP()
        let fixture = try await fixture([.customAccessToken], by: http, reports: ReportedTexts())
        let without = await fixture.signUp("a@b.example")
        #expect(without.status == 500 && without.text("msg") == "output claims field is missing")
        http.next(.success(StubHTTP.json(#"{"claims":{"sub":"x"}}"#)))
        #expect(await fixture.signUp("a@b.example").status == 500)
        #expect(try await fixture.count("auth.users") == 0)
        let claims = try #require(http.events.last?["claims"])
        let changed = JSONText.object([.init("claims", .object(claims.members + [.init("plan", .string("gold"))]))])
        http.next(.success(StubHTTP.json(changed.text)))
        let token = await fixture.signUp("a@b.example").text("access_token")
        let seen = try TokenVerifier(keys: fixture.service.keys.verifying, audience: nil)
            .claims(of: token, at: fixture.service.clock())
        #expect(seen["plan"] == .string("gold"))
    }

    // MARK: Attempts

    @Test("a hook learns of every password that is tried, and can end the user's sessions")
    func passwordAttempts() async throws {
        let http = StubHTTP(.success(StubHTTP.json(#"{"decision":"continue"}"#)))
        let fixture = try await fixture([.passwordVerificationAttempt], by: http)
        let token = await fixture.signUp("a@b.example").text("access_token")
        #expect(await signIn(fixture, "password2").code == "invalid_credentials")
        #expect(await signIn(fixture).status == 200)
        #expect(http.events.map { $0["valid"] } == [.bool(false), .bool(true)])
        http.next(.success(StubHTTP.json(#"{"decision":"reject","message":"too many","should_logout_user":true}"#)))
        let refused = await signIn(fixture)
        #expect(refused.status == 400 && refused.text("msg") == "too many", "\(refused)")
        #expect(await fixture.ask("GET", "/user", token: token).code == "session_not_found")
    }

    @Test("a hook that refuses a second factor ends the user's sessions")
    func factorAttempts() async throws {
        let http = StubHTTP(.success(StubHTTP.json(#"{"decision":"reject"}"#)))
        let fixture = try await fixture([.mfaVerificationAttempt], by: http)
        let token = await fixture.signUp("a@b.example").text("access_token")
        let factor = await fixture.ask("POST", "/factors", token: token, body: #"{"factor_type":"totp"}"#).text("id")
        let challenge = await fixture.ask("POST", "/factors/\(factor)/challenge", token: token).text("id")
        let refused = await fixture.ask(
            "POST", "/factors/\(factor)/verify", token: token,
            body: #"{"challenge_id":"\#(challenge)","code":"000000"}"#)
        #expect(refused.status == 403 && refused.code == "mfa_verification_rejected", "\(refused)")
        #expect(refused.text("msg") == "Further MFA verification attempts will be rejected.")
        #expect(http.events.first?["factor_type"] == .string("totp"))
        #expect(try await fixture.count("auth.sessions") == 0)
    }

    // MARK: Messages

    @Test("a hook sends text messages in the place of a provider")
    func sendSMS() async throws {
        let http = StubHTTP()
        let fixture = try await fixture([.sendSMS], by: http) { $0.hasPhone = true }
        #expect(await fixture.ask("POST", "/otp", body: #"{"phone":"15551234567"}"#).json == .object([]))
        let event = try #require(http.events.first)
        #expect(event["sms"]?["phone"] == .string("15551234567"))
        #expect(event["user"]?["phone"] == .string("15551234567"))
        let code = event["sms"]?["otp"]?.stringValue ?? ""
        let verified = await fixture.ask(
            "POST", "/verify", body: #"{"type":"sms","phone":"15551234567","token":"\#(code)"}"#)
        #expect(verified.status == 200, "\(verified)")
    }

    @Test("a hook sends mails; of a change that both addresses confirm it learns at once")
    func sendEmail() async throws {
        let http = StubHTTP()
        let fixture = try await fixture([.sendEmail], by: http) {
            $0.autoconfirmsEmail = false
            $0.notices = [.passwordChanged]
        }
        #expect(await fixture.signUp("a@b.example").status == 200)
        let signup = try #require(http.events.last?["email_data"])
        #expect(signup["email_action_type"] == .string("signup"))
        let token = await fixture.ask(
            "POST", "/verify",
            body: #"{"type":"signup","email":"a@b.example","token":"\#(signup["token"]?.stringValue ?? "")"}"#
        ).text("access_token")
        let asked = await fixture.ask("PUT", "/user", token: token, body: #"{"email":"n@b.example"}"#)
        #expect(asked.status == 200 && http.requests.count == 2, "\(asked)")
        let change = try #require(http.events.last?["email_data"])
        #expect(change["email_action_type"] == .string("email_change"))
        let text = { (name: String) in change[name]?.stringValue ?? "" }
        let half = await fixture.ask(
            "POST", "/verify", body: #"{"type":"email_change","email":"a@b.example","token":"\#(text("token"))"}"#)
        #expect(half.text("code") == "200", "\(half)")
        let whole = await fixture.ask(
            "POST", "/verify", body: #"{"type":"email_change","token_hash":"\#(text("token_hash"))"}"#)
        #expect(whole.text("user", "email") == "n@b.example", "\(whole)")
        #expect(
            await fixture.ask(
                "PUT", "/user", token: whole.text("access_token"), body: #"{"password":"password2"}"#
            ).status == 200)
        #expect(
            http.events.last?["email_data"]?["email_action_type"] == .string("password_changed_notification"))
    }

    @Test("a mail that the hook does not send takes its code back")
    func failedMail() async throws {
        let http = StubHTTP(.success(OutboundResponse(status: 401)))
        let reports = ReportedTexts()
        let fixture = try await fixture([.sendEmail], by: http, reports: reports) { $0.autoconfirmsEmail = false }
        let answer = await fixture.signUp("a@b.example")
        #expect(answer.status == 500 && answer.text("msg") == "Hook requires authorization token", "\(answer)")
        #expect(try await fixture.count("auth.one_time_tokens") == 0)
        #expect(try await fixture.count("auth.users WHERE confirmation_sent_at IS NOT NULL") == 0)
        #expect(reports.all.count == 1)
    }

    // MARK: Functions

    @Test("a function that takes too long, fails, or gives nothing")
    func functions() async throws {
        let fixture = try await AuthFixture.with(reports: ReportedTexts()) {
            $0.hooks[.beforeUserCreated] = .function(schema: "public", name: "hook")
        }
        func define(_ body: String) async throws {
            try await fixture.pool.withConnection {
                try await $0.executeScript(
                    """
                    CREATE OR REPLACE FUNCTION public.hook(event jsonb) RETURNS jsonb LANGUAGE plpgsql AS
                      $$ BEGIN \(body) END $$;
                    """)
            }
        }
        try await define("RETURN NULL;")
        #expect(await fixture.signUp("a@b.example").status == 200)
        try await define("PERFORM pg_sleep(10); RETURN '{}'::jsonb;")
        let slow = await fixture.signUp("b@b.example")
        #expect(slow.status == 422 && slow.code == "hook_timeout", "\(slow)")
        try await define("RAISE EXCEPTION 'broken';")
        let broken = await fixture.signUp("b@b.example")
        #expect(broken.status == 500 && broken.text("msg").contains("before_user_created"), "\(broken)")
        #expect(try await fixture.count("auth.users") == 1)
    }
}

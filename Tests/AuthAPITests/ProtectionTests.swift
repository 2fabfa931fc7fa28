import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import AuthAPI

@Suite(
    "Protections of the AUTH API", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct ProtectionTests {
    // MARK: Hooks at addresses

    private func hooked(_ http: StubHTTP, reports: ReportedTexts? = nil) async throws -> AuthFixture {
        let target = try HookTarget(uri: "https://a.example", secrets: "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        return try await AuthFixture.with(http: http, reports: reports) { $0.hooks[.beforeUserCreated] = target }
    }

    @Test("a hook that cannot be reached is tried three times, then named")
    func retries() async throws {
        let http = StubHTTP(.failure(.unreachable("refused")))
        let fixture = try await hooked(http)
        let answer = await fixture.signUp("a@b.example")
        #expect(answer.status == 422 && answer.code == "hook_timeout_after_retry" && http.requests.count == 3)
        http.next(.failure(.unreachable("refused")))
        http.always(.success(StubHTTP.json("{}")))
        #expect(await fixture.signUp("a@b.example").status == 200)
        #expect(Set(http.requests.map { $0.headers.first { $0.name == "webhook-id" }?.value }).count == 5)
    }

    @Test(
        "answers that take too long or are too long",
        arguments: [(OutboundFailure.timedOut, "hook_timeout"), (.tooLarge, "hook_payload_over_size_limit")])
    func failures(failure: OutboundFailure, code: String) async throws {
        let http = StubHTTP(.failure(failure))
        let fixture = try await hooked(http)
        #expect(await fixture.signUp("a@b.example").code == code)
        #expect(http.requests.count == 1)
    }

    @Test("a hook that wants a later call is called again in its time, or given up")
    func laterCalls() async throws {
        let later = { (seconds: String) in
            Result<OutboundResponse, OutboundFailure>.success(
                OutboundResponse(status: 503, headers: [("retry-after", seconds)]))
        }
        let http = StubHTTP()
        http.next(later("0"))
        let fixture = try await hooked(http, reports: ReportedTexts())
        #expect(await fixture.signUp("a@b.example").status == 200)
        http.next(later("60"))
        #expect(await fixture.signUp("b@b.example").code == "hook_timeout")
        http.always(later("0"))
        let busy = await fixture.signUp("b@b.example")
        #expect(busy.status == 500 && busy.text("msg") == "Service currently unavailable due to hook")
    }

    // MARK: Captcha

    @Test("a captcha is asked for where bodies carry one, and of users alone")
    func captcha() async throws {
        let http = StubHTTP(.success(StubHTTP.json(#"{"success":true}"#)))
        let fixture = try await AuthFixture.with(http: http) {
            $0.captcha = CaptchaConfiguration(provider: .turnstile, secret: "s3cret")
        }
        let missing = await fixture.signUp("a@b.example")
        #expect(missing.status == 400 && missing.code == "captcha_failed")
        #expect(missing.text("msg") == "captcha protection: request disallowed (no captcha_token found in request)")
        func signUp() async -> AuthFixture.Answer {
            await fixture.ask(
                "POST", "/signup",
                body:
                    #"{"email":"a@b.example","password":"password1","gotrue_meta_security":{"captcha_token":"tok"}}"#)
        }
        http.next(.success(StubHTTP.json(#"{"success":false,"error-codes":["timeout-or-duplicate"]}"#)))
        #expect(
            await signUp().text("msg") == "captcha protection: request disallowed (timeout-or-duplicate)")
        let answer = await signUp()
        #expect(answer.status == 200, "\(answer)")
        #expect(http.requests.last?.url == "https://challenges.cloudflare.com/turnstile/v0/siteverify")
        #expect(http.field("secret") == "s3cret" && http.field("response") == "tok")
        let asked = http.requests.count
        #expect(await fixture.refresh(answer.text("refresh_token")).status == 200)
        let grant = { (type: String) in
            await fixture.ask("POST", "/token?grant_type=\(type)", body: #"{"email":"a@b.example","password":"x"}"#)
        }
        #expect(await grant("password").code == "captcha_failed")
        #expect(await grant("id_token").code != "captcha_failed")
        let admin = await fixture.ask(
            "POST", "/signup", token: try fixture.admin(),
            body: #"{"email":"b@b.example","password":"password1"}"#)
        #expect(admin.status == 200 && http.requests.count == asked)
    }

    // MARK: Leaked passwords

    @Test("a leaked password is refused for new ones and named at a sign-in")
    func leakedPasswords() async throws {
        let rest = try LeakedPasswords.request("password1").rest
        let http = StubHTTP(.success(OutboundResponse(status: 200)))
        let reports = ReportedTexts()
        let fixture = try await AuthFixture.with(http: http, reports: reports) { $0.checksLeaks = true }
        #expect(await fixture.signUp("a@b.example").status == 200)
        http.always(.success(OutboundResponse(status: 200, body: Array("\(rest):3".utf8))))
        let refused = await fixture.signUp("b@b.example")
        #expect(refused.status == 422 && refused.code == "weak_password", "\(refused)")
        #expect(refused.json["weak_password"]?["reasons"] == .array([.string("pwned")]))
        let signIn = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password1"}"#)
        #expect(signIn.status == 200 && signIn.json["weak_password"]?["reasons"] == .array([.string("pwned")]))
        http.always(.failure(.timedOut))
        #expect(await fixture.signUp("c@b.example").status == 200 && reports.all.count == 1)
    }

    @Test("where the operator wants it no password is taken while the list is away")
    func closedList() async throws {
        let fixture = try await AuthFixture.with(http: StubHTTP(.failure(.timedOut)), reports: ReportedTexts()) {
            ($0.checksLeaks, $0.failsClosedOnLeaks) = (true, true)
        }
        #expect(await fixture.signUp("a@b.example").status == 500)
    }

    // MARK: Keys

    private static func key(_ kid: String, signs: Bool) throws -> (text: String, key: ES256PrivateKey) {
        let key = try ES256PrivateKey.generate()
        let point = key.publicKey.x963
        let operations = signs ? #""sign","verify""# : #""verify""#
        let (x, y) = (Base64URL.encode(Array(point[1...32])), Base64URL.encode(Array(point[33...64])))
        let d = signs ? #","d":"\#(Base64URL.encode(key.raw.reveal()))""# : ""
        return (
            #"{"kty":"EC","crv":"P-256","kid":"\#(kid)","key_ops":[\#(operations)],"x":"\#(x)","y":"\#(y)"\#(d)}"#, key
        )
    }

    @Test("keys are rotated while the server runs: added, promoted, retired")
    func rotation() async throws {
        let fixture = try await AuthFixture.with()
        let service = fixture.service
        func replace(_ keys: String...) throws {
            service.replaceKeys(
                try SigningKeys(
                    secret: TokenTests.secret, keyID: nil, keys: keys.isEmpty ? nil : "[\(keys.joined(separator: ","))]"
                ))
        }
        func isTaken(_ token: String) async -> Bool { await fixture.ask("GET", "/user", token: token).status == 200 }
        func kid(_ token: String) throws -> JSONText? {
            try JSONText(try #require(Base64URL.decode(token.prefix { $0 != "." })))["kid"]
        }
        let bySecret = await fixture.signUp("a@b.example")
        let first = try Self.key("one", signs: true).text
        try replace(first)
        #expect(await isTaken(bySecret.text("access_token")))
        let byFirst = await fixture.refresh(bySecret.text("refresh_token"))
        #expect(try kid(byFirst.text("access_token")) == .string("one"))
        let second = try Self.key("two", signs: true).text
        let retired = first.replacing(#""sign","verify""#, with: #""verify""#)
        try replace(second, retired)
        let byBoth = await fixture.refresh(byFirst.text("refresh_token"))
        #expect(try kid(byBoth.text("access_token")) == .string("two"))
        let published = await fixture.ask("GET", "/.well-known/jwks.json")
        #expect(published.json["keys"]?.arrayValue?.map { $0["kid"] } == [.string("two"), .string("one")])
        #expect(published.json["keys"]?.arrayValue?.allSatisfy { $0["d"] == nil } == true)
        #expect(await isTaken(byFirst.text("access_token")))
        #expect(await isTaken(byBoth.text("access_token")))
        try replace(second)
        #expect(await !isTaken(byFirst.text("access_token")))
        #expect(await isTaken(byBoth.text("access_token")))
    }
}

@Suite(
    "Errors and sessions of the AUTH API",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct ErrorFormTests {
    @Test("a trigger's own error reaches clients of the older form, others get an id of the log's line")
    func triggers() async throws {
        let reports = ReportedTexts()
        let fixture = try await AuthFixture.with(reports: reports)
        try await fixture.pool.withConnection {
            try await $0.executeScript(
                """
                CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN RAISE EXCEPTION 'only members' USING DETAIL = 'ask the club'; END $$;
                CREATE TRIGGER refuse BEFORE INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.refuse();
                """)
        }
        let old = await fixture.signUp("a@b.example")
        #expect(old.status == 500 && old.text("code") == "P0001" && old.text("message") == "only members", "\(old)")
        #expect(old.text("detail") == "ask the club" && !old.text("error_id").isEmpty)
        #expect(reports.all.last?.contains(old.text("error_id")) == true)
        let new = await fixture.ask(
            "POST", "/signup", headers: [("x-supabase-api-version", "2024-01-01")],
            body: #"{"email":"a@b.example","password":"password1"}"#)
        #expect(new.text("code") == "unexpected_failure" && new.text("message") == "Database error saving new user")
    }

    @Test("a violated constraint shows no row")
    func constraints() async throws {
        let fixture = try await AuthFixture.with(reports: ReportedTexts())
        try await fixture.pool.execute("ALTER TABLE auth.users ADD CONSTRAINT ours CHECK (email NOT LIKE '%evil%')")
        let answer = await fixture.signUp("evil@b.example")
        #expect(answer.status == 500 && answer.text("code") == "23514", "\(answer)")
        #expect(!answer.json.text.contains("argon2"))
    }

    @Test("an administrator's token of a session ends with it")
    func administratorsSession() async throws {
        let fixture = try await AuthFixture.with()
        let session = "11111111-2222-4333-8444-555555555555"
        let token = try fixture.service.keys.token(
            .object([.init("role", .string("service_role")), .init("session_id", .string(session))]))
        let answer = await fixture.ask("GET", "/admin/users", token: token)
        #expect(answer.status == 403 && answer.code == "session_expired")
    }

    @Test("headers tell what came of a refresh token")
    func headers() async throws {
        let fixture = try await AuthFixture.with()
        let first = await fixture.signUp("a@b.example")
        #expect(first.header("sb-auth-refresh-token-counter") == "0")
        let second = await fixture.refresh(first.text("refresh_token"))
        #expect(second.header("sb-auth-refresh-token-rotated") == "true")
        let again = await fixture.refresh(first.text("refresh_token"))
        #expect(again.header("sb-auth-refresh-token-counter") == "1")
        #expect(again.header("sb-auth-refresh-token-reuse") == "true")
    }

    @Test("without an audit log none is written")
    func audit() async throws {
        let fixture = try await AuthFixture.with { $0.keepsAudit = false }
        _ = await fixture.signUp("a@b.example")
        #expect(try await fixture.count("auth.audit_log_entries") == 0)
    }

    @Test("parts that wait answer as a GoTrue without them")
    func missingParts() async throws {
        let fixture = try await AuthFixture.with()
        let token = await fixture.signUp("a@b.example").text("access_token")
        #expect(await fixture.ask("GET", "/user/oauth/grants", token: token).code == "feature_disabled")
        let id = "11111111-2222-4333-8444-555555555555"
        let passkeys = await fixture.ask("GET", "/admin/users/\(id)/passkeys", token: try fixture.admin())
        #expect(passkeys.status == 404 && passkeys.code == "passkey_disabled")
        #expect(await fixture.ask("POST", "/sso", body: "{}").code == "saml_provider_disabled")
        let webauthn = await fixture.ask("POST", "/factors", token: token, body: #"{"factor_type":"webauthn"}"#)
        #expect(webauthn.code == "mfa_webauthn_enroll_not_enabled")
    }
}

import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing

@testable import AuthAPI

@Suite(
    "Phone numbers of the AUTH API", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct PhoneTests {
    private static let number = "15551234567"

    private func account(_ name: String = "twilio") throws -> SMSConfiguration.Account {
        let provider = try #require(SMSProvider.all.first { $0.name == name })
        return SMSConfiguration.Account(
            provider: provider,
            settings: Dictionary(uniqueKeysWithValues: provider.settingNames.map { ($0.name, "x-\($0.name)") }))
    }

    private func fixture(
        _ http: StubHTTP, provider: String = "twilio", _ change: (inout AuthConfiguration) -> Void = { _ in }
    ) async throws -> AuthFixture {
        let account = try account(provider)
        return try await AuthFixture.with(http: http) {
            $0.hasPhone = true
            $0.sms.account = account
            $0.sms.gapSeconds = 0
            change(&$0)
        }
    }

    private func twilio() -> StubHTTP { StubHTTP(.success(StubHTTP.json(#"{"sid":"SM1","status":"queued"}"#))) }

    /// The code of the newest message.
    private func code(_ http: StubHTTP) -> String { (http.field("Body") ?? "").filter(\.isNumber) }

    private func verify(_ fixture: AuthFixture, type: String = "sms", phone: String = number, code: String) async
        -> AuthFixture.Answer
    {
        await fixture.ask(
            "POST", "/verify", body: #"{"type":"\#(type)","phone":"+\#(phone)","token":"\#(code)"}"#)
    }

    private func signUp(_ fixture: AuthFixture, phone: String = number) async -> AuthFixture.Answer {
        await fixture.ask("POST", "/signup", body: #"{"phone":"+\#(phone)","password":"password1"}"#)
    }

    // MARK: Signing up and in

    @Test("a sign-up waits for the code in the text message, then the password signs in")
    func signUpByPhone() async throws {
        let http = twilio()
        let fixture = try await fixture(http)
        let answer = await signUp(fixture)
        #expect(answer.status == 200 && answer.text("phone") == Self.number, "\(answer)")
        #expect(answer.json["access_token"] == nil && !answer.text("confirmation_sent_at").isEmpty)
        let request = try #require(http.requests.last)
        #expect(request.url == "https://api.twilio.com/2010-04-01/Accounts/x-ACCOUNT_SID/Messages.json")
        #expect(http.field("To") == "+\(Self.number)" && http.field("From") == "x-MESSAGE_SERVICE_SID")
        #expect(http.field("Body") == "Your code is \(code(http))" && code(http).count == 6)
        let grant = #"{"phone":"+\#(Self.number)","password":"password1"}"#
        let early = await fixture.ask("POST", "/token?grant_type=password", body: grant)
        #expect(early.status == 400 && early.code == "phone_not_confirmed")
        let wrong = await verify(fixture, code: code(http) == "123456" ? "123457" : "123456")
        #expect(wrong.status == 403 && wrong.code == "otp_expired")
        let right = await verify(fixture, code: code(http))
        #expect(right.status == 200, "\(right)")
        #expect(right.json["user"]?["user_metadata"]?["phone_verified"] == .bool(true))
        #expect(right.text("user", "app_metadata", "provider") == "phone")
        #expect(right.json["user"]?["identities"]?.arrayValue?.first?["provider"] == .string("phone"))
        #expect(await verify(fixture, code: code(http)).status == 403)
        #expect(await fixture.ask("POST", "/token?grant_type=password", body: grant).status == 200)
    }

    @Test("a known number is not told from a new one")
    func knownNumber() async throws {
        let http = twilio()
        let fixture = try await fixture(http)
        _ = await signUp(fixture)
        _ = await verify(fixture, code: code(http))
        let sent = http.requests.count
        let known = await signUp(fixture)
        #expect(http.requests.count == sent)
        let new = await signUp(fixture, phone: "15550000000")
        #expect(known.status == new.status && known.json.members.map(\.name) == new.json.members.map(\.name))
        #expect(try await fixture.count("auth.users") == 2)
    }

    @Test("a code signs in, makes users unless told otherwise, and names its message")
    func oneTimeCodes() async throws {
        let http = twilio()
        let fixture = try await fixture(http)
        let unknown = await fixture.ask(
            "POST", "/otp", body: #"{"phone":"+\#(Self.number)","create_user":false}"#)
        #expect(unknown.status == 422 && unknown.code == "otp_disabled" && http.requests.isEmpty)
        let sent = await fixture.ask("POST", "/otp", body: #"{"phone":"+\#(Self.number)"}"#)
        #expect(sent.status == 200 && sent.text("message_id") == "SM1", "\(sent)")
        #expect(await verify(fixture, code: code(http)).status == 200)
        let again = await fixture.ask("POST", "/otp", body: #"{"phone":"\#(Self.number)"}"#)
        #expect(again.status == 200)
        #expect(try await fixture.count("auth.users") == 1)
        let first = code(http)
        try await fixture.pool.execute("UPDATE auth.users SET confirmation_sent_at = now() - interval '61 seconds'")
        #expect(await verify(fixture, code: first).code == "otp_expired")
        let both = await fixture.ask("POST", "/otp", body: #"{"phone":"\#(Self.number)","email":"a@b.example"}"#)
        #expect(both.code == "validation_failed")
        let channel = await fixture.ask("POST", "/otp", body: #"{"email":"a@b.example","channel":"sms"}"#)
        #expect(channel.text("msg") == "Channel should only be specified with Phone OTP")
        let hash = await fixture.ask("POST", "/verify", body: #"{"type":"sms","token_hash":"abc"}"#)
        #expect(hash.status == 400 && hash.code == "validation_failed")
    }

    @Test("an unconfirmed number keeps no password that a stranger gave before")
    func strangersPassword() async throws {
        let http = twilio()
        let fixture = try await fixture(http)
        _ = await fixture.ask("POST", "/signup", body: #"{"phone":"\#(Self.number)","password":"attacker1"}"#)
        _ = await fixture.ask("POST", "/otp", body: #"{"phone":"\#(Self.number)"}"#)
        #expect(await verify(fixture, code: code(http)).status == 200)
        let attacker = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"phone":"\#(Self.number)","password":"attacker1"}"#)
        #expect(attacker.code == "invalid_credentials")
    }

    @Test("a message that cannot be sent takes its code back, and the next one need not wait")
    func failedMessage() async throws {
        let http = StubHTTP(.success(StubHTTP.json(#"{"message":"Unverified number","status":400}"#, status: 400)))
        let fixture = try await fixture(http) { $0.sms.gapSeconds = 60 }
        let failed = await fixture.ask("POST", "/otp", body: #"{"phone":"\#(Self.number)"}"#)
        #expect(failed.status == 422 && failed.code == "sms_send_failed")
        #expect(failed.text("msg") == "Error sending confirmation OTP to provider: Unverified number")
        #expect(
            try await fixture.count(
                "auth.users WHERE confirmation_token <> '' OR confirmation_sent_at IS NOT NULL") == 0)
        #expect(try await fixture.count("auth.one_time_tokens") == 0)
        http.always(.success(StubHTTP.json(#"{"sid":"SM2","status":"sent"}"#)))
        #expect(await fixture.ask("POST", "/otp", body: #"{"phone":"\#(Self.number)"}"#).status == 200)
        let soon = await fixture.ask("POST", "/otp", body: #"{"phone":"\#(Self.number)"}"#)
        #expect(soon.status == 429 && soon.code == "over_sms_send_rate_limit")
    }

    @Test("a project sends so many messages in a time, and none to numbers for tests")
    func limits() async throws {
        let http = twilio()
        let fixture = try await fixture(http) {
            $0.rates.sms = 1
            $0.sms.testCodes = ["15550000001": "123456"]
        }
        #expect(await fixture.ask("POST", "/otp", body: #"{"phone":"15550000002"}"#).status == 200)
        let full = await fixture.ask("POST", "/otp", body: #"{"phone":"15550000003"}"#)
        #expect(full.status == 429 && full.text("msg") == "SMS rate limit exceeded")
        let test = await fixture.ask("POST", "/otp", body: #"{"phone":"15550000001"}"#)
        #expect(test.status == 200 && test.text("message_id") == "test-otp")
        #expect(http.requests.count == 1)
        #expect(await verify(fixture, phone: "15550000001", code: "123456").status == 200)
    }

    @Test("without a provider no code is made that could be guessed")
    func noProvider() async throws {
        let fixture = try await AuthFixture.with { $0.hasPhone = true }
        for path in ["otp", "signup"] {
            let answer = await fixture.ask(
                "POST", "/\(path)", body: #"{"phone":"\#(Self.number)","password":"password1"}"#)
            #expect(answer.status == 422 && answer.code == "sms_send_failed")
        }
        #expect(try await fixture.count("auth.users") == 0)
        let automatic = try await AuthFixture.with {
            $0.hasPhone = true
            $0.autoconfirmsPhone = true
        }
        #expect(await signUp(automatic).json["access_token"] != nil)
        #expect(await signUp(automatic).code == "user_already_exists")
    }

    // MARK: Changes

    @Test("a new number counts once its code was typed, and an anonymous user becomes permanent by it")
    func phoneChange() async throws {
        let http = twilio()
        let fixture = try await fixture(http)
        let anonymous = await fixture.ask("POST", "/signup", body: "{}")
        let token = anonymous.text("access_token")
        let asked = await fixture.ask("PUT", "/user", token: token, body: #"{"phone":"+\#(Self.number)"}"#)
        #expect(
            asked.status == 200 && asked.text("new_phone") == Self.number && asked.text("phone").isEmpty, "\(asked)")
        let first = code(http)
        let resent = await fixture.ask(
            "POST", "/resend", body: #"{"type":"phone_change","phone":"\#(Self.number)"}"#)
        #expect(resent.status == 200 && resent.text("message_id") == "SM1" && http.requests.count == 2)
        if first != code(http) {
            #expect(await verify(fixture, type: "phone_change", code: first).status == 403)
        }
        let changed = await verify(fixture, type: "phone_change", code: code(http))
        #expect(changed.status == 200 && changed.text("user", "phone") == Self.number, "\(changed)")
        #expect(changed.json["user"]?["is_anonymous"] == .bool(false))
        #expect(changed.text("user", "id") == anonymous.text("user", "id"))
        let other = await fixture.signUp("a@b.example").text("access_token")
        let taken = await fixture.ask("PUT", "/user", token: other, body: #"{"phone":"\#(Self.number)"}"#)
        #expect(taken.status == 422 && taken.code == "phone_exists")
    }

    @Test("a password change can ask for a code by text message")
    func reauthentication() async throws {
        let http = twilio()
        let fixture = try await fixture(http) { $0.requiresReauthentication = true }
        _ = await signUp(fixture)
        let token = await verify(fixture, code: code(http)).text("access_token")
        try await fixture.pool.execute("UPDATE auth.sessions SET created_at = now() - interval '25 hours'")
        let refused = await fixture.ask("PUT", "/user", token: token, body: #"{"password":"password2"}"#)
        #expect(refused.code == "reauthentication_needed")
        #expect(await fixture.ask("GET", "/reauthenticate", token: token).status == 200)
        let nonce = code(http)
        let wrong = await fixture.ask(
            "PUT", "/user", token: token,
            body: #"{"password":"password2","nonce":"\#(nonce == "123456" ? "123457" : "123456")"}"#)
        #expect(wrong.status == 422 && wrong.code == "reauthentication_not_valid")
        let changed = await fixture.ask(
            "PUT", "/user", token: token, body: #"{"password":"password2","nonce":"\#(nonce)"}"#)
        #expect(changed.status == 200, "\(changed)")
    }

    // MARK: A provider that makes the codes

    @Test("where the provider makes the codes it is asked about them")
    func verifyingProvider() async throws {
        let http = StubHTTP(.success(StubHTTP.json(#"{"sid":"VE1","status":"pending"}"#, status: 201)))
        let fixture = try await fixture(http, provider: "twilio_verify")
        let sent = await fixture.ask("POST", "/otp", body: #"{"phone":"\#(Self.number)"}"#)
        #expect(sent.text("message_id") == "VE1", "\(sent)")
        #expect(http.field("Body") == nil && http.field("Channel") == "sms")
        http.next(.success(StubHTTP.json(#"{"status":"pending","valid":false}"#)))
        #expect(await verify(fixture, code: "111111").code == "otp_expired")
        #expect(http.requests.last?.url.hasSuffix("/Services/x-MESSAGE_SERVICE_SID/VerificationCheck") == true)
        http.next(.success(StubHTTP.json("{}", status: 404)))
        #expect(await verify(fixture, code: "111111").code == "otp_expired")
        http.next(.success(StubHTTP.json(#"{"status":"approved","valid":true}"#)))
        #expect(await verify(fixture, code: "222222").status == 200)
        let asked = http.requests.count
        // Nothing waits for a code: the provider is not asked.
        #expect(await verify(fixture, code: "222222").code == "otp_expired")
        #expect(http.requests.count == asked)
    }

    // MARK: Second factors

    @Test("a phone is a second factor")
    func phoneFactor() async throws {
        let http = twilio()
        let fixture = try await fixture(http) {
            $0.mfa.canEnrollPhone = true
            $0.mfa.canVerifyPhone = true
        }
        let token = await fixture.signUp("a@b.example").text("access_token")
        let enrolled = await fixture.ask(
            "POST", "/factors", token: token,
            body: #"{"factor_type":"phone","friendly_name":"mine","phone":"+\#(Self.number)"}"#)
        #expect(enrolled.status == 200 && enrolled.text("type") == "phone", "\(enrolled)")
        #expect(enrolled.text("phone") == Self.number)
        let path = "/factors/\(enrolled.text("id"))"
        let challenge = await fixture.ask("POST", "\(path)/challenge", token: token)
        #expect(challenge.status == 200 && challenge.text("type") == "phone", "\(challenge)")
        let soon = await fixture.ask("POST", "\(path)/challenge", token: token)
        #expect(soon.status == 429 && soon.code == "over_sms_send_rate_limit")
        func answer(_ code: String) async -> AuthFixture.Answer {
            await fixture.ask(
                "POST", "\(path)/verify", token: token,
                body: #"{"challenge_id":"\#(challenge.text("id"))","code":"\#(code)"}"#)
        }
        let wrong = await answer(code(http) == "123456" ? "123457" : "123456")
        #expect(wrong.status == 422 && wrong.text("msg") == "Invalid MFA Phone code entered")
        let right = await answer(code(http))
        #expect(right.status == 200, "\(right)")
        let claims = try TokenVerifier(keys: fixture.service.keys.verifying, audience: nil)
            .claims(of: right.text("access_token"), at: fixture.service.clock())
        #expect(claims["aal"] == .string("aal2"))
        #expect(claims["amr"]?.arrayValue?.contains { $0["method"] == .string("mfa/phone") } == true)
        #expect(await answer(code(http)).code == "mfa_factor_not_found")
        let twice = await fixture.ask(
            "POST", "/factors", token: right.text("access_token"),
            body: #"{"factor_type":"phone","friendly_name":"other","phone":"\#(Self.number)"}"#)
        #expect(twice.status == 422 && twice.code == "mfa_verified_factor_exists")
        let gone = await fixture.ask("DELETE", path, token: right.text("access_token"))
        #expect(gone.status == 200)
        #expect(try await fixture.count("auth.mfa_factors") == 0)
    }
}

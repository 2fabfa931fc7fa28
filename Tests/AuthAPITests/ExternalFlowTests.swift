import DataPlaneCore
import Foundation
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import AuthAPI

@Suite(
    "Signing in at providers",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct ExternalFlowTests {
    private let double: ProviderDouble

    init() throws { double = try ProviderDouble() }

    // MARK: The way out

    @Test("the page, the flow and what it refuses")
    func leaving() async throws {
        let fixture = try await AuthFixture.with(double) { $0.redirectGlobs = ["http://app.example/**"] }
        let out = await fixture.ask(
            "GET", "/authorize?provider=google&scopes=calendar&redirect_to=http://app.example/in&prompt=consent")
        #expect(out.status == 302 && out.header("Cache-Control") == "no-store")
        #expect(out.location.hasPrefix("https://accounts.google.com/o/oauth2/v2/auth?client_id=client&redirect_uri="))
        #expect(out.location.contains("scope=email+profile+calendar") && out.location.contains("prompt=consent"))
        let row = try await fixture.pool.single("SELECT referrer, auth_code, user_id::text AS u FROM auth.flow_state")
        #expect(try row.optionalString("referrer") == "http://app.example/in")
        #expect(try row.optionalString("auth_code") == nil && row.optionalString("u") == nil)
        let evil = await fixture.leave("provider=google&redirect_to=http://evil.example")
        #expect(!evil.state.isEmpty)
        #expect(try await fixture.count("auth.flow_state WHERE referrer = 'http://site.example'") == 1)
        #expect(await fixture.ask("GET", "/authorize?provider=discord").text("msg").contains("not enabled"))
        let half = await fixture.ask("GET", "/authorize?provider=google&code_challenge_method=s256")
        #expect(half.status == 400 && half.code == "validation_failed")
        #expect(await fixture.ask("HEAD", "/authorize?provider=google").status == 200)
        #expect(try await fixture.count("auth.flow_state") == 2)
        #expect(double.requests.isEmpty)
        let settings = await fixture.ask("GET", "/settings")
        #expect(settings.json["external"]?["google"] == .bool(true))
        #expect(settings.json["external"]?["discord"] == .bool(false))
    }

    @Test("no client fills the table of flows")
    func limit() async throws {
        let fixture = try await AuthFixture.with(double)
        for _ in 0..<30 { #expect(await fixture.ask("GET", "/authorize?provider=google").status == 302) }
        #expect(await fixture.ask("GET", "/authorize?provider=google").status == 429)
    }

    // MARK: The way back

    @Test("the implicit flow ends with a session and the provider's tokens")
    func implicit() async throws {
        let fixture = try await AuthFixture.with(double)
        let back = await fixture.signIn("google", at: double, as: .user("g1", email: "Ada@b.example"))
        #expect(back.status == 302 && back.location.hasPrefix("http://site.example#access_token="), "\(back.location)")
        #expect(back.fragment("provider_token") == "access-code1")
        #expect(back.fragment("provider_refresh_token") == "refresh-code1")
        let user = await fixture.ask("GET", "/user", token: back.fragment("access_token"))
        #expect(user.text("email") == "ada@b.example" && user.text("app_metadata", "provider") == "google")
        #expect(user.text("user_metadata", "full_name") == "Ada")
        let identity = try #require(user.json["identities"]?.arrayValue?.first)
        #expect(identity["id"] == .string("g1") && identity["provider"] == .string("google"))
        #expect(identity["identity_data"]?["iss"] == .string("https://accounts.google.com"))
        #expect(try await fixture.count("auth.identities") == 1)
        #expect(try await fixture.count("auth.mfa_amr_claims WHERE authentication_method = 'oauth'") == 1)
        #expect(
            try await fixture.count("auth.audit_log_entries WHERE payload ->> 'action' = 'user_signedup'") == 1)
        // A user who comes again is the same one.
        _ = await fixture.signIn("google", at: double, as: .user("g1", email: "new@b.example"))
        #expect(try await fixture.count("auth.users") == 1)
        #expect(try await fixture.count("auth.identities WHERE email = 'new@b.example'") == 1)
        #expect(try await fixture.count("auth.users WHERE email = 'ada@b.example'") == 1)
    }

    @Test("the PKCE flow gives a code, and the code the tokens")
    func pkce() async throws {
        let fixture = try await AuthFixture.with(double)
        let verifier = String(repeating: "v", count: 50)
        let challenge = Base64URL.encode(try Digest.sha256(Array(verifier.utf8)))
        let left = await fixture.leave("provider=github&code_challenge=\(challenge)&code_challenge_method=s256")
        double.override("/user/emails", #"[{"email":"a@b.example","verified":true,"primary":true}]"#)
        let code = double.visit(.user("1"))
        let back = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        let authCode = back.location.split(separator: "=").last.map(String.init) ?? ""
        #expect(back.location == "http://site.example?code=\(authCode)")
        let stored = try await fixture.pool.single("SELECT provider_access_token AS token FROM auth.flow_state")
        #expect(try !stored.string("token").contains("access-code1"))
        func exchange(_ verifier: String) async -> AuthFixture.Answer {
            await fixture.ask(
                "POST", "/token?grant_type=pkce", body: #"{"auth_code":"\#(authCode)","code_verifier":"\#(verifier)"}"#)
        }
        #expect(await exchange("wrong").code == "bad_code_verifier")
        let session = await exchange(verifier)
        #expect(session.status == 200 && session.text("user", "email") == "a@b.example")
        #expect(session.text("provider_token") == "access-code1")
        #expect(session.text("provider_refresh_token") == "refresh-code1")
        #expect(await exchange(verifier).code == "flow_state_not_found")
    }

    @Test("a code of a PKCE flow ends with its time")
    func expiredCode() async throws {
        let clock = TestClock(Date().timeIntervalSince1970)
        let fixture = try await AuthFixture.with(double, clock: clock)
        let verifier = String(repeating: "v", count: 50)
        let left = await fixture.leave("provider=google&code_challenge=\(verifier)&code_challenge_method=plain")
        let code = double.visit(.user("1", email: "a@b.example"), nonce: left.nonce)
        let back = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        let authCode = back.location.split(separator: "=").last.map(String.init) ?? ""
        try await fixture.pool.execute("UPDATE auth.flow_state SET auth_code_issued_at = now() - interval '301 s'")
        let late = await fixture.ask(
            "POST", "/token?grant_type=pkce", body: #"{"auth_code":"\#(authCode)","code_verifier":"\#(verifier)"}"#)
        #expect(late.status == 422 && late.code == "flow_state_expired")
        clock.advance(by: 301)
        let second = await fixture.leave("provider=google")
        clock.advance(by: 301)
        let expired = await fixture.ask("GET", "/callback?state=\(second.state)&code=x")
        #expect(expired.status == 303 && expired.fragment("error_code") == "flow_state_expired")
    }

    @Test("a state counts once, and only if this server made it")
    func states() async throws {
        let fixture = try await AuthFixture.with(double)
        let left = await fixture.leave("provider=google")
        let code = double.visit(.user("1", email: "a@b.example"), nonce: left.nonce)
        #expect(await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)").status == 302)
        let asked = double.requests.count
        let again = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        #expect(again.status == 303 && again.fragment("error_code") == "flow_state_already_used")
        // Who knows the id of a flow has no state yet.
        let other = await fixture.leave("provider=google")
        let id = other.state.split(separator: ".").first.map(String.init) ?? ""
        for forged in ["", id, "\(id).9999999999.AAAAAAAAAAAAAAAAAAAAAA", "x"] {
            let refused = await fixture.ask("GET", "/callback?state=\(forged)&code=y")
            #expect(refused.status == 303 && refused.location.hasPrefix("http://site.example?error=invalid_request"))
            #expect(refused.fragment("error_code") == (forged.isEmpty ? "bad_oauth_callback" : "bad_oauth_state"))
        }
        #expect(double.requests.count == asked)
        #expect(try await fixture.count("auth.sessions") == 1)
    }

    @Test("two callbacks of one flow at once: one wins")
    func race() async throws {
        let fixture = try await AuthFixture.with(double)
        let left = await fixture.leave("provider=google")
        let code = double.visit(.user("1", email: "a@b.example"), nonce: left.nonce)
        let locations = await withTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask { await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)").location }
            }
            return await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(locations.count { $0.contains("access_token=") } == 1)
        #expect(locations.count { $0.contains("flow_state_already_used") } == 7)
        #expect(double.count(of: "oauth2.googleapis.com/token") == 1)
    }

    @Test("two flows of a new user at once make one account")
    func sameUserTwice() async throws {
        let fixture = try await AuthFixture.with(double)
        let locations = await withTaskGroup(of: String.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    await fixture.signIn("google", at: double, as: .user("1", email: "a@b.example")).location
                }
            }
            return await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(locations.allSatisfy { $0.contains("access_token=") || $0.contains("error_code=conflict") })
        #expect(locations.contains { $0.contains("access_token=") })
        #expect(try await fixture.count("auth.users") == 1)
        #expect(try await fixture.count("auth.identities") == 1)
    }

    @Test("a code of one provider is of no use in a flow of another")
    func mixUp() async throws {
        let fixture = try await AuthFixture.with(double, reports: ReportedTexts())
        let left = await fixture.leave("provider=google")
        let named = await fixture.ask("GET", "/callback?state=\(left.state)&code=c&iss=https://evil.example")
        #expect(named.fragment("error_code") == "bad_oauth_callback")
        // The nonce of another flow.
        let first = await fixture.leave("provider=google")
        let second = await fixture.leave("provider=google")
        let code = double.visit(.user("1", email: "a@b.example"), nonce: first.nonce)
        let mixed = await fixture.ask("GET", "/callback?state=\(second.state)&code=\(code)")
        #expect(mixed.fragment("error") == "server_error", "\(mixed.location)")
        // An ID token for another client.
        double.set(\.audience, "other-client-of-the-provider")
        let other = await fixture.signIn("google", at: double, as: .user("1", email: "a@b.example"))
        #expect(other.fragment("error") == "server_error")
        #expect(try await fixture.count("auth.users") == 0)
    }

    @Test("what the provider refuses reaches the application")
    func providerErrors() async throws {
        let reports = ReportedTexts()
        let fixture = try await AuthFixture.with(double, reports: reports) {
            $0.redirectGlobs = ["http://app.example/**"]
        }
        let denied = await fixture.leave("provider=google&redirect_to=http://app.example/in?x=1")
        let back = await fixture.ask(
            "GET", "/callback?state=\(denied.state)&error=access_denied&error_description=no+way")
        let text = "error=access_denied&error_description=no+way"
        #expect(back.status == 302 && back.location == "http://app.example/in?x=1&\(text)#\(text)&sb=")
        #expect(reports.all == [])
        let left = await fixture.leave("provider=google")
        let unknown = await fixture.ask("GET", "/callback?state=\(left.state)&code=unknown")
        #expect(unknown.fragment("error_description") == "Unable to exchange external code")
        #expect(reports.all.last?.contains("status 400 and the error invalid_grant") == true)
        let missing = await fixture.leave("provider=google")
        #expect(
            await fixture.ask("GET", "/callback?state=\(missing.state)").fragment("error_code") == "bad_oauth_callback")
        double.override("/userinfo", status: 302, "")
        let redirected = await fixture.signIn("keycloak", at: double, as: .user("1", email: "a@b.example"))
        #expect(redirected.fragment("error") == "server_error")
        #expect(
            reports.all.allSatisfy {
                !$0.contains("secret") && !$0.contains("code") || $0.contains("external code")
            })
    }

    @Test(
        "answers out of all bounds",
        arguments: [
            String(repeating: "x", count: ProviderLimits.answerBytesMax + 1), "no JSON", "[]", "{}",
            String(repeating: "[", count: 1_000), #"{"sub":{"a":1},"email":"a@b.example"}"#,
            #"{"sub":"\u0000","email":"a@b.example"}"#, #"{"sub":"1","email":"\u0000@b.example"}"#,
        ])
    func badAnswers(_ body: String) async throws {
        let fixture = try await AuthFixture.with(double, reports: ReportedTexts())
        double.override("/userinfo", body)
        let back = await fixture.signIn("keycloak", at: double, as: .user("1", email: "a@b.example"))
        #expect(back.status == 302 && !back.fragment("error").isEmpty, "\(back.location)")
        #expect(try await fixture.count("auth.users") == 0)
    }

    @Test("Apple posts its answer, with the name the first time")
    func apple() async throws {
        double.set(\.issuer, "https://appleid.apple.com")
        let fixture = try await AuthFixture.with(double)
        let left = await fixture.leave("provider=apple")
        let code = double.visit([.init("sub", .string("a1")), .init("name", .null)], nonce: left.nonce)
        let name = FormText.encode(#"{"name":{"firstName":"Ada","lastName":"L"},"email":"other@b.example"}"#)
        let back = await fixture.ask(
            "POST", "/callback", headers: [("content-type", "application/x-www-form-urlencoded")],
            body: "state=\(left.state)&code=\(code)&user=\(name)")
        #expect(back.status == 302 && !back.fragment("access_token").isEmpty, "\(back.location)")
        let user = await fixture.ask("GET", "/user", token: back.fragment("access_token"))
        #expect(user.text("user_metadata", "full_name") == "Ada L" && user.text("email") == "a@b.example")
    }

    @Test("X binds its codes to a verifier of this server's")
    func ownVerifier() async throws {
        let fixture = try await AuthFixture.with(double)
        let out = await fixture.ask("GET", "/authorize?provider=x")
        let pairs = FormText.pairs(out.location.split(separator: "?").last.map(String.init) ?? "")
        let value = { (name: String) in pairs.first { $0.name == name }?.value ?? "" }
        #expect(value("code_challenge_method") == "S256")
        let code = double.visit([
            .init("data", .object([.init("id", .string("1")), .init("confirmed_email", .string("a@b.example"))]))
        ])
        _ = await fixture.ask("GET", "/callback?state=\(value("state"))&code=\(code)")
        let form = FormText.pairs(
            String(decoding: try #require(double.requests.first { $0.method == "POST" }).body, as: UTF8.self))
        let verifier = try #require(form.first { $0.name == "code_verifier" }?.value)
        #expect(Base64URL.encode(try Digest.sha256(Array(verifier.utf8))) == value("code_challenge"))
    }

    @Test("Twitter by OAuth 1.0a")
    func twitter() async throws {
        let fixture = try await AuthFixture.with(double) {
            var provider = ExternalProvider()
            (provider.isEnabled, provider.clientIDs, provider.secret) = (true, ["client"], "secret")
            $0.external.providers["twitter"] = provider
        }
        double.override(
            "/oauth/request_token", "oauth_token=request&oauth_token_secret=s1&oauth_callback_confirmed=true")
        let out = await fixture.ask("GET", "/authorize?provider=twitter")
        #expect(out.location == "https://api.twitter.com/oauth/authenticate?oauth_token=request")
        let header = try #require(double.requests.first?.headers.first { $0.name == "Authorization" }?.value)
        let callback = try #require(header.split(separator: "\"").first { $0.contains("callback%3Fstate") })
        let state = FormText.decode(FormText.decode(String(callback))).split(separator: "=").last.map(String.init) ?? ""
        let stored = try await fixture.pool.single("SELECT code_verifier AS v FROM auth.oauth_client_states")
        #expect(try !stored.string("v").contains("request"))
        double.override("/oauth/access_token", "oauth_token=access&oauth_token_secret=s2&user_id=1")
        double.override("verify_credentials", #"{"id_str":"1","name":"Ada","email":"a@b.example","screen_name":"ada"}"#)
        let back = await fixture.ask("GET", "/callback?state=\(state)&oauth_token=request&oauth_verifier=v")
        #expect(back.fragment("provider_token") == "access", "\(back.location)")
        let other = await fixture.ask("GET", "/authorize?provider=twitter")
        #expect(other.status == 302)
        let last = try #require(double.requests.last?.headers.first { $0.name == "Authorization" }?.value)
        let second = try #require(last.split(separator: "\"").first { $0.contains("callback%3Fstate") })
        let state2 = FormText.decode(FormText.decode(String(second))).split(separator: "=").last.map(String.init) ?? ""
        let wrong = await fixture.ask("GET", "/callback?state=\(state2)&oauth_token=stolen&oauth_verifier=v")
        #expect(wrong.fragment("error_code") == "bad_oauth_callback")
    }
}

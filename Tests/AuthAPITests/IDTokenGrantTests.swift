import DataPlaneCore
import Foundation
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import AuthAPI

@Suite(
    "Signing in with ID tokens",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct IDTokenGrantTests {
    private let double: ProviderDouble

    init() throws { double = try ProviderDouble() }

    private func grant(
        _ fixture: AuthFixture, _ token: String, provider: String? = "google", bearer: String? = nil,
        with more: [JSONText.Member] = []
    ) async -> AuthFixture.Answer {
        var members: [JSONText.Member] = [.init("id_token", .string(token))]
        if let provider { members.append(.init("provider", .string(provider))) }
        return await fixture.ask(
            "POST", "/token?grant_type=id_token", token: bearer, body: JSONText.object(members + more).text)
    }

    @Test("a token of the provider's opens a session")
    func grants() async throws {
        let fixture = try await AuthFixture.with(double)
        let session = await grant(fixture, try double.idToken())
        #expect(session.status == 200 && session.text("user", "email") == "a@b.example")
        #expect(session.text("user", "app_metadata", "provider") == "google")
        // Keys are fetched once.
        #expect(await grant(fixture, try double.idToken()).status == 200)
        #expect(double.count(of: "keys.example") == 1 && double.count(of: "openid-configuration") == 1)
        let native = await grant(fixture, try double.idToken([.init("aud", .string("other-client"))]))
        #expect(native.status == 200)
        let byIssuer = await grant(
            fixture, try double.idToken(), provider: nil,
            with: [.init("client_id", .string("client")), .init("issuer", .string("https://accounts.google.com"))])
        #expect(byIssuer.status == 200)
        #expect(try await fixture.count("auth.users") == 1)
    }

    @Test("what is missing or unknown")
    func refusals() async throws {
        let fixture = try await AuthFixture.with(double)
        let token = try double.idToken()
        let empty = await fixture.ask("POST", "/token?grant_type=id_token", body: #"{"provider":"google"}"#)
        #expect(empty.text("error") == "invalid request" && empty.text("error_description") == "id_token required")
        #expect(
            await grant(fixture, token, provider: nil).text("error_description")
                == "provider or client_id and issuer required")
        let disabled = await grant(fixture, token, provider: "kakao")
        #expect(disabled.code == "provider_disabled")
        #expect(disabled.text("msg") == #"Provider (issuer "https://kauth.kakao.com") is not enabled"#)
        #expect(
            await grant(fixture, token, provider: "github").text("msg") == #"Custom OIDC provider "github" not allowed"#
        )
        let foreign = await grant(
            fixture, token, provider: nil,
            with: [.init("client_id", .string("client")), .init("issuer", .string("http://169.254.169.254"))])
        #expect(foreign.code == "validation_failed")
        #expect(await grant(fixture, "123456").text("error_description") == "Bad ID token")
        #expect(double.requests.isEmpty)
    }

    @Test("claims and signatures that do not count")
    func badTokens() async throws {
        let fixture = try await AuthFixture.with(double)
        let now = Int64(Date().timeIntervalSince1970)
        let none = Base64URL.encode(Array(#"{"alg":"none"}"#.utf8))
        let parts = try double.idToken().split(separator: ".").map(String.init)
        let signed = "\(Base64URL.encode(Array(#"{"alg":"HS256","kid":"first"}"#.utf8))).\(parts[1])"
        let secret = KeyBytes([UInt8](repeating: 1, count: 32))
        let stranger = try ProviderDouble()
        let bad = [
            try double.idToken([.init("iss", .string("https://evil.example"))]),
            try double.idToken([.init("exp", .number(String(now - 60)))]),
            try double.idToken([.init("exp", .null)]), try double.idToken([.init("iat", .number(String(now + 600)))]),
            "\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])",
            "\(signed).\(Base64URL.encode(try Digest.hmacSHA256(Array(signed.utf8), key: secret)))",
            try stranger.idToken(), "\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))",
            try double.idToken(header: [.init("crit", .array([.string("b64")]))]),
        ]
        for (index, token) in bad.enumerated() {
            let answer = await grant(fixture, token)
            #expect(answer.status == 400 && answer.text("error_description") == "Bad ID token", "case \(index)")
        }
        let audience = await grant(fixture, try double.idToken([.init("aud", .array([.string("x"), .string("y")]))]))
        #expect(audience.text("error_description") == "Unacceptable audience in id_token: [x y]")
        #expect(
            await grant(fixture, try double.idToken([.init("sub", .string(""))])).text("error_description")
                == "Missing sub claim in id_token")
        #expect(try await fixture.count("auth.users") == 0)
    }

    @Test("nonces")
    func nonces() async throws {
        let fixture = try await AuthFixture.with(double)
        let hashed = Hex.encode(try Digest.sha256(Array("nonce".utf8)))
        let token = try double.idToken([.init("nonce", .string(hashed))])
        let given = { (text: String) in [JSONText.Member("nonce", .string(text))] }
        let both = "Passed nonce and nonce in id_token should either both exist or not."
        #expect(await grant(fixture, token, with: given("nonce")).status == 200)
        #expect(await grant(fixture, token).text("error_description") == both)
        #expect(await grant(fixture, try double.idToken(), with: given("nonce")).text("error_description") == both)
        let wrong = await grant(fixture, token, with: given("other"))
        #expect(wrong.text("error") == "invalid nonce" && wrong.text("error_description") == "Nonces mismatch")
        #expect(await grant(fixture, token, with: given(hashed)).text("error_description") == "Nonces mismatch")
        let lax = try await AuthFixture.with(double) { $0.external.providers["google"]?.skipsNonceCheck = true }
        #expect(await grant(lax, token).status == 200)
    }

    @Test("the hash of the access token")
    func accessTokenHash() async throws {
        let fixture = try await AuthFixture.with(double)
        let half = Base64URL.encode(Array(try Digest.sha256(Array("access".utf8)).prefix(16)))
        let token = try double.idToken([.init("at_hash", .string(half))])
        let access = { (text: String) in [JSONText.Member("access_token", .string(text))] }
        #expect(await grant(fixture, token, with: access("access")).status == 200)
        #expect(await grant(fixture, token).status == 200)
        #expect(await grant(fixture, token, with: access("other")).text("error_description") == "Bad ID token")
    }

    @Test("keys that were changed are fetched, but not at every wish")
    func rotation() async throws {
        let clock = TestClock(Date().timeIntervalSince1970)
        let fixture = try await AuthFixture.with(double, clock: clock)
        #expect(await grant(fixture, try double.idToken()).status == 200)
        try double.rotateKey()
        // Tokens with unknown keys cause no requests.
        for _ in 0..<5 { #expect(await grant(fixture, try double.idToken()).status == 400) }
        #expect(double.count(of: "keys.example") == 1)
        clock.advance(by: ProviderDocuments.retrySeconds)
        #expect(await grant(fixture, try double.idToken()).status == 200)
        #expect(double.count(of: "keys.example") == 2)
        clock.advance(by: ProviderDocuments.lifeSeconds)
        let fresh = try double.idToken([
            .init("iat", .number(String(Int64(clock.now)))), .init("exp", .number(String(Int64(clock.now) + 60))),
        ])
        #expect(await grant(fixture, fresh).status == 200)
        #expect(double.count(of: "keys.example") == 3)
    }

    @Test("a provider that does not answer is not asked by every client")
    func silence() async throws {
        let clock = TestClock(Date().timeIntervalSince1970)
        let fixture = try await AuthFixture.with(double, clock: clock, reports: ReportedTexts())
        double.override("openid-configuration", status: 500, "")
        for _ in 0..<3 { #expect(await grant(fixture, try double.idToken()).status == 500) }
        #expect(double.count(of: "openid-configuration") == 1)
        double.set(\.overrides, [:])
        clock.advance(by: ProviderDocuments.retrySeconds)
        #expect(await grant(fixture, try double.idToken()).status == 200)
    }

    @Test("discovery documents that lead elsewhere")
    func discovery() async throws {
        for body in [
            #"{"issuer":"https://evil.example","jwks_uri":"https://keys.example/keys"}"#,
            #"{"issuer":"https://accounts.google.com","jwks_uri":"http://keys.example/keys"}"#,
            #"{"issuer":"https://accounts.google.com","jwks_uri":"file:///etc/passwd"}"#,
            #"{"issuer":"https://accounts.google.com"}"#,
            String(repeating: " ", count: ProviderLimits.answerBytesMax) + "{}",
        ] {
            let fixture = try await AuthFixture.with(double, reports: ReportedTexts())
            double.override("openid-configuration", body)
            #expect(await grant(fixture, try double.idToken()).status == 500)
        }
        #expect(!double.requests.contains { $0.url.hasPrefix("http://") || $0.url.hasPrefix("file:") })
    }

    @Test("tenants of Azure")
    func azure() async throws {
        let tenant = "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0"
        double.set(\.issuer, "https://login.microsoftonline.com/{tenantid}/v2.0")
        let fixture = try await AuthFixture.with(double) {
            $0.external.providers["azure"] = $0.external.providers["google"]
        }
        let token = { (issuer: String) in try double.idToken([.init("iss", .string(issuer))]) }
        #expect(await grant(fixture, try token(tenant), provider: "azure").status == 200)
        for issuer in [
            "https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0",
            tenant.replacing("login.", with: "evil."), tenant + "/x",
        ] {
            #expect(
                await grant(fixture, try token(issuer), provider: "azure").text("error_description") == "Bad ID token")
        }
        double.set(\.issuer, tenant)
        let pinned = try await AuthFixture.with(double) {
            $0.external.providers["azure"] = $0.external.providers["google"]
            $0.external.providers["azure"]?.url = "https://login.microsoftonline.com/one.example"
        }
        #expect(await grant(pinned, try token(tenant), provider: "azure").status == 200)
        let other = tenant.replacing("1111111", with: "2222222")
        #expect(await grant(pinned, try token(other), provider: "azure").text("error_description") == "Bad ID token")
    }

    @Test("an address that Azure does not vouch for leads to no account", arguments: [nil, "common", "one.example"])
    func azureAddresses(_ setting: String?) async throws {
        let tenant = "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0"
        double.set(\.issuer, tenant)
        let fixture = try await AuthFixture.with(double) {
            $0.external.providers["azure"] = $0.external.providers["google"]
            $0.external.providers["azure"]?.url = setting.map { "https://login.microsoftonline.com/\($0)" }
        }
        let user = await fixture.signUp("a@b.example").text("user", "id")
        let answer = await grant(fixture, try double.idToken(), provider: "azure")
        #expect(answer.status == 200, "\(answer)")
        // The operator of one tenant knows who gives its users their addresses.
        #expect((answer.text("user", "id") == user) == (setting == "one.example"), "\(answer)")
        let vouched = await grant(
            fixture, try double.idToken([.init("sub", .string("other")), .init("xms_edov", .bool(true))]),
            provider: "azure")
        #expect(vouched.text("user", "id") == user, "\(vouched)")
    }

    @Test("an address that Kakao does not vouch for leads to no account")
    func kakaoAddresses() async throws {
        double.set(\.issuer, "https://kauth.kakao.com")
        let fixture = try await AuthFixture.with(double) {
            $0.external.providers["kakao"] = $0.external.providers["google"]
        }
        let user = await fixture.signUp("a@b.example").text("user", "id")
        let answer = await grant(fixture, try double.idToken([.init("email_verified", .null)]), provider: "kakao")
        #expect(answer.status == 200 && answer.text("user", "id") != user, "\(answer)")
    }

    @Test("issuers that the operator adds")
    func allowedIssuers() async throws {
        let issuer = "https://id.example/"
        double.set(\.issuer, issuer)
        let fixture = try await AuthFixture.with(double) { $0.external.allowedIssuers = [issuer] }
        let named: [JSONText.Member] = [.init("client_id", .string("client")), .init("issuer", .string(issuer))]
        let session = await grant(fixture, try double.idToken(), provider: nil, with: named)
        #expect(session.status == 200 && session.text("user", "app_metadata", "provider") == issuer)
        #expect(double.requests.first?.url == "https://id.example/.well-known/openid-configuration")
        let other: [JSONText.Member] = [.init("client_id", .string("mine")), .init("issuer", .string(issuer))]
        #expect(
            await grant(fixture, try double.idToken(), provider: nil, with: other).text("error_description")
                == "Unacceptable audience in id_token: [client]")
    }

    @Test("an identity is added by a token")
    func linking() async throws {
        let fixture = try await AuthFixture.with(double) { $0.allowsLinking = true }
        let token = await fixture.signUp("c@d.example").text("access_token")
        let link = [JSONText.Member("link_identity", .bool(true))]
        #expect(await grant(fixture, try double.idToken(), with: link).status == 401)
        let linked = await grant(fixture, try double.idToken(), bearer: token, with: link)
        #expect(linked.status == 200 && linked.text("user", "email") == "c@d.example")
        #expect(linked.json["user"]?["identities"]?.arrayValue?.count == 2)
    }

    @Test("no address, and an unverified one that is taken")
    func addresses() async throws {
        let fixture = try await AuthFixture.with(double)
        let none = await grant(fixture, try double.idToken([.init("email", .null)]))
        #expect(none.code == "email_address_not_provided")
        _ = await fixture.signUp("a@b.example")
        let unverified = await grant(fixture, try double.idToken([.init("email_verified", .bool(false))]))
        #expect(unverified.status == 200 && unverified.text("user", "email").isEmpty)
    }
}

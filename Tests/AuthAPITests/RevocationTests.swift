import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import AuthAPI

/// What ends with a change of an account.
@Suite(
    "Ends of sessions and codes",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct RevocationTests {
    private static let number = "15550000001"

    private func fixture(_ change: (inout AuthConfiguration) -> Void = { _ in }) async throws -> AuthFixture {
        try await AuthFixture.with {
            $0.autoconfirmsEmail = false
            $0.emailGapSeconds = 0
            $0.mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
            $0.hasPhone = true
            $0.sms.testCodes = [Self.number: "123456"]
            change(&$0)
        }
    }

    /// A user with a confirmed address.
    private func user(_ fixture: AuthFixture) async throws -> AuthFixture.Answer {
        _ = await fixture.signUp("a@b.example")
        let code = try #require(try await fixture.mails().last).code
        return await fixture.ask(
            "POST", "/verify", body: #"{"type":"signup","email":"a@b.example","token":"\#(code)"}"#)
    }

    /// The hash of a recovery link that is sent now.
    private func recoveryHash(_ fixture: AuthFixture) async throws -> String {
        #expect(await fixture.ask("POST", "/recover", body: #"{"email":"a@b.example"}"#).status == 200)
        let link = try #require(try await fixture.mails().last).link
        return FormText.pairs(link.split(separator: "?").last.map(String.init) ?? "")
            .first { $0.name == "token" }?.value ?? ""
    }

    private func follow(_ hash: String, _ fixture: AuthFixture) async -> AuthFixture.Answer {
        await fixture.ask("POST", "/verify", body: #"{"type":"recovery","token_hash":"\#(hash)"}"#)
    }

    private func administer(
        _ id: String, to body: String, in fixture: AuthFixture
    ) async throws -> AuthFixture.Answer {
        await fixture.ask("PUT", "/admin/users/\(id)", token: try fixture.admin(), body: body)
    }

    @Test("a password that an administrator sets ends sessions, codes and changes that wait")
    func passwordOfAnAdministrator() async throws {
        let fixture = try await fixture { $0.hasSecureEmailChange = false }
        let session = try await user(fixture)
        let hash = try await recoveryHash(fixture)
        let asked = await fixture.ask(
            "PUT", "/user", token: session.text("access_token"), body: #"{"email":"evil@b.example"}"#)
        #expect(asked.status == 200)
        let changed = try await administer(session.text("user", "id"), to: #"{"password":"password2"}"#, in: fixture)
        #expect(changed.status == 200, "\(changed)")
        let refreshed = await fixture.refresh(session.text("refresh_token"))
        #expect(refreshed.status == 400, "\(refreshed)")
        #expect(await follow(hash, fixture).status == 403)
        _ = await fixture.ask("POST", "/resend", body: #"{"type":"email_change","email":"a@b.example"}"#)
        #expect(try await fixture.mails().count { $0.to == "evil@b.example" } == 1)
    }

    @Test("what an administrator changes otherwise ends no session")
    func otherChanges() async throws {
        let fixture = try await fixture()
        let session = try await user(fixture)
        let changed = try await administer(session.text("user", "id"), to: #"{"user_metadata":{"x":1}}"#, in: fixture)
        #expect(changed.status == 200, "\(changed)")
        #expect(await fixture.refresh(session.text("refresh_token")).status == 200)
    }

    @Test("a link to the old address ends with the change of the address", arguments: ["user", "administrator"])
    func linksToTheOldAddress(_ way: String) async throws {
        let fixture = try await fixture { $0.hasSecureEmailChange = false }
        let session = try await user(fixture)
        let hash = try await recoveryHash(fixture)
        if way == "user" {
            _ = await fixture.ask(
                "PUT", "/user", token: session.text("access_token"), body: #"{"email":"n@b.example"}"#)
            let code = try #require(try await fixture.mails().last).code
            let changed = await fixture.ask(
                "POST", "/verify", body: #"{"type":"email_change","email":"n@b.example","token":"\#(code)"}"#)
            #expect(changed.text("user", "email") == "n@b.example", "\(changed)")
        } else {
            let changed = try await administer(session.text("user", "id"), to: #"{"email":"n@b.example"}"#, in: fixture)
            #expect(changed.text("email") == "n@b.example", "\(changed)")
        }
        let answer = await follow(hash, fixture)
        #expect(answer.status == 403, "\(answer)")
    }

    @Test("a new address leaves the code of a new number that was asked for with it")
    func bothAtOnce() async throws {
        let fixture = try await fixture { $0.hasSecureEmailChange = false }
        let session = try await user(fixture)
        let asked = await fixture.ask(
            "PUT", "/user", token: session.text("access_token"),
            body: #"{"email":"n@b.example","phone":"\#(Self.number)"}"#)
        #expect(asked.status == 200, "\(asked)")
        let code = try #require(try await fixture.mails().last).code
        for body in [
            #"{"type":"email_change","email":"n@b.example","token":"\#(code)"}"#,
            #"{"type":"phone_change","phone":"\#(Self.number)","token":"123456"}"#,
        ] {
            let verified = await fixture.ask("POST", "/verify", body: body)
            #expect(verified.status == 200, "\(verified)")
        }
    }

    @Test("a deleted user leaves no flow", arguments: [true, false])
    func deletedUsers(isSoft: Bool) async throws {
        let fixture = try await fixture()
        let id = try await user(fixture).text("user", "id")
        let challenge =
            #""code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM","code_challenge_method":"s256""#
        #expect(await fixture.ask("POST", "/otp", body: #"{"email":"a@b.example",\#(challenge)}"#).status == 200)
        #expect(try await fixture.count("auth.flow_state") == 1)
        let deleted = await fixture.ask(
            "DELETE", "/admin/users/\(id)", token: try fixture.admin(), body: #"{"should_soft_delete":\#(isSoft)}"#)
        #expect(deleted.status == 200, "\(deleted)")
        #expect(try await fixture.count("auth.flow_state") == 0)
    }

    // MARK: Tokens of the older form

    /// A session as GoTrue left it, with three tokens of which the last is in force.
    private func olderSession(_ fixture: AuthFixture) async throws -> AuthFixture.Answer {
        let session = try await user(fixture)
        let tokens = [("aaaaaaaaaaaa", ""), ("bbbbbbbbbbbb", "aaaaaaaaaaaa"), ("cccccccccccc", "bbbbbbbbbbbb")]
        for (token, parent) in tokens {
            try await fixture.pool.execute(
                """
                INSERT INTO auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent,
                  session_id)
                SELECT '\(AuthStore.instance)', $1::text, user_id, $1::text <> 'cccccccccccc', now(),
                  now() - interval '1 day', nullif($2::text, ''), id FROM auth.sessions
                """, [.text(token), .text(parent)])
        }
        try await fixture.pool.execute(
            "UPDATE auth.sessions SET refresh_token_hmac_key = NULL, refresh_token_counter = NULL")
        return session
    }

    @Test("of the tokens of the older form the last one alone gives an answer twice")
    func olderTokens() async throws {
        let fixture = try await fixture()
        _ = try await olderSession(fixture)
        let moved = await fixture.refresh("cccccccccccc")
        #expect(moved.status == 200, "\(moved)")
        // The client lost the answer.
        try await fixture.pool.execute("UPDATE auth.refresh_tokens SET updated_at = now() - interval '1 hour'")
        #expect(await fixture.refresh("cccccccccccc").status == 200)
        let stolen = await fixture.refresh("aaaaaaaaaaaa")
        #expect(stolen.code == "refresh_token_already_used", "\(stolen)")
    }

    @Test("a session that was raised is not reached by tokens of before")
    func olderTokensOfARaisedSession() async throws {
        let fixture = try await fixture()
        let token = try await olderSession(fixture).text("access_token")
        let moved = await fixture.refresh("cccccccccccc")
        #expect(moved.status == 200, "\(moved)")
        let enrolled = await fixture.ask("POST", "/factors", token: token, body: #"{"factor_type":"totp"}"#)
        let path = "/factors/\(enrolled.text("id"))"
        let challenge = await fixture.ask("POST", "\(path)/challenge", token: token, body: "{}").text("id")
        let secret = try #require(Base32.decode(enrolled.text("totp", "secret")))
        let code = try TOTP.code(secret: secret, step: TOTP.step(at: fixture.service.clock()))
        let raised = await fixture.ask(
            "POST", "\(path)/verify", token: token, body: #"{"challenge_id":"\#(challenge)","code":"\#(code)"}"#)
        #expect(raised.status == 200, "\(raised)")
        #expect(await fixture.refresh("cccccccccccc").status == 400)
    }
}

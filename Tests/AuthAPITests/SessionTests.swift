import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import AuthAPI

@Suite(
    "Sessions of the AUTH API", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct SessionTests {
    @Test("signing up gives a session whose token says who it is")
    func signingUpGivesASessionWhose() async throws {
        let fixture = try await AuthFixture.with()
        let answer = await fixture.ask(
            "POST", "/signup", body: #"{"email":"A@B.example","password":"password1","data":{"name":"Ada"}}"#)
        #expect(answer.status == 200, "\(answer)")
        #expect(answer.text("token_type") == "bearer" && answer.json["expires_in"] == .number("3600"))
        #expect(answer.text("user", "email") == "a@b.example")
        #expect(answer.text("user", "user_metadata", "name") == "Ada")
        #expect(answer.json["user"]?["user_metadata"]?["email_verified"] == .bool(true))
        #expect(answer.json["user"]?["app_metadata"]?.text == #"{"provider":"email","providers":["email"]}"#)
        #expect(answer.json["user"]?["identities"]?.arrayValue?.count == 1)
        let claims = try TokenVerifier(keys: fixture.service.keys.verifying, audience: nil)
            .claims(of: answer.text("access_token"), at: fixture.service.clock())
        #expect(
            claims.members.map(\.name).sorted() == [
                "aal", "amr", "app_metadata", "aud", "email", "exp", "iat", "is_anonymous", "iss", "phone", "role",
                "session_id", "sub", "user_metadata",
            ])
        #expect(claims["aud"] == .string("authenticated") && claims["aal"] == .string("aal1"))
        #expect(claims["amr"]?.arrayValue?.first?["method"] == .string("password"))
        #expect(claims["iss"] == .string("http://auth.example/auth/v1"))
        let user = await fixture.ask("GET", "/user", token: answer.text("access_token"))
        #expect(user.status == 200 && user.text("id") == answer.text("user", "id"))
        let twice = await fixture.signUp("a@b.example")
        #expect(twice.status == 422 && twice.code == "user_already_exists")
    }

    @Test("wrong passwords, unknown users and missing passwords get one answer")
    func wrongPasswordsUnknownUsersAndMissing() async throws {
        let fixture = try await AuthFixture.with()
        #expect(await fixture.signUp("a@b.example").status == 200)
        for body in [
            #"{"email":"a@b.example","password":"password2"}"#, #"{"email":"c@b.example","password":"password1"}"#,
            #"{"email":"a@b.example"}"#, #"{"email":"no address","password":"password1"}"#,
        ] {
            let answer = await fixture.ask("POST", "/token?grant_type=password", body: body)
            #expect(answer.status == 400 && answer.code == "invalid_credentials")
            #expect(answer.text("msg") == "Invalid login credentials")
        }
        let right = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"A@b.example","password":"password1"}"#)
        #expect(right.status == 200)
        let weak = await fixture.ask("POST", "/signup", body: #"{"email":"d@b.example","password":"123"}"#)
        #expect(weak.status == 422 && weak.code == "weak_password")
        #expect(await fixture.ask("POST", "/token?grant_type=nothing", body: "{}").code == "invalid_credentials")
        #expect(await fixture.ask("POST", "/token?grant_type=password", body: "{").code == "bad_json")
    }

    // MARK: Refreshing

    @Test("a refresh continues the session, a lost answer is given again, an old token ends the session")
    func aRefreshContinues() async throws {
        let fixture = try await AuthFixture.with { $0.reuseSeconds = 0 }
        let first = await fixture.signUp("a@b.example").text("refresh_token")
        let second = await fixture.refresh(first)
        #expect(second.status == 200, "\(second)")
        // The client did not get the answer.
        let again = await fixture.refresh(first)
        #expect(again.status == 200 && again.text("refresh_token") == second.text("refresh_token"))
        let third = await fixture.refresh(second.text("refresh_token"))
        #expect(third.status == 200 && third.text("refresh_token") != second.text("refresh_token"))
        // A second client presents a token that was used long ago: both sessions end.
        let thief = await fixture.refresh(first)
        #expect(thief.status == 400 && thief.code == "refresh_token_already_used")
        #expect(thief.text("msg") == "Invalid Refresh Token: Already Used")
        let victim = await fixture.refresh(third.text("refresh_token"))
        #expect(victim.status == 400 && victim.code == "refresh_token_not_found")
        let call = await fixture.ask("GET", "/user", token: third.text("access_token"))
        #expect(call.status == 403 && call.code == "session_not_found")
        #expect(try await fixture.count("auth.audit_log_entries WHERE payload ->> 'action' = 'token_revoked'") == 1)
    }

    @Test("within the reuse interval no session ends")
    func withinTheReuseIntervalNobodyIs() async throws {
        let fixture = try await AuthFixture.with { $0.reuseSeconds = 60 }
        let first = await fixture.signUp("a@b.example").text("refresh_token")
        let second = await fixture.refresh(first).text("refresh_token")
        let third = await fixture.refresh(second).text("refresh_token")
        let late = await fixture.refresh(first)
        #expect(late.status == 200 && late.text("refresh_token") == third)
    }

    @Test("many refreshes at once all get the same token")
    func manyRefreshesAtOnceAllGet() async throws {
        let fixture = try await AuthFixture.with { $0.reuseSeconds = 0 }
        let first = await fixture.signUp("a@b.example").text("refresh_token")
        let answers = await withTaskGroup(of: AuthFixture.Answer.self) { group in
            for _ in 0..<20 { group.addTask { await fixture.refresh(first) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.status == 200 })
        #expect(Set(answers.map { $0.text("refresh_token") }).count == 1)
        #expect(try await fixture.count("auth.sessions WHERE refresh_token_counter = 1") == 1)
    }

    @Test("refresh tokens of others are not taken")
    func refreshTokensOfOthersAreNot() async throws {
        let fixture = try await AuthFixture.with()
        let answer = await fixture.signUp("a@b.example")
        let token = try #require(RefreshToken(answer.text("refresh_token")))
        let forged = try RefreshToken.text(session: token.session, counter: 0, key: fixture.service.keys.codeKey)
        #expect(await fixture.refresh(forged).code == "refresh_token_not_found")
        #expect(await fixture.refresh("abcdefghijkl").code == "refresh_token_not_found")
        #expect(await fixture.refresh("anything else").code == "validation_failed")
        let none = await fixture.ask("POST", "/token?grant_type=refresh_token", body: "{}")
        #expect(none.status == 400 && none.text("error") == "invalid_request")
        #expect(none.text("error_description") == "refresh_token required")
    }

    @Test("sessions end by time, by idleness and by a newer sign-in")
    func sessionsEndByTimeByIdleness() async throws {
        let fixture = try await AuthFixture.with {
            $0.sessionTimebox = 86_400
            $0.sessionInactivity = 3_600
            $0.hasSingleSession = true
        }
        let first = await fixture.signUp("a@b.example").text("refresh_token")
        let second = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password1"}"#)
        let superseded = await fixture.refresh(first)
        #expect(superseded.code == "session_expired")
        #expect(superseded.text("msg") == "Invalid Refresh Token: Session Expired (Revoked by Newer Login)")
        let token = second.text("refresh_token")
        try await fixture.pool.execute(
            "UPDATE auth.sessions SET refreshed_at = (now() AT TIME ZONE 'utc') - interval '2 hours'")
        #expect(await fixture.refresh(token).text("msg") == "Invalid Refresh Token: Session Expired (Inactivity)")
        try await fixture.pool.execute(
            "UPDATE auth.sessions SET refreshed_at = NULL, created_at = now() - interval '2 days'")
        #expect(await fixture.refresh(token).text("msg") == "Invalid Refresh Token: Session Expired")
    }

    // MARK: Tokens

    @Test("an expired token is refused, and a refresh gives one that counts")
    func anExpiredTokenIsRefusedAnd() async throws {
        let clock = TestClock(1_800_000_000)
        let fixture = try await AuthFixture.with(clock: clock)
        let answer = await fixture.signUp("a@b.example")
        clock.advance(by: 3_700)
        let old = await fixture.ask("GET", "/user", token: answer.text("access_token"))
        #expect(old.status == 403 && old.code == "bad_jwt")
        let fresh = await fixture.refresh(answer.text("refresh_token"))
        #expect(await fixture.ask("GET", "/user", token: fresh.text("access_token")).status == 200)
    }

    @Test("a user who is deleted or banned while the session lives")
    func aUserWhoIsDeletedOr() async throws {
        let fixture = try await AuthFixture.with()
        let answer = await fixture.signUp("a@b.example")
        let id = answer.text("user", "id")
        let banned = await fixture.ask(
            "PUT", "/admin/users/\(id)", token: try fixture.admin(), body: #"{"ban_duration":"24h"}"#)
        #expect(banned.status == 200, "\(banned)")
        #expect(await fixture.ask("GET", "/user", token: answer.text("access_token")).status == 403)
        let signIn = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password1"}"#)
        #expect(signIn.status == 400 && signIn.code == "user_banned")
        #expect(await fixture.ask("DELETE", "/admin/users/\(id)", token: try fixture.admin()).status == 200)
        #expect(await fixture.ask("GET", "/user", token: answer.text("access_token")).code == "user_not_found")
        #expect(await fixture.refresh(answer.text("refresh_token")).code == "refresh_token_not_found")
    }

    @Test("signing out ends one session, the others, or all")
    func signingOutEndsOneSessionThe() async throws {
        let fixture = try await AuthFixture.with()
        let first = await fixture.signUp("a@b.example").text("access_token")
        func signIn() async -> String {
            await fixture.ask(
                "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password1"}"#
            ).text("access_token")
        }
        let second = await signIn()
        let third = await signIn()
        #expect(await fixture.ask("POST", "/logout?scope=local", token: first).status == 204)
        #expect(await fixture.ask("GET", "/user", token: first).code == "session_not_found")
        #expect(await fixture.ask("POST", "/logout?scope=others", token: third).status == 204)
        #expect(await fixture.ask("GET", "/user", token: second).status == 403)
        #expect(await fixture.ask("GET", "/user", token: third).status == 200)
        #expect(await fixture.ask("POST", "/logout?scope=some", token: third).code == "validation_failed")
        #expect(await fixture.ask("POST", "/logout", token: third).status == 204)
        #expect(await fixture.ask("POST", "/logout").code == "no_authorization")
        #expect(try await fixture.count("auth.sessions") == 0)
    }

    @Test("an account that was not confirmed is not opened by a stranger's sign-up")
    func anAccountThatWasNotConfirmed() async throws {
        let fixture = try await AuthFixture.with()
        let body = #"{"email":"a@b.example","password":"password1"}"#
        #expect(await fixture.ask("POST", "/admin/users", token: try fixture.admin(), body: body).status == 200)
        #expect(await fixture.signUp("a@b.example", password: "password2").code == "user_already_exists")
        #expect(await fixture.signUp("a@b.example").status == 200)
    }

    @Test("old rows go, others stay")
    func oldRowsGoOthersStay() async throws {
        let fixture = try await AuthFixture.with { $0.sessionTimebox = 3_600 }
        _ = await fixture.signUp("a@b.example")
        let token = await fixture.signUp("c@b.example").text("access_token")
        _ = await fixture.ask("POST", "/signup", body: "{}")
        try await fixture.pool.execute(
            """
            UPDATE auth.sessions SET created_at = now() - interval '2 days'
            WHERE user_id = (SELECT id FROM auth.users WHERE email = 'a@b.example')
            """)
        try await fixture.pool.execute(
            "UPDATE auth.users SET created_at = now() - interval '31 days' WHERE is_anonymous")
        try await AuthCleanup(service: fixture.service, takesUsers: false).round()
        #expect(try await fixture.count("auth.users") == 3)
        try await AuthCleanup(service: fixture.service, takesUsers: true).round()
        #expect(try await fixture.count("auth.users") == 2)
        #expect(try await fixture.count("auth.sessions") == 1)
        #expect(await fixture.ask("GET", "/user", token: token).status == 200)
    }

    @Test("an anonymous user becomes a permanent one")
    func anAnonymousUserBecomesAPermanent() async throws {
        let fixture = try await AuthFixture.with()
        let answer = await fixture.ask("POST", "/signup", body: "{}")
        #expect(answer.status == 200 && answer.json["user"]?["is_anonymous"] == .bool(true), "\(answer)")
        let token = answer.text("access_token")
        let changed = await fixture.ask(
            "PUT", "/user", token: token, body: #"{"email":"a@b.example","password":"password1"}"#)
        #expect(changed.status == 200 && changed.json["is_anonymous"] == .bool(false), "\(changed)")
        #expect(changed.text("id") == answer.text("user", "id"))
        let signedIn = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password1"}"#)
        #expect(signedIn.status == 200)
    }

    @Test("a function of the project changes the claims")
    func aFunctionOfTheProjectChanges() async throws {
        let fixture = try await AuthFixture.with {
            $0.hooks[.customAccessToken] = .function(schema: "public", name: "add_claim")
        }
        try await fixture.pool.withConnection {
            try await $0.executeScript(
                """
                CREATE FUNCTION public.add_claim(event jsonb) RETURNS jsonb LANGUAGE sql AS
                  $$ SELECT jsonb_set(event, '{claims,plan}', '"gold"') $$
                """)
        }
        let token = await fixture.signUp("a@b.example").text("access_token")
        let claims = try TokenVerifier(keys: fixture.service.keys.verifying, audience: nil)
            .claims(of: token, at: fixture.service.clock())
        #expect(claims["plan"] == .string("gold"))
        try await fixture.pool.withConnection {
            try await $0.executeScript(
                """
                CREATE OR REPLACE FUNCTION public.add_claim(event jsonb) RETURNS jsonb LANGUAGE sql AS
                  $$ SELECT '{"error":{"http_code":403,"message":"not you"}}'::jsonb $$
                """)
        }
        let refused = await fixture.signUp("c@b.example")
        #expect(refused.status == 403 && refused.text("msg") == "not you")
        #expect(try await fixture.count("auth.users") == 1)
    }
}

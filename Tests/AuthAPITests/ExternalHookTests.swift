import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing

@testable import AuthAPI

@Suite(
    "Hooks and notices about users of providers",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct ExternalHookTests {
    private let double: ProviderDouble

    init() throws { double = try ProviderDouble() }

    private func define(_ name: String, _ body: String, in fixture: AuthFixture) async throws {
        try await fixture.pool.withConnection {
            try await $0.executeScript(
                """
                CREATE TABLE IF NOT EXISTS public.seen (event jsonb);
                CREATE OR REPLACE FUNCTION public.\(name)(event jsonb) RETURNS jsonb LANGUAGE plpgsql AS
                  $$ BEGIN \(body) END $$;
                """)
        }
    }

    @Test("a hook that refuses a new user leaves none; one who is there is not asked about")
    func before() async throws {
        let fixture = try await AuthFixture.with(double) {
            $0.hooks[.beforeUserCreated] = .function(schema: "public", name: "before")
        }
        try await define("before", #"RETURN '{"decision":"reject","message":"not you"}'::jsonb;"#, in: fixture)
        let refused = await fixture.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        #expect(refused.fragment("error_description") == "not you", "\(refused.location)")
        #expect(try await fixture.count("auth.users") == 0)
        #expect(try await fixture.count("auth.identities") == 0)
        try await define("before", "RETURN '{}'::jsonb;", in: fixture)
        let back = await fixture.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        #expect(!back.fragment("access_token").isEmpty, "\(back.location)")
        try await define("before", #"RETURN '{"decision":"reject"}'::jsonb;"#, in: fixture)
        let again = await fixture.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        #expect(!again.fragment("access_token").isEmpty, "\(again.location)")
    }

    @Test("a hook learns of a new user once")
    func after() async throws {
        let fixture = try await AuthFixture.with(double) {
            $0.hooks[.afterUserCreated] = .function(schema: "public", name: "after")
        }
        try await define("after", "INSERT INTO public.seen VALUES (event); RETURN NULL;", in: fixture)
        for _ in 0..<2 {
            let back = await fixture.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
            #expect(!back.fragment("access_token").isEmpty, "\(back.location)")
        }
        #expect(try await fixture.count("public.seen WHERE event -> 'user' ->> 'email' = 'a@b.example'") == 1)
    }

    @Test("a user learns of an identity that was added")
    func notice() async throws {
        let fixture = try await AuthFixture.with(double) {
            $0.allowsLinking = true
            $0.mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
            $0.notices = [.identityLinked]
        }
        let token = await fixture.signUp("a@b.example").text("access_token")
        let left = await fixture.leave("provider=google", token: token, path: "/user/identities/authorize")
        let code = double.visit(.user("g1", email: "other@b.example"), nonce: left.nonce)
        _ = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        let mails = try await fixture.mails()
        #expect(mails.count == 1 && mails.first?.html.contains("google") == true)
    }
}

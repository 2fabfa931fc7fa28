import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing

@testable import AuthAPI

@Suite(
    "Owners of accounts",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct ClaimTests {
    private func fixture(_ change: (inout AuthConfiguration) -> Void = { _ in }) async throws -> AuthFixture {
        try await AuthFixture.with {
            $0.autoconfirmsEmail = false
            $0.emailGapSeconds = 0
            $0.mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
            change(&$0)
        }
    }

    private func canSignIn(_ fixture: AuthFixture, _ password: String) async -> Bool {
        await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"\#(password)"}"#
        ).status == 200
    }

    /// Follows the link of the newest mail.
    private func followLink(_ fixture: AuthFixture) async throws {
        let mail = try #require(try await fixture.mails().last)
        let location = await fixture.ask("GET", mail.link).header("Location")
        #expect(location.contains("access_token="), "\(location)")
    }

    @Test("a repeated sign-up brings its own password and metadata")
    func repeatedSignUp() async throws {
        let fixture = try await fixture()
        _ = await fixture.ask(
            "POST", "/signup", body: #"{"email":"a@b.example","password":"attacker1","data":{"name":"evil","x":1}}"#)
        _ = await fixture.ask(
            "POST", "/signup", body: #"{"email":"a@b.example","password":"owner1","data":{"name":"owner"}}"#)
        try await followLink(fixture)
        #expect(await !canSignIn(fixture, "attacker1"))
        #expect(await canSignIn(fixture, "owner1"))
        let row = try await fixture.pool.single(
            """
            SELECT u.raw_user_meta_data ->> 'name' AS name, u.raw_user_meta_data ->> 'x' AS x,
              i.identity_data ->> 'x' AS identity FROM auth.users u JOIN auth.identities i ON i.user_id = u.id
            """)
        #expect(try row.string("name") == "owner")
        #expect(try row.optionalString("x") == nil && row.optionalString("identity") == nil)
    }

    @Test("a sign-up that comes too soon after another changes nothing")
    func tooSoon() async throws {
        let fixture = try await fixture { $0.emailGapSeconds = 60 }
        _ = await fixture.signUp("a@b.example", password: "owner1")
        #expect(await fixture.signUp("a@b.example", password: "attacker1").status == 429)
        try await followLink(fixture)
        #expect(await canSignIn(fixture, "owner1"))
        #expect(await !canSignIn(fixture, "attacker1"))
    }

    @Test(
        "what proves the address by another way does not confirm a password given before",
        arguments: ["otp", "recover", "invite", "magiclink", "recovery", "link invite"])
    func otherWays(_ way: String) async throws {
        let fixture = try await fixture { $0.allowsUnverifiedEmail = true }
        _ = await fixture.signUp("a@b.example", password: "attacker1")
        // The attacker is in before the address is confirmed.
        #expect(await canSignIn(fixture, "attacker1"))
        switch way {
        case "otp", "recover":
            #expect(await fixture.ask("POST", "/\(way)", body: #"{"email":"a@b.example"}"#).status == 200)
            try await followLink(fixture)
        case "invite":
            let answer = await fixture.ask(
                "POST", "/invite", token: try fixture.admin(), body: #"{"email":"a@b.example"}"#)
            #expect(answer.status == 200)
            try await followLink(fixture)
        default:
            let type = way == "link invite" ? "invite" : way
            let link = await fixture.ask(
                "POST", "/admin/generate_link", token: try fixture.admin(),
                body: #"{"type":"\#(type)","email":"a@b.example"}"#)
            let verified = await fixture.ask(
                "POST", "/verify", body: #"{"type":"\#(type)","token_hash":"\#(link.text("hashed_token"))"}"#)
            #expect(verified.status == 200, "\(verified)")
        }
        #expect(await !canSignIn(fixture, "attacker1"))
        #expect(try await fixture.count("auth.users WHERE email_confirmed_at IS NOT NULL") == 1)
        // The owner's session alone.
        #expect(try await fixture.count("auth.sessions") == 1)
    }

    @Test("a link of an administrator for a sign-up brings its own password")
    func signUpLink() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example", password: "attacker1")
        let link = await fixture.ask(
            "POST", "/admin/generate_link", token: try fixture.admin(),
            body: #"{"type":"signup","email":"a@b.example","password":"owner1"}"#)
        let verified = await fixture.ask(
            "POST", "/verify", body: #"{"type":"signup","token_hash":"\#(link.text("hashed_token"))"}"#)
        #expect(verified.status == 200, "\(verified)")
        #expect(await !canSignIn(fixture, "attacker1"))
        #expect(await canSignIn(fixture, "owner1"))
    }

    @Test("a confirmed account keeps its password, whatever code it asks for")
    func confirmed() async throws {
        let fixture = try await fixture()
        _ = await fixture.signUp("a@b.example", password: "owner1")
        try await followLink(fixture)
        for way in ["otp", "recover"] {
            #expect(await fixture.ask("POST", "/\(way)", body: #"{"email":"a@b.example"}"#).status == 200)
            try await followLink(fixture)
        }
        #expect(await canSignIn(fixture, "owner1"))
    }
}

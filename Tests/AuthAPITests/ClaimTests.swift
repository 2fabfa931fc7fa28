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
    private static let number = "15550000001"

    private let double: ProviderDouble

    init() throws { double = try ProviderDouble() }

    private func fixture(_ change: (inout AuthConfiguration) -> Void = { _ in }) async throws -> AuthFixture {
        try await AuthFixture.with(double) {
            $0.autoconfirmsEmail = false
            $0.emailGapSeconds = 0
            $0.mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
            $0.hasPhone = true
            $0.sms.gapSeconds = 0
            $0.sms.testCodes = [Self.number: "123456", "15550000002": "123456"]
            change(&$0)
        }
    }

    /// A stranger signs in at a provider that does not verify addresses.
    private func strangersSignIn(_ fixture: AuthFixture) async -> AuthFixture.Answer {
        await fixture.signIn("spotify", at: double, as: .user("stranger", email: "a@b.example"))
    }

    /// The owner's account has nothing of the stranger's, and the stranger's next sign-in does not reach it.
    private func expectNothingLeft(_ fixture: AuthFixture) async throws {
        let row = try await fixture.pool.single(
            """
            SELECT u.id::text AS id, u.raw_app_meta_data ->> 'provider' AS provider,
              (SELECT string_agg(i.provider, ' ') FROM auth.identities i WHERE i.user_id = u.id) AS identities
            FROM auth.users u WHERE u.email = 'a@b.example' AND u.email_confirmed_at IS NOT NULL
            """)
        #expect(try row.optionalString("identities") == "email" && row.optionalString("provider") == "email")
        let back = await strangersSignIn(fixture)
        let token = back.fragment("access_token")
        let reached = token.isEmpty ? "" : await fixture.ask("GET", "/user", token: token).text("id")
        #expect(try reached != row.string("id"), "\(back.location)")
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

    @Test("a repeated sign-up brings its own metadata, and leaves no password but the one that both bring")
    func repeatedSignUp() async throws {
        let fixture = try await fixture()
        #expect(await strangersSignIn(fixture).fragment("error_code") == "provider_email_needs_verification")
        for (password, name) in [("attacker1", #""evil","x":1"#), ("owner1", #""owner""#)] {
            let answer = await fixture.ask(
                "POST", "/signup", body: #"{"email":"a@b.example","password":"\#(password)","data":{"name":\#(name)}}"#)
            #expect(answer.status == 200, "\(answer)")
        }
        try await followLink(fixture)
        #expect(await !canSignIn(fixture, "attacker1"))
        // Nobody knows which of the two has followed the link.
        #expect(await !canSignIn(fixture, "owner1"))
        let row = try await fixture.pool.single(
            """
            SELECT u.raw_user_meta_data ->> 'name' AS name, u.raw_user_meta_data ->> 'x' AS x,
              i.identity_data ->> 'x' AS identity FROM auth.users u JOIN auth.identities i ON i.user_id = u.id
            """)
        #expect(try row.string("name") == "owner")
        #expect(try row.optionalString("x") == nil && row.optionalString("identity") == nil)
        try await expectNothingLeft(fixture)
    }

    @Test("the same sign-up twice keeps its password")
    func sameSignUp() async throws {
        let fixture = try await fixture()
        for _ in 0..<2 { #expect(await fixture.signUp("a@b.example", password: "owner1").status == 200) }
        try await followLink(fixture)
        #expect(await canSignIn(fixture, "owner1"))
    }

    @Test(
        "a sign-up to an account that was made in another way leaves no password",
        arguments: ["otp", "invite", "admin"])
    func foreignSignUp(_ way: String) async throws {
        let fixture = try await fixture()
        let path = way == "admin" ? "/admin/users" : "/\(way)"
        let made = await fixture.ask("POST", path, token: try fixture.admin(), body: #"{"email":"a@b.example"}"#)
        #expect(made.status == 200, "\(made)")
        for _ in 0..<2 { #expect(await fixture.signUp("a@b.example", password: "attacker1").status == 200) }
        let mail = try #require(try await fixture.mails().last)
        let owner = await fixture.ask(
            "POST", "/verify", body: #"{"type":"email","email":"a@b.example","token":"\#(mail.code)"}"#)
        #expect(owner.status == 200, "\(owner)")
        #expect(await !canSignIn(fixture, "attacker1"))
        let set = await fixture.ask(
            "PUT", "/user", token: owner.text("access_token"), body: #"{"password":"owner1"}"#)
        #expect(set.status == 200, "\(set)")
        #expect(await canSignIn(fixture, "owner1"))
    }

    @Test("a sign-up by phone to an account that a code has made leaves no password")
    func foreignSignUpByPhone() async throws {
        let fixture = try await fixture()
        _ = await fixture.ask("POST", "/otp", body: #"{"phone":"\#(Self.number)"}"#)
        let signUp = #"{"phone":"\#(Self.number)","password":"attacker1"}"#
        #expect(await fixture.ask("POST", "/signup", body: signUp).status == 200)
        let verified = await fixture.ask(
            "POST", "/verify", body: #"{"type":"sms","phone":"\#(Self.number)","token":"123456"}"#)
        #expect(verified.status == 200, "\(verified)")
        #expect(await fixture.ask("POST", "/token?grant_type=password", body: signUp).code == "invalid_credentials")
    }

    /// What an answer shows beside ids, times and the address itself.
    private func shown(_ json: JSONText) -> JSONText {
        switch json {
        case .object(let members):
            .object(
                members.map { member in
                    let isOwn = ["id", "identity_id", "user_id", "sub", "email", "phone"].contains(member.name)
                    let hides = (isOwn || member.name.hasSuffix("_at")) && member.value != .string("")
                    return .init(member.name, hides ? .string("…") : shown(member.value))
                })
        case .array(let elements): .array(elements.map(shown))
        default: json
        }
    }

    @Test("a sign-up shows nothing of an account that an administrator has made", arguments: ["email", "phone"])
    func answers(_ kind: String) async throws {
        let fixture = try await fixture()
        let made = await fixture.ask(
            "POST", "/admin/users", token: try fixture.admin(),
            body: #"""
                {"email":"a@b.example","phone":"\#(Self.number)","role":"editor","app_metadata":{"plan":"gold"},
                  "user_metadata":{"name":"Ada"}}
                """#)
        #expect(made.status == 200, "\(made)")
        func signUp(_ email: String, _ phone: String) async -> AuthFixture.Answer {
            let address = kind == "email" ? email : phone
            return await fixture.ask(
                "POST", "/signup", body: #"{"\#(kind)":"\#(address)","password":"owner1","data":{"x":1}}"#)
        }
        let known = await signUp("a@b.example", Self.number)
        let new = await signUp("c@d.example", "15550000002")
        #expect(known.status == 200 && new.status == 200, "\(known) \(new)")
        #expect(shown(known.json) == shown(new.json))
        #expect(known.json["identities"]?.arrayValue?.count == 1)
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
        "who proves the address by another way gets nothing of who has claimed it before",
        arguments: ["otp", "signup", "recover", "invite", "magiclink", "recovery", "link invite"],
        ["password", "spotify"])
    func otherWays(_ way: String, after claim: String) async throws {
        let fixture = try await fixture { $0.allowsUnverifiedEmail = true }
        // The stranger is in before the address is confirmed, and begins to change addresses.
        let token = try await claimed(by: claim, fixture)
        let change = #"{"email":"evil@b.example"}"#
        #expect(await fixture.ask("PUT", "/user", token: token, body: change).status == 200)
        try await fixture.pool.execute("UPDATE auth.users SET phone_change = $1", [.text(Self.number)])
        let mailsToStranger = try await fixture.mails().count { $0.to == "evil@b.example" }
        switch way {
        case "otp", "recover":
            #expect(await fixture.ask("POST", "/\(way)", body: #"{"email":"a@b.example"}"#).status == 200)
            try await followLink(fixture)
        case "signup":
            #expect(await fixture.signUp("a@b.example", password: "owner1").status == 200)
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
        for (type, address) in [("phone_change", "phone"), ("email_change", "email")] {
            let value = address == "phone" ? Self.number : "a@b.example"
            _ = await fixture.ask("POST", "/resend", body: #"{"type":"\#(type)","\#(address)":"\#(value)"}"#)
        }
        #expect(try await fixture.mails().count { $0.to == "evil@b.example" } == mailsToStranger)
        let changed = await fixture.ask(
            "POST", "/verify", body: #"{"type":"phone_change","phone":"\#(Self.number)","token":"123456"}"#)
        #expect(changed.status == 403, "\(changed)")
        try await expectNothingLeft(fixture)
    }

    /// The token of a stranger who has claimed the address.
    private func claimed(by claim: String, _ fixture: AuthFixture) async throws -> String {
        guard claim == "password" else { return await strangersSignIn(fixture).fragment("access_token") }
        _ = await fixture.signUp("a@b.example", password: "attacker1")
        return await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"attacker1"}"#
        ).text("access_token")
    }

    @Test("who has not confirmed the address confirms no number beside it", arguments: [true, false])
    func numberBeside(autoconfirms: Bool) async throws {
        let fixture = try await fixture {
            $0.allowsUnverifiedEmail = true
            $0.autoconfirmsPhone = autoconfirms
        }
        let token = try await claimed(by: "password", fixture)
        let refused = await fixture.ask("PUT", "/user", token: token, body: #"{"phone":"\#(Self.number)"}"#)
        #expect(refused.status == 422 && refused.code == "email_not_confirmed", "\(refused)")
        // One that was asked for before.
        try await fixture.pool.execute("UPDATE auth.users SET phone_change = $1", [.text(Self.number)])
        _ = await fixture.ask("POST", "/resend", body: #"{"type":"phone_change","phone":"\#(Self.number)"}"#)
        let verified = await fixture.ask(
            "POST", "/verify", body: #"{"type":"phone_change","phone":"\#(Self.number)","token":"123456"}"#)
        #expect(verified.status == 422 && verified.code == "email_not_confirmed", "\(verified)")
        #expect(try await fixture.count("auth.users WHERE phone_confirmed_at IS NOT NULL") == 0)
    }

    @Test("a user by phone does not take an address that a provider did not verify")
    func addressBeside() async throws {
        let fixture = try await fixture { $0.allowsLinking = true }
        _ = await fixture.ask("POST", "/otp", body: #"{"phone":"\#(Self.number)"}"#)
        let stranger = await fixture.ask(
            "POST", "/verify", body: #"{"type":"sms","phone":"\#(Self.number)","token":"123456"}"#)
        let left = await fixture.leave(
            "provider=spotify", token: stranger.text("access_token"), path: "/user/identities/authorize")
        let code = double.visit(.user("stranger", email: "a@b.example"))
        let back = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        #expect(!back.fragment("access_token").isEmpty, "\(back.location)")
        _ = await fixture.ask("POST", "/otp", body: #"{"email":"a@b.example"}"#)
        try await followLink(fixture)
        try await expectNothingLeft(fixture)
        #expect(try await fixture.count("auth.users") == 2)
    }

    @Test("an identity that a stranger begins to add does not come to the owner's account")
    func beganToAdd() async throws {
        let fixture = try await fixture {
            $0.allowsUnverifiedEmail = true
            $0.allowsLinking = true
        }
        let token = try await claimed(by: "password", fixture)
        let left = await fixture.leave("provider=spotify", token: token, path: "/user/identities/authorize")
        _ = await fixture.ask("POST", "/otp", body: #"{"email":"a@b.example"}"#)
        try await followLink(fixture)
        let code = double.visit(.user("stranger", email: "evil@b.example"))
        let back = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        #expect(back.location.contains("error="), "\(back.location)")
        #expect(try await fixture.count("auth.identities WHERE provider = 'spotify'") == 0)
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

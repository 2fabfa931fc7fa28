import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing

@testable import AuthAPI

@Suite(
    "Accounts of users of providers",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct ExternalAccountTests {
    private let double: ProviderDouble

    init() throws { double = try ProviderDouble() }

    private func fixture(_ change: (inout AuthConfiguration) -> Void = { _ in }) async throws -> AuthFixture {
        try await AuthFixture.with(double) {
            $0.autoconfirmsEmail = false
            $0.emailGapSeconds = 0
            $0.mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
            $0.allowsLinking = true
            change(&$0)
        }
    }

    /// A user with a confirmed address and a password.
    private func confirmedUser(_ email: String, in fixture: AuthFixture) async throws -> AuthFixture.Answer {
        _ = await fixture.signUp(email)
        let mail = try #require(try await fixture.mails().last)
        return await fixture.ask(
            "POST", "/verify", body: #"{"type":"signup","email":"\#(email)","token":"\#(mail.code)"}"#)
    }

    @Test("a verified address leads to the account that has it")
    func links() async throws {
        let fixture = try await fixture()
        let user = try await confirmedUser("a@b.example", in: fixture).text("user", "id")
        let back = await fixture.signIn("google", at: double, as: .user("g1", email: "A@b.example"))
        let found = await fixture.ask("GET", "/user", token: back.fragment("access_token"))
        #expect(found.text("id") == user && found.json["identities"]?.arrayValue?.count == 2)
        #expect(
            found.json["app_metadata"]?["providers"] == .array([.string("email"), .string("google")]))
        // The password stays: the account had proved its address before.
        let password = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password1"}"#)
        #expect(password.status == 200)
    }

    @Test("an unverified address leads to no account of others")
    func unverified() async throws {
        let fixture = try await fixture()
        let victim = try await confirmedUser("a@b.example", in: fixture).text("user", "id")
        let refused = await fixture.signIn("spotify", at: double, as: .user("s1", email: "a@b.example"))
        #expect(
            refused.fragment("error_description")
                == "Unverified email with spotify. Verify the email with spotify in order to sign in")
        #expect(try await fixture.count("auth.identities WHERE provider = 'spotify'") == 0)
        // Where the operator asks for no proof, there is a new account, without the address.
        for change in [\AuthConfiguration.autoconfirmsEmail, \.allowsUnverifiedEmail] {
            let open = try await AuthFixture.with(fixture.parameters, http: double) {
                $0.external = fixture.service.configuration.external
                $0.autoconfirmsEmail = false
                $0[keyPath: change] = true
            }
            let back = await open.signIn("spotify", at: double, as: .user("\(change)", email: "a@b.example"))
            let found = await open.ask("GET", "/user", token: back.fragment("access_token"))
            #expect(found.status == 200 && found.text("id") != victim && found.text("email").isEmpty)
        }
    }

    @Test("an unverified address has to answer a mail first")
    func confirmation() async throws {
        let fixture = try await fixture()
        let back = await fixture.signIn("spotify", at: double, as: .user("s1", email: "a@b.example"))
        #expect(back.status == 302 && back.fragment("error") == "access_denied")
        #expect(back.fragment("error_code") == "provider_email_needs_verification")
        #expect(
            back.fragment("error_description")
                == "Unverified email with spotify. A confirmation email has been sent to your spotify email")
        #expect(try await fixture.count("auth.sessions") == 0)
        let mail = try #require(try await fixture.mails().last)
        #expect(await fixture.ask("GET", mail.link).location.contains("access_token="))
        let again = await fixture.signIn("spotify", at: double, as: .user("s1", email: "a@b.example"))
        #expect(!again.fragment("access_token").isEmpty, "\(again.location)")
        #expect(try await fixture.count("auth.users") == 1)
    }

    @Test("unverified addresses sign in where the operator allows it")
    func allowed() async throws {
        let fixture = try await fixture { $0.allowsUnverifiedEmail = true }
        let back = await fixture.signIn("spotify", at: double, as: .user("s1", email: "a@b.example"))
        #expect(!back.fragment("access_token").isEmpty)
        #expect(try await fixture.count("auth.users WHERE email_confirmed_at IS NULL") == 1)
        // It comes again with its other sessions still there.
        _ = await fixture.signIn("spotify", at: double, as: .user("s1", email: "a@b.example"))
        #expect(try await fixture.count("auth.sessions") == 2)
    }

    @Test("what a stranger has set before the owner comes is gone")
    func takeOver() async throws {
        let fixture = try await fixture()
        _ = await fixture.ask(
            "POST", "/signup",
            body: #"{"email":"a@b.example","password":"stranger1","data":{"admin":"yes"}}"#)
        let back = await fixture.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        let user = await fixture.ask("GET", "/user", token: back.fragment("access_token"))
        #expect(user.text("email") == "a@b.example" && user.json["user_metadata"]?["admin"] == nil)
        #expect(user.json["identities"]?.arrayValue?.count == 1)
        let password = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"stranger1"}"#)
        #expect(password.code == "invalid_credentials")
    }

    @Test("an anonymous user who took the address unverified loses the account to its owner")
    func anonymousClaim() async throws {
        let fixture = try await fixture()
        let token = await fixture.ask("POST", "/signup", body: "{}").text("access_token")
        let left = await fixture.leave("provider=spotify", token: token, path: "/user/identities/authorize")
        let code = double.visit(.user("s1", email: "a@b.example"))
        _ = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        #expect(try await fixture.count("auth.users WHERE email = 'a@b.example' AND is_anonymous") == 1)
        let back = await fixture.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        let owner = await fixture.ask("GET", "/user", token: back.fragment("access_token"))
        #expect(owner.text("email") == "a@b.example" && owner.json["is_anonymous"] == .bool(false), "\(owner)")
        #expect(owner.json["identities"]?.arrayValue?.map { $0["provider"] } == [.string("google")])
        #expect(await fixture.ask("GET", "/user", token: token).code == "session_not_found")
    }

    @Test("an identity with an unverified address draws nobody in")
    func unverifiedIdentity() async throws {
        let fixture = try await fixture()
        let stranger = try await confirmedUser("stranger@b.example", in: fixture)
        let left = await fixture.leave(
            "provider=spotify", token: stranger.text("access_token"), path: "/user/identities/authorize")
        let code = double.visit(.user("s1", email: "victim@b.example"))
        _ = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        #expect(try await fixture.count("auth.identities WHERE email = 'victim@b.example'") == 1)
        let back = await fixture.signIn("google", at: double, as: .user("g1", email: "victim@b.example"))
        let victim = await fixture.ask("GET", "/user", token: back.fragment("access_token"))
        #expect(!victim.text("id").isEmpty && victim.text("id") != stranger.text("user", "id"))
    }

    @Test("users without an address")
    func noEmail() async throws {
        let fixture = try await fixture()
        let back = await fixture.signIn("keycloak", at: double, as: .user("k1"))
        #expect(back.fragment("error_code") == "email_address_not_provided")
        #expect(back.fragment("error_description") == "Error getting user email from external provider")
        let optional = try await self.fixture { $0.external.providers["keycloak"]?.isEmailOptional = true }
        let first = await optional.signIn("keycloak", at: double, as: .user("k1"))
        #expect(!first.fragment("access_token").isEmpty, "\(first.location)")
        _ = await optional.signIn("keycloak", at: double, as: .user("k1"))
        #expect(try await optional.count("auth.sessions") == 2)
        #expect(try await optional.count("auth.users WHERE email IS NULL") == 1)
    }

    @Test("sign-ups that are off, users who are banned")
    func refused() async throws {
        let fixture = try await fixture { $0.isSignupDisabled = true }
        let back = await fixture.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        #expect(back.fragment("error") == "access_denied" && back.fragment("error_code") == "signup_disabled")
        let open = try await self.fixture()
        _ = await open.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        try await open.pool.execute("UPDATE auth.users SET banned_until = now() + interval '1 hour'")
        let banned = await open.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        #expect(banned.fragment("error") == "access_denied" && banned.fragment("error_code") == "user_banned")
    }

    @Test("verified addresses of several accounts decide nothing")
    func ambiguous() async throws {
        let fixture = try await AuthFixture.with(double, reports: ReportedTexts()) { $0.autoconfirmsEmail = true }
        _ = await fixture.signUp("a@b.example")
        _ = await fixture.signUp("c@d.example")
        double.override(
            "/user/emails",
            #"[{"email":"a@b.example","verified":true,"primary":true},{"email":"c@d.example","verified":true}]"#)
        let back = await fixture.signIn("github", at: double, as: .user("1"))
        #expect(back.fragment("error") == "server_error" && back.fragment("error_code") == "unexpected_failure")
        #expect(try await fixture.count("auth.identities WHERE provider = 'github'") == 0)
    }

    // MARK: Adding identities

    @Test("a user adds an identity and takes it away")
    func addsIdentity() async throws {
        let fixture = try await fixture()
        let token = try await confirmedUser("a@b.example", in: fixture).text("access_token")
        let plain = await fixture.ask("GET", "/user/identities/authorize?provider=google", token: token)
        #expect(plain.status == 302)
        let document = await fixture.ask(
            "GET", "/user/identities/authorize?provider=google&skip_http_redirect=true", token: token)
        #expect(document.status == 200 && document.text("url").contains("state="))
        let pairs = FormText.pairs(document.text("url").split(separator: "?").last.map(String.init) ?? "")
        let value = { (name: String) in pairs.first { $0.name == name }?.value ?? "" }
        let code = double.visit(.user("g1", email: "other@b.example"), nonce: value("nonce"))
        let back = await fixture.ask("GET", "/callback?state=\(value("state"))&code=\(code)")
        #expect(!back.fragment("access_token").isEmpty, "\(back.location)")
        let user = await fixture.ask("GET", "/user", token: token)
        #expect(user.text("email") == "a@b.example" && user.json["identities"]?.arrayValue?.count == 2)
        #expect(
            try await fixture.count("auth.audit_log_entries WHERE payload ->> 'action' = 'identity_linked'") == 1)
        let identities = user.json["identities"]?.arrayValue ?? []
        let id = identities.first { $0["provider"] == .string("google") }?["identity_id"]?.stringValue ?? ""
        #expect(await fixture.ask("DELETE", "/user/identities/\(id)", token: token).status == 200)
        let left = await fixture.ask("GET", "/user", token: token)
        #expect(left.json["app_metadata"]?["providers"] == .array([.string("email")]))
    }

    @Test("an identity is one user's only")
    func identityOfAnother() async throws {
        let fixture = try await fixture()
        _ = await fixture.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        let other = try await confirmedUser("c@d.example", in: fixture).text("access_token")
        func link(_ token: String) async -> AuthFixture.Answer {
            let left = await fixture.leave("provider=google", token: token, path: "/user/identities/authorize")
            let code = double.visit(.user("g1", email: "a@b.example"), nonce: left.nonce)
            return await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        }
        let refused = await link(other)
        #expect(refused.fragment("error_code") == "identity_already_exists")
        #expect(refused.fragment("error_description") == "Identity is already linked to another user")
        let own = await fixture.signIn("google", at: double, as: .user("g1", email: "a@b.example"))
        let twice = await link(own.fragment("access_token"))
        #expect(twice.fragment("error_description") == "Identity is already linked")
        let off = try await self.fixture { $0.allowsLinking = false }
        let token = try await confirmedUser("a@b.example", in: off).text("access_token")
        let answer = await off.ask("GET", "/user/identities/authorize?provider=google", token: token)
        #expect(answer.status == 404 && answer.code == "manual_linking_disabled")
        #expect(await off.ask("GET", "/user/identities/authorize?provider=google").status == 401)
    }

    @Test("an anonymous user becomes permanent by a verified identity")
    func anonymous() async throws {
        let fixture = try await fixture()
        let token = await fixture.ask("POST", "/signup", body: "{}").text("access_token")
        let left = await fixture.leave("provider=google", token: token, path: "/user/identities/authorize")
        let code = double.visit(.user("g1", email: "a@b.example"), nonce: left.nonce)
        _ = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        let user = await fixture.ask("GET", "/user", token: token)
        #expect(user.text("email") == "a@b.example" && user.json["is_anonymous"] == .bool(false))
    }

    // MARK: Invitations

    @Test("an invitation is accepted at a provider that knows the address")
    func invitation() async throws {
        let fixture = try await fixture()
        let admin = try fixture.admin()
        let invited = await fixture.ask("POST", "/invite", token: admin, body: #"{"email":"a@b.example"}"#)
        #expect(invited.status == 200)
        let link = try #require(try await fixture.mails().last).link
        let pairs = FormText.pairs(link.split(separator: "?").last.map(String.init) ?? "")
        let hash = pairs.first { $0.name == "token" }?.value ?? ""
        #expect(await fixture.ask("GET", "/authorize?provider=google&invite_token=none").code == "invite_not_found")
        let wrong = await fixture.leave("provider=google&invite_token=\(hash)")
        let other = double.visit(.user("g2", email: "c@d.example"), nonce: wrong.nonce)
        let refused = await fixture.ask("GET", "/callback?state=\(wrong.state)&code=\(other)")
        #expect(
            refused.fragment("error_description") == "Invited email does not match emails from external provider")
        let left = await fixture.leave("provider=google&invite_token=\(hash)")
        let code = double.visit(.user("g1", email: "a@b.example"), nonce: left.nonce)
        let back = await fixture.ask("GET", "/callback?state=\(left.state)&code=\(code)")
        #expect(!back.fragment("access_token").isEmpty, "\(back.location)")
        #expect(
            try await fixture.count("auth.users WHERE email_confirmed_at IS NOT NULL AND id = '\(invited.text("id"))'")
                == 1)
    }
}

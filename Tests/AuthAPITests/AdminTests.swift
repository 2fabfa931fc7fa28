import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import AuthAPI

@Suite(
    "Administration of the AUTH API",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct AdminTests {
    @Test("only administrators come in")
    func onlyAdministratorsComeIn() async throws {
        let fixture = try await AuthFixture.with()
        let token = await fixture.signUp("a@b.example").text("access_token")
        #expect(await fixture.ask("GET", "/admin/users").code == "no_authorization")
        #expect(await fixture.ask("GET", "/admin/users", token: token).code == "not_admin")
        #expect(await fixture.ask("GET", "/admin/users", token: "x.y.z").code == "bad_jwt")
        let other = try SigningKeys(secret: "another secret of more than 32 bytes", keyID: nil, keys: nil)
        let forged = try other.token(.object([.init("role", .string("service_role"))]))
        #expect(await fixture.ask("GET", "/admin/users", token: forged).code == "bad_jwt")
        let supabase = try fixture.service.keys.token(
            .object([.init("sub", .string("1234567890")), .init("role", .string("supabase_admin"))]))
        #expect(await fixture.ask("GET", "/admin/users", token: supabase).status == 200)
    }

    @Test("users are made, changed and deleted")
    func usersAreMadeChangedAndDeleted() async throws {
        let fixture = try await AuthFixture.with { $0.autoconfirmsEmail = false }
        let admin = try fixture.admin()
        let made = await fixture.ask(
            "POST", "/admin/users", token: admin,
            body:
                #"{"email":"a@b.example","password":"password1","email_confirm":true,"user_metadata":{"a":1},"app_metadata":{"plan":"gold"}}"#
        )
        #expect(made.status == 200, "\(made)")
        #expect(made.json["app_metadata"]?.text == #"{"plan":"gold","provider":"email","providers":["email"]}"#)
        #expect(made.json["user_metadata"]?["a"] == .number("1") && !made.text("email_confirmed_at").isEmpty)
        let id = made.text("id")
        let twice = await fixture.ask("POST", "/admin/users", token: admin, body: #"{"email":"A@b.example"}"#)
        #expect(twice.status == 422 && twice.code == "email_exists")
        let changed = await fixture.ask(
            "PUT", "/admin/users/\(id)", token: admin,
            body: #"{"email":"n@b.example","user_metadata":{"a":null,"b":2},"role":"editor"}"#)
        #expect(changed.status == 200 && changed.text("email") == "n@b.example" && changed.text("role") == "editor")
        #expect(changed.json["user_metadata"]?["a"] == nil && changed.json["user_metadata"]?["b"] == .number("2"))
        let signedIn = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"n@b.example","password":"password1"}"#)
        #expect(signedIn.status == 200)
        #expect(await fixture.ask("GET", "/admin/users/\(id)", token: admin).text("email") == "n@b.example")
        #expect(await fixture.ask("GET", "/admin/users/x", token: admin).text("msg") == "user_id must be an UUID")
        #expect(await fixture.ask("DELETE", "/admin/users/\(id)", token: admin).status == 200)
        let gone = await fixture.ask("GET", "/admin/users/\(id)", token: admin)
        #expect(gone.status == 404 && gone.code == "user_not_found")
        let nothing = await fixture.ask("POST", "/admin/users", token: admin, body: "{}")
        #expect(nothing.text("msg") == "Cannot create a user without either an email or phone")
    }

    @Test("hashes of others are taken over, and a soft deletion leaves a row without a user")
    func hashesOfOthersAreTakenOver() async throws {
        let fixture = try await AuthFixture.with()
        let admin = try fixture.admin()
        let made = await fixture.ask(
            "POST", "/admin/users", token: admin,
            body:
                #"{"email":"a@b.example","email_confirm":true,"password_hash":"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}"#
        )
        #expect(made.status == 200)
        let signIn = #"{"email":"a@b.example","password":"U*U"}"#
        #expect(await fixture.ask("POST", "/token?grant_type=password", body: signIn).status == 200)
        let bad = await fixture.ask(
            "POST", "/admin/users", token: admin, body: #"{"email":"c@b.example","password_hash":"$2a$31$x"}"#)
        #expect(bad.code == "validation_failed")
        let deleted = await fixture.ask(
            "DELETE", "/admin/users/\(made.text("id"))", token: admin, body: #"{"should_soft_delete":true}"#)
        #expect(deleted.status == 200)
        #expect(await fixture.ask("POST", "/token?grant_type=password", body: signIn).code == "invalid_credentials")
        #expect(try await fixture.count("auth.users WHERE deleted_at IS NOT NULL AND email <> 'a@b.example'") == 1)
        #expect(await fixture.signUp("a@b.example").status == 200)
    }

    @Test("lists come in pages, newest first")
    func listsComeInPagesNewestFirst() async throws {
        let fixture = try await AuthFixture.with()
        let admin = try fixture.admin()
        for number in 1...5 {
            let body = #"{"email":"u\#(number)@b.example","user_metadata":{"full_name":"Name \#(number)"}}"#
            #expect(await fixture.ask("POST", "/admin/users", token: admin, body: body).status == 200)
        }
        func emails(_ query: String) async -> [String] {
            let answer = await fixture.ask("GET", "/admin/users?\(query)", token: admin)
            return (answer.json["users"]?.arrayValue ?? []).compactMap { $0["email"]?.stringValue }
        }
        #expect(await emails("per_page=2") == ["u5@b.example", "u4@b.example"])
        #expect(await emails("per_page=2&page=3") == ["u1@b.example"])
        #expect(await emails("sort=created_at+asc&per_page=1") == ["u1@b.example"])
        #expect(await emails("filter=u3") == ["u3@b.example"])
        #expect(await emails("filter=name+4") == ["u4@b.example"])
        let page = await fixture.ask("GET", "/admin/users?per_page=2", token: admin)
        #expect(page.header("X-Total-Count") == "5")
        #expect(
            page.header("Link")
                == "</admin/users?page=2&per_page=2>; rel=\"next\", </admin/users?page=3&per_page=2>; rel=\"last\"")
        #expect(await fixture.ask("GET", "/admin/users?page=0", token: admin).code == "validation_failed")
    }

    @Test("links are made without a mail, and lead in")
    func linksAreMadeWithoutAMail() async throws {
        let fixture = try await AuthFixture.with {
            $0.autoconfirmsEmail = false
            $0.mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
        }
        let admin = try fixture.admin()
        func link(_ body: String) async -> AuthFixture.Answer {
            await fixture.ask("POST", "/admin/generate_link", token: admin, body: body)
        }
        let signup = await link(#"{"type":"signup","email":"a@b.example","password":"password1","data":{"x":1}}"#)
        #expect(signup.status == 200 && signup.text("verification_type") == "signup", "\(signup)")
        #expect(signup.json["user_metadata"]?["x"] == .number("1"))
        #expect(signup.text("action_link").hasPrefix("http://auth.example/auth/v1/verify?token="))
        let verified = await fixture.ask(
            "POST", "/verify", body: #"{"type":"signup","token_hash":"\#(signup.text("hashed_token"))"}"#)
        #expect(verified.status == 200, "\(verified)")
        let magic = await link(#"{"type":"magiclink","email":"a@b.example"}"#)
        let typed = await fixture.ask(
            "POST", "/verify",
            body: #"{"type":"magiclink","email":"a@b.example","token":"\#(magic.text("email_otp"))"}"#)
        #expect(typed.status == 200, "\(typed)")
        #expect(await link(#"{"type":"recovery","email":"nobody@b.example"}"#).code == "user_not_found")
        #expect(await link(#"{"type":"magiclink","email":"new@b.example"}"#).text("verification_type") == "signup")
        #expect(await link(#"{"type":"signup","email":"a@b.example","password":"password1"}"#).code == "email_exists")
        let change = await link(#"{"type":"email_change_current","email":"a@b.example","new_email":"n@b.example"}"#)
        #expect(change.status == 200 && change.text("verification_type") == "email_change_current", "\(change)")
        #expect(try await fixture.mails().isEmpty)
    }

    @Test("an invitation waits for its user")
    func anInvitationWaitsForItsUser() async throws {
        let fixture = try await AuthFixture.with {
            $0.autoconfirmsEmail = false
            $0.mail = MailConfiguration(host: "mail.example", sender: "admin@site.example")
        }
        let invited = await fixture.ask(
            "POST", "/invite", token: try fixture.admin(), body: #"{"email":"a@b.example"}"#)
        #expect(invited.status == 200 && !invited.text("invited_at").isEmpty, "\(invited)")
        let mail = try #require(try await fixture.mails().first)
        let location = await fixture.ask("GET", mail.link).header("Location")
        #expect(location.hasSuffix("type=invite"))
        let twice = await fixture.ask("POST", "/invite", token: try fixture.admin(), body: #"{"email":"a@b.example"}"#)
        #expect(twice.code == "email_exists")
    }

    // MARK: Second factors

    private func code(_ secret: String, _ fixture: AuthFixture) throws -> String {
        try TOTP.code(secret: try #require(Base32.decode(secret)), step: TOTP.step(at: fixture.service.clock()))
    }

    @Test("a second factor raises the session, and old tokens are of no use")
    func aSecondFactorRaisesTheSession() async throws {
        let fixture = try await AuthFixture.with()
        let signedUp = await fixture.signUp("a@b.example")
        let token = signedUp.text("access_token")
        let enrolled = await fixture.ask(
            "POST", "/factors", token: token, body: #"{"factor_type":"totp","friendly_name":"phone","issuer":"site"}"#)
        #expect(enrolled.status == 200 && enrolled.text("totp", "qr_code").hasPrefix("<svg"), "\(enrolled)")
        #expect(enrolled.text("totp", "uri").hasPrefix("otpauth://totp/site:a%40b.example?algorithm=SHA1"))
        let again = await fixture.ask(
            "POST", "/factors", token: token, body: #"{"factor_type":"totp","friendly_name":"phone"}"#)
        #expect(again.code == "mfa_factor_name_conflict")
        let id = enrolled.text("id")
        let code = try code(enrolled.text("totp", "secret"), fixture)
        func verify(_ code: String, token: String) async -> AuthFixture.Answer {
            let challenge = await fixture.ask("POST", "/factors/\(id)/challenge", token: token)
            return await fixture.ask(
                "POST", "/factors/\(id)/verify", token: token,
                body: #"{"challenge_id":"\#(challenge.text("id"))","code":"\#(code)"}"#)
        }
        #expect(await verify("000000", token: token).code == "mfa_verification_failed")
        let raised = await verify(code, token: token)
        #expect(raised.status == 200, "\(raised)")
        #expect(await verify(code, token: token).code == "mfa_verification_failed")
        let claims = try fixture.service.verifier.claims(of: raised.text("access_token"), at: fixture.service.clock())
        #expect(claims["aal"] == .string("aal2") && claims["amr"]?.arrayValue?.count == 2)
        let secrets = try await fixture.pool.single("SELECT secret FROM auth.mfa_factors").string("secret")
        #expect(Base32.decode(secrets) == nil)
        // A sign-in with the password alone may not change the password.
        let low = await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password1"}"#)
        let change = await fixture.ask(
            "PUT", "/user", token: low.text("access_token"), body: #"{"password":"password2"}"#)
        #expect(change.status == 401 && change.code == "insufficient_aal")
        let unenroll = await fixture.ask("DELETE", "/factors/\(id)", token: low.text("access_token"))
        #expect(unenroll.code == "insufficient_aal")
        #expect(await fixture.refresh(raised.text("refresh_token")).status == 200)
        #expect(await fixture.refresh(signedUp.text("refresh_token")).code == "refresh_token_not_found")
    }

    @Test("a factor is taken away by its user and by administrators")
    func aFactorIsTakenAwayBy() async throws {
        let fixture = try await AuthFixture.with()
        let signedUp = await fixture.signUp("a@b.example")
        let token = signedUp.text("access_token")
        let first = await fixture.ask("POST", "/factors", token: token, body: #"{"factor_type":"totp"}"#)
        #expect(
            await fixture.ask("DELETE", "/factors/\(first.text("id"))", token: token).text("id") == first.text("id"))
        let second = await fixture.ask("POST", "/factors", token: token, body: #"{"factor_type":"totp"}"#)
        let path = "/admin/users/\(signedUp.text("user", "id"))/factors"
        let list = await fixture.ask("GET", path, token: try fixture.admin())
        #expect(list.json.arrayValue?.count == 1 && list.json.arrayValue?[0]["secret"] == nil)
        let deleted = await fixture.ask("DELETE", "\(path)/\(second.text("id"))", token: try fixture.admin())
        #expect(deleted.status == 200)
        #expect(try await fixture.count("auth.mfa_factors") == 0)
        #expect(
            await fixture.ask("POST", "/factors", token: token, body: #"{"factor_type":"phone"}"#).code
                == "mfa_phone_enroll_not_enabled")
        #expect(
            await fixture.ask("DELETE", "/factors/\(first.text("id"))", token: token).code == "mfa_factor_not_found")
    }

    @Test("identities cannot be unlinked to nothing")
    func identitiesCannotBeUnlinkedToNothing() async throws {
        let fixture = try await AuthFixture.with { $0.allowsLinking = true }
        let answer = await fixture.signUp("a@b.example")
        let identity = answer.json["user"]?["identities"]?.arrayValue?.first?["identity_id"]?.stringValue ?? ""
        let single = await fixture.ask("DELETE", "/user/identities/\(identity)", token: answer.text("access_token"))
        #expect(single.status == 422 && single.code == "single_identity_not_deletable")
        let off = try await AuthFixture.with()
        let other = await off.signUp("a@b.example").text("access_token")
        let disabled = await off.ask("DELETE", "/user/identities/\(identity)", token: other)
        #expect(disabled.status == 404 && disabled.code == "manual_linking_disabled")
    }

    @Test("audit entries are listed")
    func auditEntriesAreListed() async throws {
        let fixture = try await AuthFixture.with()
        _ = await fixture.signUp("a@b.example")
        let all = await fixture.ask("GET", "/admin/audit", token: try fixture.admin())
        #expect(all.json.arrayValue?.count == 2, "\(all)")
        let some = await fixture.ask("GET", "/admin/audit?query=action:login", token: try fixture.admin())
        #expect(some.json.arrayValue?.count == 1)
    }
}

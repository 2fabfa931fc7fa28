import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import Identity

@Suite("Accounts")
struct AccountTests {
    @Test(
        "e-mail addresses are lower-cased ASCII with one @",
        arguments: [
            ("Ada.L+x@Example.COM", "ada.l+x@example.com"), ("admin@localhost", "admin@localhost"), ("a@b", "a@b"),
            ("", nil), ("a", nil), ("@b", nil), ("a@", nil), ("a@b@c", nil), ("a b@c", nil), (" a@b", nil),
            ("a@b\n", nil), ("a\u{0}@b", nil), ("ä@b", nil), ("a@b\u{7F}", nil),
        ] as [(String, String?)])
    func emails(text: String, expected: String?) async throws {
        let host = try await IdentityHost()
        let refused = await refusal { () async throws(IdentityError) in
            let account = try await host.directory.createAccount(email: text, password: nil)
            #expect(account.email == expected)
        }
        #expect((refused == nil) == (expected != nil))
        #expect(refused?.isBadEmail ?? true)
    }

    @Test("an e-mail address has 254 bytes at most", arguments: [(254, true), (255, false)])
    func longEmail(length: Int, isGood: Bool) async throws {
        let host = try await IdentityHost()
        let text = String(repeating: "a", count: length - 2) + "@b"
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.createAccount(email: text, password: nil)
        }
        #expect((refused == nil) == isGood)
    }

    @Test("a password has 8 to 256 bytes", arguments: [(7, false), (8, true), (256, true), (257, false)])
    func passwords(length: Int, isGood: Bool) async throws {
        let host = try await IdentityHost()
        let password = Secret(String(repeating: "x", count: length))
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.createAccount(email: "a@b", password: password)
        }
        #expect((refused == nil) == isGood)
        #expect(refused?.isBadPassword ?? true)
        #expect(!"\(String(describing: refused))".contains("xxx"))
    }

    @Test("an e-mail address has one account, in any case of its letters")
    func taken() async throws {
        let host = try await IdentityHost()
        let made = try await host.directory.createAccount(
            email: "a@example.com", password: nil, username: " Ada ", firstName: "", lastName: "L")
        #expect(made.username == "Ada" && made.firstName == nil && made.lastName == "L")
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.createAccount(email: "A@EXAMPLE.com", password: nil)
        }
        #expect(refused == .emailTaken)
        let principal = Principal(account: made, credential: .session("s"), memberships: [])
        let renaming = await refusal { () async throws(IdentityError) in
            try await host.directory.requestEmail("owner@example.com", for: principal)
        }
        #expect(renaming == .emailTaken)
        #expect(try await host.directory.account(made.id) == made)
    }

    @Test("sign-up works only where the policy allows it", arguments: [false, true])
    func signUp(isOpen: Bool) async throws {
        let host = try await IdentityHost { $0.isSignUpOpen = isOpen }
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.signUp(email: "new@example.com", password: IdentityHost.password)
        }
        #expect(refused == (isOpen ? nil : .signUpDisabled))
        guard isOpen else { return }
        let principal = try await host.principal("new@example.com")
        #expect(principal.memberships.isEmpty)
        #expect(principal.permissions(in: IdentityHost.slug).isEmpty)
    }

    @Test(
        "names hold no control characters and are not too long",
        arguments: ["a\u{0}b", "a\nb", "\u{2028}x\u{2028}y", ""])
    func names(text: String) async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner.account
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.updateProfile(of: owner.id, username: text)
        }
        #expect(refused?.isInvalid == true)
        let long = await refusal { () async throws(IdentityError) in
            try await host.directory.updateProfile(of: owner.id, firstName: String(repeating: "é", count: 257))
        }
        #expect(long?.isInvalid == true)
        let updated = try await host.directory.updateProfile(
            of: owner.id, firstName: String(repeating: "é", count: 256), lastName: "")
        #expect(updated.firstName?.count == 256 && updated.lastName == nil)
    }

    @Test("a new password ends the other sessions, and the old one does not count any more")
    func newPassword() async throws {
        let host = try await IdentityHost()
        let kept = try await host.directory.signIn(
            email: "owner@example.com", password: IdentityHost.password, from: "a")
        let other = try await host.directory.signIn(
            email: "owner@example.com", password: IdentityHost.password, from: "a")
        let changed = Secret("battery staple")
        try await host.directory.setPassword(of: kept.account.id, to: changed, keeping: kept.sessionID)
        #expect(try await host.directory.principal(for: kept.accessToken) != nil)
        #expect(try await host.directory.principal(for: other.accessToken) == nil)
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.signIn(email: "owner@example.com", password: IdentityHost.password, from: "a")
        }
        #expect(refused == .invalidCredentials)
        _ = try await host.directory.signIn(email: "owner@example.com", password: changed, from: "a")
    }

    @Test("a bootstrap can be done again: its password does not overwrite one, its token replaces one")
    func bootstrap() async throws {
        let host = try await IdentityHost()
        let second = Secret("sbp_" + String(repeating: "fedcba9876", count: 4))
        try await host.directory.bootstrap(
            adminEmail: "Owner@example.com", adminPassword: Secret("another password"), adminToken: second)
        _ = try await host.owner
        #expect(try await host.directory.principal(for: IdentityHost.adminToken) == nil)
        let principal = try #require(try await host.directory.principal(for: second))
        #expect(principal.permissions(in: IdentityHost.slug) == Set(Permission.allCases))
        let tokens = try await host.directory.accessTokens(.personal, of: principal.account.id)
        #expect(tokens.map(\.name) == ["bootstrap"] && tokens.map(\.alias) == ["sbp_fedc...9876"])
        let organization = try await host.directory.organization(IdentityHost.slug)
        #expect(organization.number == 1 && organization.name == "Default Organization")
    }

    @Test("every error reads as a sentence and none as a case of an enumeration")
    func errors() {
        let errors: [IdentityError] = [
            .invalidCredentials, .throttled(retryAfter: .milliseconds(300)), .signUpDisabled, .emailTaken,
            .badEmail("x"), .badPassword("x"), .notFound(what: "x y"), .forbidden("a b"), .conflict("a b"),
            .invalid("a b"), .reusedRefreshToken, .reauthenticationNeeded, .wrongPassword, .store(.unavailable("x")),
            .crypto(IdentityCryptoError("a b")),
        ]
        for error in errors { #expect("\(error)".contains(" "), "\(error)") }
        #expect("\(errors[1])".contains("in 1 seconds"))
    }
}

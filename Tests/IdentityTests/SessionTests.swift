import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Sessions")
struct SessionTests {
    private func signIn(_ host: IdentityHost, from address: String = "192.0.2.9") async throws -> SessionGrant {
        try await host.directory.signIn(email: "OWNER@example.com", password: IdentityHost.password, from: address)
    }

    private func isLive(_ grant: SessionGrant, _ host: IdentityHost) async throws -> Bool {
        try await host.directory.principal(for: grant.accessToken) != nil
    }

    @Test("a sign-in gives a token that says who asks, for an hour")
    func signIn() async throws {
        let host = try await IdentityHost()
        let grant = try await signIn(host)
        #expect(grant.expiresIn == 3_600)
        #expect(grant.expiresAt == host.time.now().milliseconds / 1_000 + 3_600)
        #expect(grant.account.lastSignInAt == host.time.now())
        let principal = try #require(try await host.directory.principal(for: grant.accessToken))
        #expect(principal.account == grant.account && principal.credential == .session(grant.sessionID))
        #expect(principal.permissions(in: IdentityHost.slug) == Set(Permission.allCases))
        host.time.advance(3_599)
        #expect(try await isLive(grant, host))
        host.time.advance(1)
        #expect(try await !isLive(grant, host))
    }

    @Test("a token of another issuer or audience does not count, though its signature does")
    func otherIssuer() async throws {
        let host = try await IdentityHost()
        let grant = try await signIn(host)
        let good = try #require(host.crypto.verify(accessToken: grant.accessToken, at: host.time.now()))
        #expect(good.email == "owner@example.com" && good.role == "authenticated")
        for change in [
            { $0.iss = "https://elsewhere" }, { $0.aud = "anon" }, { $0.sub = "00000000-0000-4000-8000-000000000099" },
            { $0.sessionID = "00000000-0000-4000-8000-000000000099" },
        ] as [(inout AccessClaims) -> Void] {
            var claims = good
            change(&claims)
            #expect(try await host.directory.principal(for: host.crypto.sign(claims)) == nil)
        }
        #expect(try await host.directory.principal(for: host.crypto.sign(good)) != nil)
    }

    @Test(
        "a malformed token belongs to no account, and an overlong one is not looked up",
        arguments: ["", "x", "sbp_", "a.b.c"])
    func nonsense(text: String) async throws {
        let host = try await IdentityHost()
        #expect(try await host.directory.principal(for: Secret(text)) == nil)
        let long = text + String(repeating: "0", count: 5_000)
        #expect(try await host.directory.principal(for: Secret(long)) == nil)
    }

    @Test("a wrong password, an unknown address and no address get the same answer and the same work")
    func sameAnswer() async throws {
        let host = try await IdentityHost()
        _ = try await host.directory.createAccount(email: "none@example.com", password: nil)
        let long = Secret(String(repeating: "x", count: 300))
        for (email, password) in [
            ("owner@example.com", Secret("wrong password")), ("owner@example.com", long),
            ("owner@example.com", Secret("")),
            ("nobody@example.com", IdentityHost.password), ("none@example.com", IdentityHost.password),
            ("none@example.com", Secret("")), ("not an address \u{0}", IdentityHost.password),
        ] {
            let before = host.crypto.verifications
            let refused = await refusal { () async throws(IdentityError) in
                try await host.directory.signIn(email: email, password: password, from: email)
            }
            #expect(refused == .invalidCredentials)
            #expect(host.crypto.verifications == before + 1)
        }
    }

    private func guess(_ host: IdentityHost, from address: String) async -> IdentityError? {
        await refusal { () async throws(IdentityError) in
            try await host.directory.signIn(
                email: "OWNER@example.com", password: Secret("wrong password"), from: address)
        }
    }

    @Test(
        "after five failures even the right password waits on the network that they came from",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("192.0.2.1", "::ffff:192.0.2.1"), ("2001:db8::1", "2001:db8::ffff:2"),
        ])
    func throttled(first: String, second: String) async throws {
        let host = try await IdentityHost()
        for _ in 0..<5 { #expect(await guess(host, from: first) == .invalidCredentials) }
        let work = host.crypto.verifications
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.signIn(
                email: "owner@example.com", password: IdentityHost.password, from: second)
        }
        #expect(refused?.wait == .seconds(2))
        #expect(host.crypto.verifications == work)
        host.time.advance(2)
        _ = try await host.directory.signIn(email: "owner@example.com", password: IdentityHost.password, from: second)
    }

    @Test("a verifier of a lower cost is replaced at the next sign-in, and the password stays")
    func rehash() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner.account
        _ = try await host.store.setPassword(
            of: owner.id, verifier: Secret("old:\(IdentityHost.password.reveal())"), keeping: nil, at: host.time.now())
        for _ in 1...2 {
            _ = try await host.directory.signIn(
                email: owner.email, password: IdentityHost.password, from: "192.0.2.1")
            let verifier = try await host.store.passwordVerifier(of: owner.id)
            #expect(verifier == Secret("plain:\(IdentityHost.password.reveal())"))
        }
    }

    @Test("where no verifier can be made at the moment, the right password signs in all the same")
    func noRehash() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner.account
        let old = Secret("old:\(IdentityHost.password.reveal())")
        _ = try await host.store.setPassword(of: owner.id, verifier: old, keeping: nil, at: host.time.now())
        host.crypto.setHashFailure(IdentityCryptoError("too many sign-ins at once"))
        _ = try await host.directory.signIn(email: owner.email, password: IdentityHost.password, from: "192.0.2.1")
        #expect(try await host.store.passwordVerifier(of: owner.id) == old)
    }

    @Test("guesses of others do not lock out the owner")
    func strangers() async throws {
        let host = try await IdentityHost()
        for number in 0..<40 { _ = await guess(host, from: "198.51.100.\(number)") }
        for _ in 0..<20 { _ = await guess(host, from: "203.0.113.9") }
        _ = try await host.directory.signIn(
            email: "owner@example.com", password: IdentityHost.password, from: "2001:db8:1::1")
    }

    @Test("failures that are no guesses do not count", arguments: [false, true])
    func failures(isCrypto: Bool) async throws {
        let host = try await IdentityHost()
        if isCrypto {
            host.crypto.setFailure(IdentityCryptoError("too many sign-ins at once"))
        } else {
            host.store.setDown(true)
        }
        for _ in 0..<30 {
            let refused = await refusal { () async throws(IdentityError) in
                try await host.directory.signIn(email: "owner@example.com", password: Secret("wrong one"), from: "x")
            }
            switch refused {
            case .crypto: #expect(isCrypto)
            case .store: #expect(!isCrypto)
            default: Issue.record("\(String(describing: refused))")
            }
        }
        host.crypto.setFailure(nil)
        host.store.setDown(false)
        _ = try await signIn(host, from: "x")
    }

    @Test("sign-out ends what it says", arguments: SignOutScope.allCases)
    func signOut(scope: SignOutScope) async throws {
        let host = try await IdentityHost()
        let (own, other) = (try await signIn(host), try await signIn(host))
        _ = try await host.person("bystander", .developer)
        let bystander = try await host.directory.signIn(
            email: "bystander@example.com", password: IdentityHost.password, from: "x")
        try await host.directory.signOut(session: own.sessionID, of: own.account.id, scope: scope)
        #expect(try await isLive(own, host) == (scope == .others))
        #expect(try await isLive(other, host) == (scope == .local))
        #expect(try await isLive(bystander, host))
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.refresh(own.refreshToken)
        }
        #expect(refused == (scope == .others ? nil : .invalidCredentials))
    }
}

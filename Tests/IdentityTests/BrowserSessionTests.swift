import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Sessions of browsers")
struct BrowserSessionTests {
    private func signIn(_ host: IdentityHost, agent: String = "Browser") async throws -> BrowserGrant {
        try await host.directory.signInBrowser(
            email: "OWNER@example.com", password: IdentityHost.password, from: "192.0.2.9", agent: agent)
    }

    private func isLive(_ grant: BrowserGrant, _ host: IdentityHost) async throws -> Bool {
        try await host.directory.browser(withCookie: grant.secret) != nil
    }

    @Test("a cookie has its account's rights, twelve hours without use and seven days at most")
    func lives() async throws {
        let host = try await IdentityHost()
        let grant = try await signIn(host)
        #expect(grant.life == .seconds(7 * 86_400))
        let principal = try #require(try await host.directory.browser(withCookie: grant.secret))
        #expect(principal.account == grant.account && principal.credential == .session(grant.sessionID))
        #expect(principal.permissions(in: IdentityHost.slug) == Set(Permission.allCases))
        #expect(try await host.directory.holds(principal))
        host.time.advance(12 * 3_600 - 1)
        #expect(try await isLive(grant, host))
        for _ in 1...13 {
            host.time.advance(12 * 3_600 - 1)
            #expect(try await isLive(grant, host))
        }
        host.time.advance(20)
        #expect(try await !isLive(grant, host), "it outlived its seven days")
    }

    @Test("without use it ends")
    func idle() async throws {
        let host = try await IdentityHost()
        let grant = try await signIn(host)
        host.time.advance(12 * 3_600)
        #expect(try await !isLive(grant, host))
    }

    @Test("sign-out and a new password end it, a refresh token it has not")
    func ends() async throws {
        let host = try await IdentityHost()
        let (first, second) = (try await signIn(host), try await signIn(host))
        let account = first.account.id
        try await host.directory.signOut(session: first.sessionID, of: account, scope: .local)
        #expect(try await !isLive(first, host))
        #expect(try await isLive(second, host))
        try await host.directory.setPassword(of: account, to: Secret("a new password"))
        #expect(try await !isLive(second, host))
        await #expect(throws: IdentityError.invalidCredentials) { try await host.directory.refresh(second.secret) }
    }

    @Test("a cookie is no access token, and what is no cookie is not looked up")
    func kinds() async throws {
        let host = try await IdentityHost()
        let grant = try await signIn(host)
        #expect(try await host.directory.principal(for: grant.secret) == nil)
        for text in [
            "", "x", IdentityHost.adminToken.reveal(), grant.secret.reveal().uppercased(), grant.secret.reveal() + "0",
        ] {
            #expect(try await host.directory.browser(withCookie: Secret(text)) == nil, "\(text)")
        }
    }

    @Test("the token of forms follows from the cookie alone and does not show it")
    func formTokens() async throws {
        let host = try await IdentityHost()
        let (first, second) = (try await signIn(host), try await signIn(host))
        let token = try host.directory.formToken(ofCookie: first.secret)
        #expect(try token == host.directory.formToken(ofCookie: first.secret))
        #expect(try token != host.directory.formToken(ofCookie: second.secret))
        #expect(try token != host.directory.digest(of: first.secret))
    }

    @Test("sessions are listed with the browser's own name, shortened and without control characters")
    func list() async throws {
        let host = try await IdentityHost()
        _ = try await signIn(host, agent: "a\0b\n" + String(repeating: "x", count: 1_000))
        let list = try await host.directory.sessions(of: host.owner.account.id)
        let agent = try #require(list.compactMap(\.agent).first)
        #expect(agent.hasPrefix("a b xx") && agent.utf8.count == 256)
    }

    @Test("a wrong password counts for the same throttle as any other sign-in")
    func throttle() async throws {
        let host = try await IdentityHost()
        var refusals: [IdentityError] = []
        for _ in 1...200 where refusals.last == nil || refusals.last == .invalidCredentials {
            do throws(IdentityError) {
                _ = try await host.directory.signInBrowser(
                    email: "owner@example.com", password: Secret("wrong"), from: "192.0.2.9", agent: "")
            } catch { refusals.append(error) }
        }
        guard case .throttled = refusals.last else {
            Issue.record("nothing was throttled after \(refusals.count) attempts")
            return
        }
    }

    @Test("the first password is set by the holder of the installation's token, once")
    func firstPassword() async throws {
        let projects = InMemoryProjectStore()
        let directory = AccountDirectory(
            store: InMemoryIdentityStore(projects: projects), crypto: PlainIdentityCrypto(), time: ManualTime(),
            policy: IdentityPolicy(issuer: "https://manager.example.com/auth/v1"))
        #expect(try await !directory.needsFirstPassword(), "there is no account yet")
        try await directory.bootstrap(
            adminEmail: "owner@example.com", adminPassword: nil, adminToken: IdentityHost.adminToken)
        #expect(try await directory.needsFirstPassword())
        let password = Secret("a first password")
        await #expect(throws: IdentityError.invalidCredentials) {
            try await directory.setFirstPassword(
                password, token: Secret("sbp_" + String(repeating: "0", count: 40)), from: "192.0.2.1")
        }
        let account = try await directory.setFirstPassword(
            password, token: IdentityHost.adminToken, from: "192.0.2.1")
        #expect(try await !directory.needsFirstPassword())
        _ = try await directory.signInBrowser(email: account.email, password: password, from: "192.0.2.1", agent: "")
        await #expect(throws: IdentityError.self) {
            try await directory.setFirstPassword(
                Secret("another password"), token: IdentityHost.adminToken, from: "192.0.2.1")
        }
        _ = try await directory.signInBrowser(email: account.email, password: password, from: "192.0.2.1", agent: "")
    }
}

import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Refreshing a session")
struct RefreshTests {
    private func signIn(_ host: IdentityHost) async throws -> SessionGrant {
        try await host.directory.signIn(email: "owner@example.com", password: IdentityHost.password, from: "x")
    }

    private func isLive(_ grant: SessionGrant, _ host: IdentityHost) async throws -> Bool {
        try await host.directory.principal(for: grant.accessToken) != nil
    }

    private func refused(_ token: Secret<String>, _ host: IdentityHost) async -> IdentityError? {
        await refusal { () async throws(IdentityError) in try await host.directory.refresh(token) }
    }

    @Test("a refresh gives new tokens of the same session, again and again")
    func chain() async throws {
        let host = try await IdentityHost()
        var grant = try await signIn(host)
        let session = grant.sessionID
        for _ in 0..<5 {
            host.time.advance(20 * 86_400)
            let next = try await host.directory.refresh(grant.refreshToken)
            #expect(next.sessionID == session && next.refreshToken != grant.refreshToken)
            #expect(next.accessToken != grant.accessToken && next.expiresAt > grant.expiresAt)
            grant = next
        }
        #expect(try await isLive(grant, host))
    }

    @Test(
        "a session ends after thirty days without a refresh",
        arguments: [(30 * 86_400 - 1, true), (30 * 86_400, false)])
    func idle(seconds: Int64, isLive: Bool) async throws {
        let host = try await IdentityHost()
        let grant = try await signIn(host)
        host.time.advance(seconds)
        #expect(await refused(grant.refreshToken, host) == (isLive ? nil : .invalidCredentials))
        #expect(try await host.directory.purge() == (isLive ? 0 : 1))
    }

    @Test(
        "a token that comes again within ten seconds is a racing tab's, later a thief's", arguments: [0, 9, 10, 3_600])
    func reuse(seconds: Int64) async throws {
        let host = try await IdentityHost()
        let grant = try await signIn(host)
        let first = try await host.directory.refresh(grant.refreshToken)
        host.time.advance(seconds)
        let second = await refused(grant.refreshToken, host)
        #expect(second == (seconds < 10 ? nil : .reusedRefreshToken))
        #expect(try await isLive(first, host) == (seconds < 10))
        guard seconds >= 10 else { return }
        #expect(await refused(first.refreshToken, host) == .invalidCredentials)
        #expect(await refused(grant.refreshToken, host) == .invalidCredentials)
    }

    @Test("of racing tabs the last token is the valid one; the one it replaced is reuse later")
    func racing() async throws {
        let host = try await IdentityHost()
        let grant = try await signIn(host)
        let first = try await host.directory.refresh(grant.refreshToken)
        let second = try await host.directory.refresh(grant.refreshToken)
        host.time.advance(600)
        let third = try await host.directory.refresh(second.refreshToken)
        #expect(try await isLive(third, host))
        #expect(await refused(first.refreshToken, host) == .reusedRefreshToken)
        #expect(try await !isLive(third, host))
    }

    @Test(
        "what is no refresh token is refused",
        arguments: ["", "x", String(repeating: "0", count: 64), String(repeating: "0", count: 5_000)])
    func nonsense(text: String) async throws {
        let host = try await IdentityHost()
        #expect(await refused(Secret(text), host) == .invalidCredentials)
        #expect(await refused(IdentityHost.adminToken, host) == .invalidCredentials)
    }

    @Test("reuse invalidates caches of principals")
    func generation() async throws {
        let host = try await IdentityHost()
        let grant = try await signIn(host)
        _ = try await host.directory.refresh(grant.refreshToken)
        host.time.advance(60)
        let before = host.directory.generation
        _ = await refused(grant.refreshToken, host)
        #expect(host.directory.generation > before)
    }

    @Test("whatever the order of refreshes, one token at most stays valid", arguments: 0..<60)
    func histories(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let host = try await IdentityHost()
        var tokens = [try await signIn(host).refreshToken]
        var current = tokens.first
        for _ in 0..<12 {
            host.time.advance(Int64.random(in: 0...12, using: &generator))
            guard let token = tokens.randomElement(using: &generator) else { return }
            do throws(IdentityError) {
                let grant = try await host.directory.refresh(token)
                tokens.append(grant.refreshToken)
                current = grant.refreshToken
            } catch {
                // Only a used token ends a session, and then no token is valid.
                #expect(
                    current == nil ? error == .invalidCredentials : error == .reusedRefreshToken && token != current)
                current = nil
            }
        }
    }
}

import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import Identity

/// What changes how an account is entered, against every credential and age of session.
@Suite("Presence")
struct PresenceTests {
    @Test(
        "a session of the last five minutes is enough; an older one needs the password",
        arguments: [(299, true), (300, false), (86_400, false)] as [(Int64, Bool)])
    func age(seconds: Int64, isFresh: Bool) async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner
        host.time.advance(seconds)
        func presence(_ password: Secret<String>?) async -> IdentityError? {
            await refusal { () async throws(IdentityError) in
                try await host.directory.confirmPresence(of: owner, password: password, from: "192.0.2.9")
            }
        }
        #expect(await presence(nil) == (isFresh ? nil : .reauthenticationNeeded))
        #expect(await presence(IdentityHost.password) == nil)
        #expect(await presence(Secret("wrong password")) == .wrongPassword)
    }

    @Test("a token is made in a session of the last five minutes, with the password, or by a token that outlasts it")
    func tokenMakers() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner
        let token = try #require(try await host.directory.principal(for: IdentityHost.adminToken))
        func refused(_ principal: Principal, _ password: Secret<String>? = nil) async -> IdentityError? {
            await refusal { () async throws(IdentityError) in
                try await host.directory.confirmTokenMaker(principal, password: password, from: "192.0.2.9")
            }
        }
        #expect(await refused(owner) == nil)
        host.time.advance(300)
        #expect(await refused(owner) == .reauthenticationNeeded)
        #expect(await refused(owner, Secret("wrong password")) == .wrongPassword)
        #expect(await refused(owner, IdentityHost.password) == nil)
        #expect(await refused(token) == nil)
    }

    @Test("one password of an account is worked on at a time; others' are not blocked")
    func alone() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner
        let directory = host.directory
        try await directory.alone(owner.account.id) { () async throws(IdentityError) in
            let refused = [
                await refusal { () async throws(IdentityError) in
                    try await directory.confirmPresence(of: owner, password: IdentityHost.password, from: "a")
                },
                await refusal { () async throws(IdentityError) in
                    try await directory.setPassword(of: owner.account.id, to: Secret("battery staple"))
                },
            ]
            #expect(refused == [.passwordInHand, .passwordInHand])
            _ = try await directory.verifier(of: IdentityHost.password, for: "another")
            _ = try await directory.signIn(email: "owner@example.com", password: IdentityHost.password, from: "a")
        }
        try await directory.confirmPresence(of: owner, password: IdentityHost.password, from: "a")
    }

    @Test("a refreshed session is as old as its sign-in")
    func refreshed() async throws {
        let host = try await IdentityHost()
        let grant = try await host.directory.signIn(
            email: "owner@example.com", password: IdentityHost.password, from: "a")
        host.time.advance(3_000)
        let next = try await host.directory.refresh(grant.refreshToken)
        let principal = try #require(try await host.directory.principal(for: next.accessToken))
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.confirmPresence(of: principal, password: nil, from: "a")
        }
        #expect(refused == .reauthenticationNeeded)
    }

    @Test("an access token never is, not even with the password")
    func tokens() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner.account
        let (_, personal) = try await host.directory.createAccessToken(of: owner.id, name: "x", expiresAt: nil)
        let (_, scoped) = try await host.directory.createAccessToken(
            of: owner.id, name: "x",
            scope: TokenLimits(permissions: Set(Permission.allCases), organizationSlugs: nil, projectRefs: nil),
            expiresAt: nil)
        for token in [personal, scoped, IdentityHost.adminToken] {
            let principal = try #require(try await host.directory.principal(for: token))
            for password in [nil, IdentityHost.password] {
                let refused = await refusal { () async throws(IdentityError) in
                    try await host.directory.confirmPresence(of: principal, password: password, from: "a")
                }
                #expect(refused?.isForbidden == true)
            }
        }
    }

    @Test("wrong current passwords count as failed sign-ins, so that a stolen session guesses no faster")
    func guesses() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner
        var waits = 0
        for _ in 1...8 {
            let refused = await refusal { () async throws(IdentityError) in
                try await host.directory.confirmPresence(of: owner, password: Secret("wrong one"), from: "192.0.2.7")
            }
            if refused?.wait != nil { waits += 1 }
        }
        #expect(waits > 0)
    }

    @Test("a new password ends sessions and tokens of every kind, but that of the installation's settings")
    func newPassword() async throws {
        let host = try await IdentityHost()
        let grant = try await host.directory.signIn(
            email: "owner@example.com", password: IdentityHost.password, from: "a")
        let id = grant.account.id
        let (_, personal) = try await host.directory.createAccessToken(of: id, name: "x", expiresAt: nil)
        let (_, scoped) = try await host.directory.createAccessToken(
            of: id, name: "x",
            scope: TokenLimits(permissions: [.projectsRead], organizationSlugs: nil, projectRefs: nil), expiresAt: nil)
        #expect(try await host.directory.setPassword(of: id, to: Secret("battery staple")) == 2)
        for token in [personal, scoped, grant.accessToken] {
            #expect(try await host.directory.principal(for: token) == nil)
        }
        #expect(try await host.directory.principal(for: IdentityHost.adminToken) != nil)
    }

    @Test("what a token makes lasts no longer than it and ends with it")
    func children() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner.account
        let end = host.time.now() + .seconds(60)
        let (record, _) = try await host.directory.createAccessToken(of: owner.id, name: "maker", expiresAt: end)
        let maker = Principal.Credential.accessToken(record.number)
        for (wanted, isGood) in [(end, true), (end + .milliseconds(1), false), (nil, false)] as [(Timestamp?, Bool)] {
            let refused = await refusal { () async throws(IdentityError) in
                try await host.directory.createAccessToken(of: owner.id, name: "x", expiresAt: wanted, with: maker)
            }
            #expect((refused == nil) == isGood)
            let narrow = await refusal { () async throws(IdentityError) in
                try await host.directory.createAccessToken(
                    of: owner.id, name: "x",
                    scope: TokenLimits(permissions: [.projectsRead], organizationSlugs: nil, projectRefs: nil),
                    expiresAt: wanted, with: maker)
            }
            #expect((narrow == nil) == isGood)
        }
        try await host.directory.revokeAccessToken(record.key, of: owner.id)
        #expect(try await host.directory.accessTokens(.personal, of: owner.id).map(\.name) == ["bootstrap"])
        #expect(try await host.directory.accessTokens(.scoped, of: owner.id).isEmpty)
    }
}

import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Access tokens")
struct AccessTokenTests {
    @Test("a token has the form that the CLI demands, and lists show its ends only")
    func form() async throws {
        let host = try await IdentityHost()
        let account = try await host.owner.account.id
        let (record, token) = try await host.directory.createAccessToken(of: account, name: " ci ", expiresAt: nil)
        #expect(try token.reveal().wholeMatch(of: Regex("sbp_[a-f0-9]{40}")) != nil)
        let text = token.reveal()
        #expect(record.alias == "sbp_\(text.dropFirst(4).prefix(4))...\(text.suffix(4))")
        #expect(record.name == "ci" && record.expiresAt == nil && record.lastUsedAt == nil)
        #expect(try await host.directory.accessTokens(.personal, of: account).first == record)
        #expect(try await host.directory.accessToken(record.key, of: account) == record)
        let principal = try #require(try await host.directory.principal(for: token))
        #expect(principal.credential == .accessToken(record.number))
        #expect(principal.ceiling == Set(Permission.allCases))
        #expect(try await host.directory.principal(for: token.map { $0.uppercased() }) == nil)
        #expect(try await host.directory.principal(for: token.map { $0 + "0" }) == nil)
    }

    @Test("a token ends when it says, and cannot end before it begins")
    func expiry() async throws {
        let host = try await IdentityHost()
        let account = try await host.owner.account.id
        let end = host.time.now() + .seconds(60)
        let (_, token) = try await host.directory.createAccessToken(of: account, name: "ci", expiresAt: end)
        host.time.advance(59)
        #expect(try await host.directory.principal(for: token) != nil)
        host.time.advance(1)
        #expect(try await host.directory.principal(for: token) == nil)
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.createAccessToken(of: account, name: "ci", expiresAt: end)
        }
        #expect(refused?.isInvalid == true)
    }

    @Test("a revoked token does not count from that moment on; an account revokes only its own")
    func revocation() async throws {
        let host = try await IdentityHost()
        let account = try await host.owner.account.id
        let other = try await host.person("other", .owner).account.id
        let (record, token) = try await host.directory.createAccessToken(of: account, name: "ci", expiresAt: nil)
        let (scoped, narrow) = try await scopedToken(host, of: account)
        for refused in [
            await refusal { () async throws(IdentityError) in
                try await host.directory.revokeAccessToken(record.key, of: other)
            },
            await refusal { () async throws(IdentityError) in
                try await host.directory.revokeAccessToken(scoped.key, of: other)
            },
            await refusal { () async throws(IdentityError) in
                try await host.directory.revokeAccessToken(.scopedToken("x\u{0}"), of: account)
            },
        ] { #expect(refused?.isNotFound == true) }
        #expect(try await host.directory.principal(for: token) != nil)
        let before = host.directory.generation
        try await host.directory.revokeAccessToken(record.key, of: account)
        try await host.directory.revokeAccessToken(scoped.key, of: account)
        #expect(host.directory.generation == before + 2)
        #expect(try await host.directory.principal(for: token) == nil)
        #expect(try await host.directory.principal(for: narrow) == nil)
        #expect(try await host.directory.accessTokens(.scoped, of: account).isEmpty)
    }

    private func scopedToken(
        _ host: IdentityHost, of account: String, permissions: Set<Permission> = [.projectsRead],
        refs: Set<ProjectRef>? = nil
    ) async throws -> (AccessTokenRecord, Secret<String>) {
        try await host.directory.createAccessToken(
            of: account, name: "narrow",
            scope: TokenLimits(permissions: permissions, organizationSlugs: [IdentityHost.slug], projectRefs: refs),
            expiresAt: host.time.now() + .seconds(60))
    }

    @Test("a scoped token allows what it names where it names it, until it ends")
    func scoped() async throws {
        let host = try await IdentityHost()
        let account = try await host.owner.account.id
        let ref = try await host.addProject(1)
        let (record, token) = try await scopedToken(
            host, of: account, permissions: [.databaseRead, .projectsRead], refs: [ref])
        #expect(try token.reveal().wholeMatch(of: Regex("sbp_[a-f0-9]{40}")) != nil)
        #expect(try await host.directory.accessToken(record.key, of: account) == record)
        let principal = try #require(try await host.directory.principal(for: token))
        #expect(principal.permissions(in: IdentityHost.slug, project: ref) == [.databaseRead, .projectsRead])
        #expect(principal.permissions(in: IdentityHost.slug).isEmpty)
        #expect(principal.visibleProjects(in: IdentityHost.slug) == [ref])
        #expect(try await host.directory.accessTokens(.personal, of: account).map(\.name) == ["bootstrap"])
        host.time.advance(60)
        #expect(try await host.directory.principal(for: token) == nil)
    }

    @Test("a scoped token names something, and not too much")
    func badScopes() async throws {
        let host = try await IdentityHost()
        let account = try await host.owner.account.id
        let many = Set((0..<101).map { ProjectRef.sample($0) })
        let bad: [(permissions: Set<Permission>, refs: Set<ProjectRef>?)] = [([], nil), ([.projectsRead], many)]
        for (permissions, refs) in bad {
            let refused = await refusal { () async throws(IdentityError) in
                try await host.directory.createAccessToken(
                    of: account, name: "x",
                    scope: TokenLimits(permissions: permissions, organizationSlugs: nil, projectRefs: refs),
                    expiresAt: nil)
            }
            #expect(refused?.isInvalid == true)
        }
    }

    @Test("an account has so many tokens of a kind and no more; an unknown account has none")
    func limits() async throws {
        let host = try await IdentityHost { $0.tokensPerAccountMax = 2 }
        let account = try await host.owner.account.id
        _ = try await host.directory.createAccessToken(of: account, name: "second", expiresAt: nil)
        for _ in 0..<2 { _ = try await scopedToken(host, of: account) }
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.createAccessToken(of: account, name: "third", expiresAt: nil)
        }
        #expect(refused?.isConflict == true)
        await #expect(throws: IdentityError.self) { try await scopedToken(host, of: account) }
        let nobodys = await refusal { () async throws(IdentityError) in
            try await host.directory.createAccessToken(of: "nobody", name: "x", expiresAt: nil)
        }
        #expect(nobodys?.isNotFound == true)
    }

    @Test("the last use is noted to the minute")
    func lastUse() async throws {
        let host = try await IdentityHost()
        let account = try await host.owner.account.id
        let (record, token) = try await host.directory.createAccessToken(of: account, name: "ci", expiresAt: nil)
        var uses: [Int64?] = []
        let start = host.time.now()
        for _ in 0..<5 {
            _ = try await host.directory.principal(for: token)
            let last = try await host.directory.accessToken(record.key, of: account).lastUsedAt
            uses.append(last.map { $0.since(start).components.seconds })
            host.time.advance(30)
        }
        #expect(uses == [0, 0, 60, 60, 120])
    }
}

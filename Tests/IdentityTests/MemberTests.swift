import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Members of an organization")
struct MemberTests {
    private static let slug = IdentityHost.slug

    private func setRole(
        _ host: IdentityHost, _ role: Int64, of account: Principal, by actor: Principal, projects: [ProjectRef]? = nil
    ) async -> IdentityError? {
        await refusal { () async throws(IdentityError) in
            try await host.directory.setRole(
                of: account.account.id, in: Self.slug, role: role, projects: projects, by: actor)
        }
    }

    private func roles(_ host: IdentityHost, of account: Principal) async throws -> [Role]? {
        try await host.directory.members(of: Self.slug).first { $0.account.id == account.account.id }?.roles
    }

    /// Allowed changes of a member's role by the actor's role, by the first letters: owners all, administrators those
    /// below
    private func mayChange(_ actor: BaseRole, target: BaseRole, role: BaseRole) -> Bool {
        switch actor {
        case .owner: true
        case .administrator: target != .owner && role != .owner
        case .developer, .readOnly: false
        }
    }

    @Test("every role of actor and member against every change", arguments: BaseRole.allCases, BaseRole.allCases)
    func matrix(actor: BaseRole, target: BaseRole) async throws {
        for role in BaseRole.allCases {
            let host = try await IdentityHost()
            let (one, other) = (try await host.person("one", actor), try await host.person("other", target))
            let refused = await setRole(host, role.rawValue, of: other, by: one)
            #expect(
                (refused == nil) == mayChange(actor, target: target, role: role),
                "to \(role.name): \(String(describing: refused))")
            #expect(refused?.isForbidden ?? true)
            let expected = refused == nil ? role : target
            #expect(try await roles(host, of: other) == [Role(expected)])
        }
    }

    @Test(
        "every role of actor and member against removal and invitation", arguments: BaseRole.allCases, BaseRole.allCases
    )
    func removals(actor: BaseRole, target: BaseRole) async throws {
        let host = try await IdentityHost()
        let (one, other) = (try await host.person("one", actor), try await host.person("other", target))
        let isAllowed = mayChange(actor, target: target, role: target)
        let invited = await refusal { () async throws(IdentityError) in
            try await host.directory.invite(
                email: "guest@example.com", role: target.rawValue, projects: nil, to: Self.slug, by: one)
        }
        #expect((invited == nil) == isAllowed && invited?.isForbidden ?? true)
        let unassigned = await refusal { () async throws(IdentityError) in
            try await host.directory.removeRole(target.rawValue, of: other.account.id, in: Self.slug, by: one)
        }
        #expect((unassigned == nil) == isAllowed && unassigned?.isForbidden ?? true)
        #expect((try await roles(host, of: other) == nil) == isAllowed)
        try await host.directory.addMember(other.account.id, to: Self.slug, as: target)
        let removed = await refusal { () async throws(IdentityError) in
            try await host.directory.removeMember(other.account.id, from: Self.slug, by: one)
        }
        #expect((removed == nil) == isAllowed && removed?.isForbidden ?? true)
        #expect((try await roles(host, of: other) == nil) == isAllowed)
    }

    @Test("members cannot raise themselves, and all may leave", arguments: BaseRole.allCases)
    func themselves(role: BaseRole) async throws {
        let host = try await IdentityHost()
        let one = try await host.person("one", role)
        for wanted in BaseRole.allCases where wanted.rawValue < role.rawValue {
            #expect(await setRole(host, wanted.rawValue, of: one, by: one)?.isForbidden == true)
        }
        #expect(try await roles(host, of: one) == [Role(role)])
        try await host.directory.removeMember(one.account.id, from: Self.slug, by: one)
        #expect(try await roles(host, of: one) == nil)
        #expect(try await host.again(one).organizationSlugs.isEmpty)
    }

    @Test("the last owner stays one, for every actor and change")
    func lastOwner() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner
        let ref = try await host.addProject(1)
        for role in [BaseRole.administrator, .developer, .readOnly] {
            #expect(await setRole(host, role.rawValue, of: owner, by: owner)?.isConflict == true)
        }
        let left = await refusal { () async throws(IdentityError) in
            try await host.directory.removeMember(owner.account.id, from: Self.slug, by: owner)
        }
        let unassigned = await refusal { () async throws(IdentityError) in
            try await host.directory.removeRole(1, of: owner.account.id, in: Self.slug, by: owner)
        }
        #expect(left?.isConflict == true && unassigned?.isConflict == true)
        // A role for projects does not take ownership away.
        #expect(await setRole(host, 3, of: owner, by: owner, projects: [ref]) == nil)
        #expect(try await roles(host, of: owner)?.first == Role(.owner))
        let second = try await host.person("second", .owner)
        #expect(await setRole(host, 2, of: owner, by: second) == nil)
        #expect(await setRole(host, 2, of: second, by: second)?.isConflict == true)
    }

    @Test("what counts is what the actor is at the moment of the change")
    func stale() async throws {
        let host = try await IdentityHost()
        let (admin, other) = (try await host.person("admin", .administrator), try await host.person("other", .readOnly))
        #expect(await setRole(host, 4, of: admin, by: try await host.owner) == nil)
        #expect(await setRole(host, 3, of: other, by: admin)?.isForbidden == true)
        try await host.directory.removeMember(admin.account.id, from: Self.slug, by: try await host.owner)
        #expect(await setRole(host, 3, of: other, by: admin)?.isNotFound == true)
    }

    @Test("a scoped token changes members as far as it could act itself")
    func scopedToken() async throws {
        let host = try await IdentityHost()
        let (owner, other) = (try await host.owner, try await host.person("other", .readOnly))
        func token(_ permissions: Set<Permission>) async throws -> Principal {
            let (_, token) = try await host.directory.createAccessToken(
                of: owner.account.id, name: "x",
                scope: TokenLimits(permissions: permissions, organizationSlugs: nil, projectRefs: nil), expiresAt: nil)
            return try #require(try await host.directory.principal(for: token))
        }
        let narrow = try await token([.membersWrite, .membersRead])
        #expect(await setRole(host, 3, of: other, by: narrow)?.isForbidden == true)
        let reader = try await token(BaseRole.readOnly.permissions)
        #expect(await setRole(host, 4, of: other, by: reader)?.isForbidden == true)
        let left = await refusal { () async throws(IdentityError) in
            try await host.directory.removeMember(owner.account.id, from: Self.slug, by: reader)
        }
        #expect(left?.isForbidden == true)
        let developing = try await token(BaseRole.developer.permissions.union([.membersWrite]))
        #expect(await setRole(host, 3, of: other, by: developing) == nil)
        #expect(await setRole(host, 2, of: other, by: developing)?.isForbidden == true)
    }

    @Test("who is not a member is not found, and neither are unknown roles and organizations")
    func missing() async throws {
        let host = try await IdentityHost()
        let (owner, stranger) = (try await host.owner, try await host.person("stranger"))
        #expect(await setRole(host, 3, of: stranger, by: owner)?.isNotFound == true)
        #expect(await setRole(host, 3, of: owner, by: stranger)?.isNotFound == true)
        #expect(await setRole(host, 5, of: owner, by: owner)?.isNotFound == true)
        let nowhere = await refusal { () async throws(IdentityError) in
            try await host.directory.setRole(
                of: owner.account.id, in: "nowhere", role: 3, projects: nil, by: owner)
        }
        #expect(nowhere?.isNotFound == true)
        let unknown = await refusal { () async throws(IdentityError) in
            try await host.directory.members(of: "nowhere")
        }
        #expect(unknown?.isNotFound == true)
        try await host.directory.removeRole(3, of: owner.account.id, in: Self.slug, by: owner)
    }
}

import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Organizations and invitations")
struct OrganizationTests {
    private static let slug = IdentityHost.slug

    @Test("the creator of an organization owns it and sees it; others do not")
    func made() async throws {
        let host = try await IdentityHost()
        let person = try await host.person("one")
        let made = try await host.directory.createOrganization(name: " Team ", by: person.account.id)
        #expect(ProjectRef(made.slug) != nil && made.name == "Team" && made.number > 1)
        let owner = try await host.again(person)
        #expect(owner.permissions(in: made.slug) == Set(Permission.allCases))
        #expect(try await host.directory.organizations(of: owner) == [made])
        #expect(try await host.directory.organizations(of: try await host.owner).map(\.slug) == [Self.slug])
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.createOrganization(name: "x", by: "nobody")
        }
        #expect(refused?.isNotFound == true)
    }

    @Test("an account owns so many organizations and no more; names are names", arguments: ["", "  ", "a\u{0}"])
    func limits(name: String) async throws {
        let host = try await IdentityHost { $0.organizationsPerAccountMax = 2 }
        let owner = try await host.owner.account.id
        let invalid = await refusal { () async throws(IdentityError) in
            try await host.directory.createOrganization(name: name, by: owner)
        }
        #expect(invalid?.isInvalid == true)
        _ = try await host.directory.createOrganization(name: "x", by: owner)
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.createOrganization(name: "y", by: owner)
        }
        #expect(refused?.isConflict == true)
    }

    @Test("an organization is changed in the parts that are named")
    func changed() async throws {
        let host = try await IdentityHost()
        _ = try await host.directory.updateOrganization(Self.slug, name: "New", billingEmail: "Bills@example.com")
        let changed = try await host.directory.updateOrganization(
            Self.slug, additionalBillingEmails: ["A@b"], optInTags: ["T"])
        #expect(changed.name == "New" && changed.billingEmail == "bills@example.com")
        #expect(changed.additionalBillingEmails == ["a@b"] && changed.optInTags == ["T"])
        #expect(try await host.directory.updateOrganization(Self.slug, billingEmail: "").billingEmail == nil)
        let bad = await refusal { () async throws(IdentityError) in
            try await host.directory.updateOrganization(Self.slug, additionalBillingEmails: ["a"])
        }
        #expect(bad?.isBadEmail == true)
        let many = await refusal { () async throws(IdentityError) in
            try await host.directory.updateOrganization(
                Self.slug, optInTags: Array(repeating: "T", count: 51))
        }
        #expect(many?.isInvalid == true)
    }

    @Test("an organization with projects stays, and so does the default one")
    func deletion() async throws {
        let host = try await IdentityHost()
        let person = try await host.person("one")
        let made = try await host.directory.createOrganization(name: "Team", by: person.account.id)
        let ref = try await host.addProject(1, in: made.slug)
        func delete(_ slug: String) async -> IdentityError? {
            await refusal { () async throws(IdentityError) in try await host.directory.deleteOrganization(slug) }
        }
        #expect(await delete(made.slug)?.isConflict == true)
        let transition = StatusTransition(from: .provisioning, to: .deleted, cause: "test", at: host.time.now())
        _ = try await host.projects.transition(ref, transition)
        #expect(await delete(made.slug) == nil)
        #expect(await delete(made.slug)?.isNotFound == true)
        #expect(await delete(Self.slug)?.isConflict == true)
        #expect(try await host.again(person).organizationSlugs.isEmpty)
    }

    private func invite(
        _ host: IdentityHost, _ email: String, role: Int64 = 3, projects: [ProjectRef]? = nil, by actor: Principal
    ) async throws -> (Invitation, Secret<String>) {
        try await host.directory.invite(email: email, role: role, projects: projects, to: Self.slug, by: actor)
    }

    private func accept(_ host: IdentityHost, _ token: Secret<String>, by account: Principal) async -> IdentityError? {
        await refusal { () async throws(IdentityError) in
            try await host.directory.acceptInvitation(token, by: account.account.id)
        }
    }

    @Test("an invitation makes its addressee a member, once")
    func invitation() async throws {
        let host = try await IdentityHost()
        let ref = try await host.addProject(1)
        let (invitation, token) = try await invite(host, "Guest@example.com", projects: [ref], by: try await host.owner)
        #expect(invitation.email == "guest@example.com" && invitation.organizationName == "Default Organization")
        #expect(invitation.expiresAt == host.time.now() + .seconds(7 * 86_400))
        #expect(try await host.directory.invitation(token) == invitation)
        #expect(try await host.directory.invitations(of: Self.slug) == [invitation])
        let (guest, other) = (try await host.person("guest"), try await host.person("other"))
        #expect(await accept(host, token, by: other)?.isForbidden == true)
        #expect(await accept(host, token, by: guest) == nil)
        #expect(try await host.again(guest).permissions(in: Self.slug, project: ref) == BaseRole.developer.permissions)
        #expect(try await host.again(guest).permissions(in: Self.slug).allSatisfy(\.isRead))
        #expect(await accept(host, token, by: guest)?.isNotFound == true)
        #expect(try await host.directory.invitations(of: Self.slug).isEmpty)
    }

    @Test("an invitation ends after a week", arguments: [(7 * 86_400 - 1, true), (7 * 86_400, false)])
    func expired(seconds: Int64, isGood: Bool) async throws {
        let host = try await IdentityHost()
        let (invitation, token) = try await invite(host, "guest@example.com", by: try await host.owner)
        let guest = try await host.person("guest")
        host.time.advance(seconds)
        #expect(try await host.directory.invitation(token).isExpired(at: host.time.now()) == !isGood)
        #expect(try await host.directory.invitations(of: Self.slug) == (isGood ? [invitation] : []))
        #expect((await accept(host, token, by: guest) == nil) == isGood)
        guard !isGood else { return }
        _ = try await invite(host, "guest@example.com", by: try await host.owner)
    }

    @Test("an invitation that was taken back, or whose maker was removed, does not count")
    func withdrawn() async throws {
        let host = try await IdentityHost()
        let (owner, admin) = (try await host.owner, try await host.person("admin", .administrator))
        let (guest, other) = (try await host.person("guest"), try await host.person("other"))
        let (first, token) = try await invite(host, "guest@example.com", by: owner)
        let (_, second) = try await invite(host, "other@example.com", by: admin)
        try await host.directory.deleteInvitation(first.number, of: Self.slug, by: admin)
        try await host.directory.removeMember(admin.account.id, from: Self.slug, by: owner)
        #expect(await accept(host, token, by: guest)?.isNotFound == true)
        #expect(await accept(host, second, by: other)?.isNotFound == true)
        let again = await refusal { () async throws(IdentityError) in
            try await host.directory.deleteInvitation(first.number, of: Self.slug, by: owner)
        }
        #expect(again?.isNotFound == true)
    }

    /// How a member loses a role or gets another one.
    enum Demotion: CaseIterable {
        case byMember, byOperator, withProjectsLeft
    }

    /// Allowed invitations by the actor's role, by the rules of members.
    private func mayInvite(_ actor: BaseRole?, as role: BaseRole) -> Bool {
        actor == .owner || actor == .administrator && role != .owner
    }

    @Test(
        "an invitation ends with the role that allowed it, and does not come back with it",
        arguments: Demotion.allCases, [BaseRole.owner, .administrator])
    func demotion(way: Demotion, before: BaseRole) async throws {
        for after in BaseRole.allCases + [nil] {
            for role in BaseRole.allCases where mayInvite(before, as: role) {
                let host = try await IdentityHost()
                let (owner, maker) = (try await host.owner, try await host.person("maker", before))
                let guest = try await host.person("guest")
                let (made, token) = try await invite(host, "guest@example.com", role: role.rawValue, by: maker)
                let isKept = mayInvite(after, as: role)
                let place: Comment = "\(before.name) to \(after?.name ?? "nothing"), invited as \(role.name)"
                if way == .withProjectsLeft {
                    let ref = try await host.addProject(1)
                    try await host.directory.setRole(
                        of: maker.account.id, in: Self.slug, role: BaseRole.administrator.rawValue, projects: [ref],
                        by: owner)
                }
                try await change(host, maker: maker, from: before, to: after, way: way, by: owner)
                #expect(try await host.directory.invitations(of: Self.slug) == (isKept ? [made] : []), place)
                try await host.directory.addMember(maker.account.id, to: Self.slug, as: before)
                #expect(try await host.directory.invitations(of: Self.slug) == (isKept ? [made] : []), place)
                let refused = await accept(host, token, by: guest)
                #expect(isKept ? refused == nil : refused?.isNotFound == true, place)
                guard !isKept else { continue }
                // The address is free for another invitation.
                _ = try await invite(host, "guest@example.com", role: role.rawValue, by: owner)
            }
        }
    }

    private func change(
        _ host: IdentityHost, maker: Principal, from before: BaseRole, to after: BaseRole?, way: Demotion,
        by owner: Principal
    ) async throws {
        guard let after else {
            return try await host.directory.removeRole(before.rawValue, of: maker.account.id, in: Self.slug, by: owner)
        }
        if way == .byOperator {
            try await host.directory.addMember(maker.account.id, to: Self.slug, as: after)
        } else {
            try await host.directory.setRole(
                of: maker.account.id, in: Self.slug, role: after.rawValue, projects: nil, by: owner)
        }
    }

    @Test("an invitation of before whose maker has less now counts for nothing, and blocks no other")
    func unbackedOfBefore() async throws {
        let host = try await IdentityHost()
        let (owner, maker) = (try await host.owner, try await host.person("maker", .administrator))
        let guest = try await host.person("guest")
        let (_, token) = try await invite(host, "guest@example.com", by: maker)
        // As a version before did: the role changes, and nothing else.
        _ = try await host.store.amend(Self.slug) { _ in
            .apply([.assign(account: maker.account.id, base: .readOnly, projects: [])])
        }
        #expect(try await host.directory.invitations(of: Self.slug).isEmpty)
        #expect(await accept(host, token, by: guest)?.isNotFound == true)
        let (_, second) = try await invite(host, "guest@example.com", by: owner)
        #expect(await accept(host, second, by: guest) == nil)
    }

    @Test("members and people who are invited are not invited again, nor more than fit")
    func noInvitation() async throws {
        let host = try await IdentityHost { $0.membersPerOrganizationMax = 3 }
        let owner = try await host.owner
        let (ownersInvitation, _) = try await invite(host, "boss@example.com", role: 1, by: owner)
        func refused(_ email: String, _ role: Int64 = 3, by actor: Principal? = nil) async -> IdentityError? {
            await refusal { () async throws(IdentityError) in
                try await host.directory.invite(
                    email: email, role: role, projects: nil, to: Self.slug, by: actor ?? owner)
            }
        }
        #expect(await refused("owner@example.com")?.isConflict == true)
        #expect(await refused("boss@example.com")?.isConflict == true)
        #expect(await refused("x@example.com", 77)?.isNotFound == true)
        #expect(await refused("no address")?.isBadEmail == true)
        let admin = try await host.person("admin", .administrator)
        #expect(await refused("third@example.com")?.isConflict == true)
        let kept = await refusal { () async throws(IdentityError) in
            try await host.directory.deleteInvitation(ownersInvitation.number, of: Self.slug, by: admin)
        }
        #expect(kept?.isForbidden == true)
    }
}

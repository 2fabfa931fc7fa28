import Identity
import Orchestrator
import ProjectModel

extension IdentityContractRun {
    func insert(_ slug: String, owner: Int, limit: Int = 100) async throws -> NewOrganizationOutcome {
        let new = NewOrganization(slug: slug, name: "Name of \(slug)", owner: id(owner), at: start)
        return try await store.insert(new, limit: limit)
    }

    func roster(_ slug: String) async throws -> OrganizationRoster {
        try required(try await store.roster(of: slug), "an organization has a roster")
    }

    func apply(_ edits: [RosterEdit], to slug: String) async throws -> OrganizationRoster {
        guard case .applied(let roster) = try await store.amend(slug, by: { _ in .apply(edits) }) else {
            throw ContractViolation("edits are applied")
        }
        try promise("what was applied is read back", try await store.roster(of: slug) == roster)
        return roster
    }

    func checkOrganizations() async throws {
        let home = try await store.organizations([Organization.defaultSlug, "nowhere"])
        try promise("there is a default organization, the first", home.map(\.number) == [1])
        guard case .created(let made) = try await insert("team", owner: 1, limit: 1) else {
            throw ContractViolation("an organization is made")
        }
        try promise("an organization is what was asked for", made.slug == "team" && made.name == "Name of team")
        try promise("it is read back", try await store.organizations(["team", "default"]) == home + [made])
        try promise("its maker is its owner", try await roster("team").roles == [id(1): [Role(.owner)]])
        try promise("a slug is given once", try await insert("team", owner: 2) == .slugTaken)
        try promise(
            "organizations above the limit are refused", try await insert("more", owner: 1, limit: 1) == .tooMany)
        try promise("an unknown account owns no organization", try await insert("more", owner: 99) == .noAccount)
        try promise("what was refused is not there", try await store.organizations(["more"]).isEmpty)
        var wanted = made
        wanted.name = "Other"
        wanted.billingEmail = "bills@example.com"
        wanted.additionalBillingEmails = ["a@example.com", "b@example.com"]
        let change = OrganizationChange(
            name: "Other", billingEmail: "bills@example.com", additionalBillingEmails: wanted.additionalBillingEmails)
        try promise("an organization can be changed", try await store.update("team", change) == wanted)
        wanted.billingEmail = nil
        wanted.optInTags = ["TAG"]
        let second = OrganizationChange(billingEmail: "", optInTags: ["TAG"])
        try promise("what is not named stays", try await store.update("team", second) == wanted)
        try promise("nothing cannot be changed", try await store.update("nowhere", change) == nil)
        try promise("nothing has no members", try await store.members(of: "nowhere").isEmpty)
        try promise("nothing has no roster", try await store.roster(of: "nowhere") == nil)
        try promise("nothing is not amended", try await store.amend("nowhere") { _ in .apply([]) } == nil)
    }

    func checkRoles() async throws {
        let refs: Set<ProjectRef> = [.sample(1), .sample(2)]
        var roster = try await apply([.assign(account: id(2), base: .developer, projects: [])], to: "team")
        try promise("a role is assigned", roster.roles[id(2)] == [Role(.developer)])
        try promise("members have addresses", roster.emails[id(2)] == "person2@example.com")
        roster = try await apply([.assign(account: id(2), base: .readOnly, projects: [])], to: "team")
        try promise("a role of the organization takes the place of another", roster.roles[id(2)] == [Role(.readOnly)])
        roster = try await apply(
            [
                .assign(account: id(2), base: .developer, projects: refs),
                .assign(account: id(3), base: .developer, projects: refs),
                .assign(account: id(3), base: .readOnly, projects: [.sample(3)]),
            ], to: "team")
        let shared = try required(roster.projectRoles.first { $0.base == .developer }, "a role for projects is made")
        try promise("its number is none of the four", shared.number >= 1_000 && shared.projects == refs)
        try promise("it comes on top", roster.roles[id(2)] == [Role(.readOnly), shared])
        try promise("several can have it", roster.roles[id(3)]?.contains(shared) == true)
        try promise("each is made once", roster.projectRoles.count == 2)
        try promise("a member's organizations are known", try await store.organizations(of: id(2)).contains("team"))
        try promise("nobody is a member of nothing", try await store.organizations(of: id(999)).isEmpty)
        let members = try await store.members(of: "team")
        try promise("members are listed in order", members.map(\.account.id) == [id(1), id(2), id(3)])
        try promise("with their roles", members.map(\.roles) == [id(1), id(2), id(3)].map { roster.roles[$0] ?? [] })
        _ = try await open(501, of: 3)
        let principal = try await store.principal(session: id(501), of: id(3), at: start + .seconds(20))
        let expected = Membership(
            organizationSlug: "team", organizationNumber: roster.organization.number, roles: roster.roles[id(3)] ?? [])
        try promise("a principal knows its memberships", principal?.memberships == [expected])
        try await checkRemovals(shared, of: roster)
    }

    private func checkRemovals(_ shared: Role, of before: OrganizationRoster) async throws {
        guard case .refused(.conflict("no")) = try await store.amend("team", by: { _ in .refuse(.conflict("no")) })
        else { throw ContractViolation("a refusal is passed on") }
        try promise("a refusal changes nothing", try await roster("team") == before)
        var roster = try await apply([.unassign(account: id(3), role: shared.number)], to: "team")
        try promise("a role is taken away", roster.roles[id(3)]?.contains(shared) == false)
        try promise("others keep it", roster.roles[id(2)]?.contains(shared) == true)
        roster = try await apply(
            [.unassign(account: id(2), role: shared.number), .unassign(account: id(2), role: 2)], to: "team")
        try promise("an unused role is removed", roster.projectRoles.map(\.base) == [.readOnly])
        try promise("removing an unused one changes nothing", roster.roles[id(2)] == [Role(.readOnly)])
        roster = try await apply(
            [.remove(account: id(3)), .unassign(account: id(2), role: BaseRole.readOnly.rawValue)], to: "team")
        try promise(
            "an account without a role is no member", Set(roster.roles.keys) == [id(1)] && roster.projectRoles.isEmpty)
    }

    func checkInvitations() async throws {
        let new = NewInvitation(
            tokenDigest: digest(601), email: "guest@example.com", role: .developer, projects: [.sample(1)],
            invitedBy: id(1), at: start, expiresAt: start + .seconds(60), isVouched: true)
        let roster = try await apply([.invite(new)], to: "team")
        let made = try required(roster.invitations[digest(601)], "an invitation is stored")
        try promise("an invitation is what was asked for", made.email == new.email && made.role == .developer)
        try promise("with its projects", made.projects == [.sample(1)] && made.invitedBy == id(1))
        try promise("and has its mark of trust", made.isVouched)
        try promise(
            "its address is known while it counts", try await store.isInvited(new.email, at: start + .seconds(59)))
        try promise("and no longer", try await !store.isInvited(new.email, at: start + .seconds(60)))
        let wanted = try await store.setPendingEmail(of: id(5), to: new.email, at: start)
        try promise("and no other account gets it", wanted == .emailTaken)
        try promise("and its organization", made.organizationSlug == "team" && made.organizationName == "Other")
        try promise("its token leads to it", try await store.invitation(tokenDigest: digest(601)) == made)
        try promise("other tokens lead nowhere", try await store.invitation(tokenDigest: digest(602)) == nil)
        let elsewhere = try await apply([.withdraw(invitation: made.number)], to: Organization.defaultSlug)
        try promise("others' invitations are not theirs", elsewhere.invitations.isEmpty)
        try promise("and stay", try await self.roster("team").invitations.count == 1)
        try promise("expired ones are purged", try await store.purge(at: start + .seconds(60)) == 1)
        let second = try required(
            try await apply([.invite(new)], to: "team").invitations[digest(601)], "an invitation can be made again")
        let after = try await apply([.withdraw(invitation: second.number)], to: "team")
        try promise("an invitation can be withdrawn", after.invitations.isEmpty)
    }
}

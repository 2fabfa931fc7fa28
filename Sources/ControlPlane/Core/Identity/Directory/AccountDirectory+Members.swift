import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// The members of an organization, by the numbers of their accounts.
    /// - Throws: `notFound`.
    public func members(of slug: String) async throws(IdentityError) -> [Member] {
        let members = try await stored { () async throws(StoreError) in try await store.members(of: slug) }
        if members.isEmpty { _ = try await organization(slug) }
        return members
    }

    /// The roles that members of an organization can have: the four for all of it, and those made for some projects,
    /// by number. Of these only projects that the caller sees.
    /// - Throws: `notFound`.
    public func roles(
        of slug: String, visibleTo caller: Principal
    ) async throws(IdentityError) -> (organization: [Role], projectScoped: [ProjectScopedRole]) {
        let roster = try await stored { () async throws(StoreError) in try await store.roster(of: slug) }
        guard let roster else { throw Self.noOrganization(slug) }
        let visible = caller.visibleProjects(in: slug)
        let scoped = roster.projectRoles.sorted { $0.number < $1.number }.compactMap { role -> ProjectScopedRole? in
            let seen = role.projects.filter { visible?.contains($0) ?? true }
            guard !seen.isEmpty || role.projects.isEmpty else { return nil }
            let projects = seen.sorted().compactMap { ref in
                roster.projects[ref].map { ProjectScopedRole.NamedProject(ref: ref, name: $0) }
            }
            return ProjectScopedRole(role: role, projects: projects.sorted { $0.name < $1.name })
        }
        return (BaseRole.allCases.map { Role($0) }, scoped)
    }

    /// Gives a member a role.
    ///
    /// One of the four without projects takes the place of the member's role for the whole organization; with
    /// projects, it is limited to them and comes on top. The number of a role made for projects gives that role, or,
    /// with projects, moves the member from it to the same for those.
    /// - Parameter projects: refs of the organization; nil or none for all of it.
    /// - Throws: `forbidden`, `conflict` when no owner would be left, `notFound`, `invalid`.
    public func setRole(
        of account: String, in slug: String, role: Int64, projects: [ProjectRef]?, by principal: Principal
    ) async throws(IdentityError) {
        let refs = projects.map { Set($0) }
        _ = try await amend(slug) { roster in
            MemberRules(actor: principal, roster: roster).setRole(of: account, role: role, projects: refs)
        }
    }

    /// Takes a role from a member; one that they do not have is no error. Without any role they are no member.
    /// - Throws: `forbidden`, `conflict` when no owner would be left, `notFound`.
    public func removeRole(
        _ role: Int64, of account: String, in slug: String, by principal: Principal
    ) async throws(IdentityError) {
        _ = try await amend(slug) { roster in
            MemberRules(actor: principal, roster: roster).removeRole(role, of: account)
        }
    }

    /// Ends a membership, and revokes the invitations that the member made. Members may remove themselves.
    /// - Throws: `forbidden`, `conflict` when no owner would be left, `notFound`.
    public func removeMember(
        _ account: String, from slug: String, by principal: Principal
    ) async throws(IdentityError) {
        _ = try await amend(slug) { roster in MemberRules(actor: principal, roster: roster).remove(account) }
    }

    /// Adds a member, or changes its role for the whole organization, on behalf of the installation's operator: without
    /// checks of rules or limits.
    /// - Throws: `notFound`.
    public func addMember(_ account: String, to slug: String, as base: BaseRole) async throws(IdentityError) {
        _ = try await self.account(account)
        _ = try await amend(slug) { roster in
            .apply(roster.withdrawingUnbacked([.assign(account: account, base: base, projects: [])]))
        }
    }

    func amend(
        _ slug: String, by decide: @Sendable @escaping (OrganizationRoster) -> RosterDecision
    ) async throws(IdentityError) -> OrganizationRoster {
        let outcome = try await changing { () async throws(StoreError) in try await store.amend(slug, by: decide) }
        switch outcome {
        case .applied(let roster): return roster
        case .refused(let error): throw error
        case nil: throw Self.noOrganization(slug)
        }
    }
}

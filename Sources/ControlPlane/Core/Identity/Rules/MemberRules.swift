import ProjectModel

/// What may be done about the members of an organization. Pure: a roster comes in, edits or a refusal come out.
///
/// Three rules apply to every change. The actor must be allowed everything that the change grants and everything that
/// the member concerned is allowed, so that members cannot raise themselves and only owners make or change owners. An
/// organization keeps an owner. And a member is changed by others who may change members, or leaves.
struct MemberRules: Sendable {
    /// Projects that one role can be limited to.
    static let projectsPerRoleMax = 100
    /// Roles that one member can have.
    static let rolesPerMemberMax = 50

    let actor: Principal
    let roster: OrganizationRoster

    var slug: String { roster.organization.slug }

    /// The actor's present permissions, which may differ from those at the beginning of the request.
    var granted: Set<Permission> { permissions(of: roster.roles[actor.account.id] ?? []) }

    private func permissions(of roles: [Role]) -> Set<Permission> {
        let membership = Membership(
            organizationSlug: slug, organizationNumber: roster.organization.number, roles: roles)
        return Principal(account: actor.account, credential: actor.credential, memberships: [membership])
            .permissions(in: slug)
    }

    // MARK: Changes

    /// Gives a member a role, and withdraws the invitations that they cannot make with it; see
    /// ``AccountDirectory/setRole(of:in:role:projects:by:)``.
    func setRole(of account: String, role number: Int64, projects: Set<ProjectRef>?) -> RosterDecision {
        deciding { () throws(IdentityError) in
            let roles = try member(account)
            try mayWrite()
            try outranks(roles)
            let edits = try assignment(of: account, having: roles, role: number, projects: projects)
            return roster.withdrawingUnbacked(try keepingAnOwner(edits))
        }
    }

    private func assignment(
        of account: String, having roles: [Role], role number: Int64, projects: Set<ProjectRef>?
    ) throws(IdentityError) -> [RosterEdit] {
        if let base = BaseRole(rawValue: number) {
            let scope = try checked(projects ?? [], for: base)
            try mayGrant(base)
            try leavesRoom(roles, for: base, scope)
            return [.assign(account: account, base: base, projects: scope)]
        }
        guard let known = roster.projectRoles.first(where: { $0.number == number }) else {
            throw .notFound(what: "role \(number) in organization \"\(slug)\"")
        }
        try mayGrant(known.base)
        guard let projects, !projects.isEmpty else {
            try leavesRoom(roles, for: known.base, known.projects)
            return [.assign(account: account, base: known.base, projects: known.projects)]
        }
        let scope = try checked(projects, for: known.base)
        try leavesRoom(roles, for: known.base, scope)
        return [
            .unassign(account: account, role: number), .assign(account: account, base: known.base, projects: scope),
        ]
    }

    /// Takes a role from a member, with the invitations that they could not make without it. One that they do not have
    /// is no error: Studio takes roles away that another of its calls has replaced.
    func removeRole(_ number: Int64, of account: String) -> RosterDecision {
        deciding { () throws(IdentityError) in
            let roles = try member(account)
            try mayWrite()
            guard roles.contains(where: { $0.number == number }) else { return [] }
            try outranks(roles)
            return roster.withdrawingUnbacked(try keepingAnOwner([.unassign(account: account, role: number)]))
        }
    }

    /// Removes a membership, with the invitations that the member made; members may remove themselves.
    func remove(_ account: String) -> RosterDecision {
        deciding { () throws(IdentityError) in
            let roles = try member(account)
            if account == actor.account.id {
                guard actor.ceiling.contains(.membersWrite) else { throw Self.lacking }
            } else {
                try mayWrite()
                try outranks(roles)
            }
            return roster.withdrawingUnbacked(try keepingAnOwner([.remove(account: account)]))
        }
    }
}

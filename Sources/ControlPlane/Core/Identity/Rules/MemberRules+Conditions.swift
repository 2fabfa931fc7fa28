import ProjectModel

/// What every change of members must fulfil.
extension MemberRules {
    func deciding(_ body: () throws(IdentityError) -> [RosterEdit]) -> RosterDecision {
        do throws(IdentityError) { return .apply(try body()) } catch { return .refuse(error) }
    }

    func member(_ account: String) throws(IdentityError) -> [Role] {
        guard roster.roles[actor.account.id] != nil else {
            throw .notFound(what: "organization \"\(slug)\" that you are a member of")
        }
        guard let roles = roster.roles[account] else {
            throw .notFound(what: "member \(account.prefix(64)) in organization \"\(slug)\"")
        }
        return roles
    }

    func mayWrite() throws(IdentityError) {
        guard roster.roles[actor.account.id] != nil else {
            throw .notFound(what: "organization \"\(slug)\" that you are a member of")
        }
        guard granted.contains(.membersWrite) else { throw Self.lacking }
    }

    static let lacking = IdentityError.forbidden(
        "you may not change the members of this organization: ask an owner or an administrator")

    /// The member to change must not be allowed more than the actor.
    func outranks(_ roles: [Role]) throws(IdentityError) {
        let theirs = roles.reduce(into: Set<Permission>()) { $0.formUnion($1.base.permissions) }
        guard theirs.isSubset(of: granted) else {
            throw .forbidden("you may not change a member who may do more than you: ask an owner of the organization")
        }
    }

    func mayGrant(_ base: BaseRole) throws(IdentityError) {
        guard base.permissions.isSubset(of: granted) else {
            throw .forbidden(
                "you may not assign the role \(base.name), because that allows more than you may do here: "
                    + "ask an owner of the organization")
        }
    }

    /// The projects of a role, provided that they are in the organization.
    func checked(_ projects: Set<ProjectRef>, for base: BaseRole) throws(IdentityError) -> Set<ProjectRef> {
        if projects.isEmpty { return projects }
        guard base != .owner else {
            throw .invalid("an Owner is one of the whole organization: choose another role to limit it to projects")
        }
        guard projects.count <= Self.projectsPerRoleMax else {
            throw .invalid("a role can be limited to at most \(Self.projectsPerRoleMax) projects")
        }
        if let stranger = projects.sorted().first(where: { roster.projects[$0] == nil }) {
            throw .notFound(what: "project \(stranger) in organization \"\(slug)\"")
        }
        return projects
    }

    func leavesRoom(_ roles: [Role], for base: BaseRole, _ projects: Set<ProjectRef>) throws(IdentityError) {
        let isThere = roles.contains { $0.base == base && $0.projects == projects }
        guard isThere || projects.isEmpty || roles.count < Self.rolesPerMemberMax else {
            throw .conflict("a member can have at most \(Self.rolesPerMemberMax) roles: take one away first")
        }
    }

    /// The edits, provided that the organization has an owner after them.
    func keepingAnOwner(_ edits: [RosterEdit]) throws(IdentityError) -> [RosterEdit] {
        var owners = Set(roster.roles.filter { $0.value.contains(where: \.isOwner) }.keys)
        for edit in edits {
            switch edit {
            case .assign(let account, .owner, _): owners.insert(account)
            case .assign(let account, _, let projects) where projects.isEmpty: owners.remove(account)
            case .unassign(let account, BaseRole.owner.rawValue), .remove(let account): owners.remove(account)
            case .assign, .unassign, .invite, .withdraw: break
            }
        }
        guard !owners.isEmpty else {
            throw .conflict("an organization needs an owner: make another member an Owner first, or delete it")
        }
        return edits
    }
}

extension Role {
    /// Whether it makes an owner.
    var isOwner: Bool { base == .owner && projects.isEmpty }
}

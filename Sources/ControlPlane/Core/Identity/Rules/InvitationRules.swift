import ProjectModel

/// What may be done about the invitations of an organization.
extension MemberRules {
    /// Invites; the invitation's role and projects must be such as the actor could give to a member.
    func invite(_ invitation: NewInvitation, membersMax: Int) -> RosterDecision {
        deciding { () throws(IdentityError) in
            try mayWrite()
            try mayGrant(invitation.role)
            _ = try checked(invitation.projects, for: invitation.role)
            if roster.emails.values.contains(invitation.email) {
                throw .conflict("\(invitation.email) is a member of this organization already")
            }
            let (over, open) = roster.split(at: invitation.at)
            if open.contains(where: { $0.email == invitation.email }) {
                throw .conflict("\(invitation.email) is invited already: delete that invitation to make a new one")
            }
            guard roster.roles.count + open.count < membersMax else {
                throw .conflict("an organization can have at most \(membersMax) members, invited ones included")
            }
            return over.map { .withdraw(invitation: $0.number) } + [.invite(invitation)]
        }
    }

    /// Takes an invitation back, of a role that the actor could have offered.
    func withdraw(_ number: Int64) -> RosterDecision {
        deciding { () throws(IdentityError) in
            try mayWrite()
            guard let invitation = roster.invitations.values.first(where: { $0.number == number }) else {
                throw .notFound(what: "invitation \(number) in this organization")
            }
            try mayGrant(invitation.role)
            return [.withdraw(invitation: number)]
        }
    }
}

extension OrganizationRoster {
    /// Invitations that are over, and those that count, by number.
    func split(at time: Timestamp) -> (over: [Invitation], open: [Invitation]) {
        let all = invitations.values.sorted { $0.number < $1.number }
        return (all.filter { !counts($0, at: time) }, all.filter { counts($0, at: time) })
    }

    private func counts(_ invitation: Invitation, at time: Timestamp) -> Bool {
        !invitation.isExpired(at: time) && isBacked(invitation)
    }

    /// Whether the member who made an invitation could make it now: an invitation ends with the role that allowed it.
    private func isBacked(_ invitation: Invitation) -> Bool {
        guard let maker = invitation.invitedBy else { return false }
        let granted = permissions(of: maker)
        return granted.contains(.membersWrite) && invitation.role.permissions.isSubset(of: granted)
    }

    /// What an account's roles allow in the organization itself.
    func permissions(of account: String) -> Set<Permission> {
        (roles[account] ?? []).filter { $0.applies(to: nil) }.reduce(into: []) { $0.formUnion($1.base.permissions) }
    }

    /// The edits, and the withdrawal of each invitation that its maker could not make any more after them. It is for
    /// good: a role that comes back brings none back.
    func withdrawingUnbacked(_ edits: [RosterEdit]) -> [RosterEdit] {
        var after = self
        var changed: Set<String> = []
        for edit in edits {
            if let account = after.changeRoles(edit) { changed.insert(account) }
        }
        let unbacked = invitations.values.filter { invitation in
            invitation.invitedBy.map(changed.contains) == true && !after.isBacked(invitation)
        }
        return edits + unbacked.map(\.number).sorted().map { .withdraw(invitation: $0) }
    }

    /// Carries an edit out on the roles that count for the organization itself; gives the account whose roles changed.
    private mutating func changeRoles(_ edit: RosterEdit) -> String? {
        switch edit {
        case .assign(let account, let base, let projects):
            guard projects.isEmpty else { return nil }
            roles[account] = (roles[account] ?? []).filter { !$0.projects.isEmpty } + [Role(base)]
            return account
        case .unassign(let account, let role):
            roles[account]?.removeAll { $0.number == role }
            return account
        case .remove(let account):
            roles[account] = nil
            return account
        case .invite, .withdraw: return nil
        }
    }

    /// Makes an account a member by a valid invitation to its address. An address that the account chose for itself
    /// proves nothing.
    func accept(tokenDigest: String, by account: Account, at time: Timestamp, membersMax: Int) -> RosterDecision {
        if let invitation = invitations[tokenDigest], invitation.email == account.email, !account.isEmailVerified {
            return .refuse(
                .forbidden(
                    "\(account.email) is not confirmed to be yours: ask an administrator of the installation to "
                        + "confirm the address of account \(account.id), then accept again"))
        }
        return accept(tokenDigest: tokenDigest, byNew: account, at: time, membersMax: membersMax)
    }

    /// The same for an account that was made from the invitation a moment ago.
    func accept(tokenDigest: String, byNew account: Account, at time: Timestamp, membersMax: Int) -> RosterDecision {
        guard let invitation = invitations[tokenDigest], counts(invitation, at: time) else {
            return .refuse(.notFound(what: "invitation with this token (any more): ask for another one"))
        }
        guard invitation.email == account.email else {
            return .refuse(.forbidden("this invitation is for another e-mail address: sign in with that account"))
        }
        guard roles[account.id] == nil else {
            return .refuse(.conflict("you are a member of \"\(organization.name)\" already"))
        }
        guard roles.count < membersMax else {
            return .refuse(.conflict("this organization has as many members as it can: ask an owner to remove one"))
        }
        let projects = invitation.projects.intersection(projects.keys)
        guard invitation.projects.isEmpty || !projects.isEmpty else {
            return .refuse(.conflict("the projects of this invitation are gone: ask for another one"))
        }
        return .apply([
            .withdraw(invitation: invitation.number),
            .assign(account: account.id, base: invitation.role, projects: projects),
        ])
    }
}

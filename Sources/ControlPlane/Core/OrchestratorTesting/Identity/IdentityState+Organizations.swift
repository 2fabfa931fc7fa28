import Identity
import Orchestrator
import ProjectModel

// MARK: - Organizations

extension IdentityState {
    mutating func insert(_ new: NewOrganization, limit: Int) -> NewOrganizationOutcome {
        guard accounts[new.owner] != nil else { return .noAccount }
        guard organizations[new.slug] == nil else { return .slugTaken }
        let owned = assignments.count { $0.account == new.owner && $0.role == BaseRole.owner.rawValue }
        guard owned < limit else { return .tooMany }
        let organization = Organization(
            number: nextNumber("organization"), slug: new.slug, name: new.name, insertedAt: new.at)
        organizations[new.slug] = organization
        assign(.owner, to: new.owner, projects: [], in: new.slug)
        return .created(organization)
    }

    mutating func update(_ slug: String, _ change: OrganizationChange) -> Organization? {
        guard var organization = organizations[slug] else { return nil }
        organization.name = change.name ?? organization.name
        if let email = change.billingEmail { organization.billingEmail = email.isEmpty ? nil : email }
        organization.additionalBillingEmails = change.additionalBillingEmails ?? organization.additionalBillingEmails
        organization.optInTags = change.optInTags ?? organization.optInTags
        organizations[slug] = organization
        return organization
    }

    mutating func delete(_ slug: String, projects: Int) -> OrganizationDeletion {
        guard organizations[slug] != nil else { return .notFound }
        guard projects == 0 else { return .hasProjects(projects) }
        organizations[slug] = nil
        assignments = assignments.filter { $0.organization != slug }
        projectRoles = projectRoles.filter { $0.value.organization != slug }
        invitations = invitations.filter { $0.value.organizationSlug != slug }
        return .deleted
    }
}

// MARK: - Members

extension IdentityState {
    func roles(of account: String, in slug: String) -> [Role] {
        assignments.filter { $0.account == account && $0.organization == slug }.map(\.role).sorted().compactMap {
            BaseRole(rawValue: $0).map { Role($0) } ?? projectRoles[$0]?.role
        }
    }

    func members(of slug: String) -> [Member] {
        let ids = Set(assignments.filter { $0.organization == slug }.map(\.account))
        return ids.compactMap { accounts[$0] }.sorted { $0.number < $1.number }
            .map { Member(account: $0, roles: roles(of: $0.id, in: slug)) }
    }

    func roster(of slug: String, projects: [ProjectRef: String]) -> OrganizationRoster? {
        guard let organization = organizations[slug] else { return nil }
        let members = members(of: slug)
        return OrganizationRoster(
            organization: organization, roles: Dictionary(members.map { ($0.account.id, $0.roles) }) { $1 },
            emails: Dictionary(members.map { ($0.account.id, $0.account.email) }) { $1 },
            projectRoles: projectRoles.values.filter { $0.organization == slug }.map(\.role)
                .sorted { $0.number < $1.number },
            projects: projects,
            invitations: invitations.filter { $0.value.organizationSlug == slug }.mapValues(named))
    }

    /// An invitation with the name that its organization has now.
    func named(_ invitation: Invitation) -> Invitation {
        var invitation = invitation
        invitation.organizationName = organizations[invitation.organizationSlug]?.name ?? invitation.organizationName
        return invitation
    }

    mutating func apply(_ edits: [RosterEdit], in slug: String) {
        for edit in edits {
            switch edit {
            case .assign(let account, let base, let projects): assign(base, to: account, projects: projects, in: slug)
            case .unassign(let account, let role):
                assignments.remove(Assignment(organization: slug, account: account, role: role))
            case .remove(let account):
                assignments = assignments.filter { $0.organization != slug || $0.account != account }
            case .invite(let new): invite(new, to: slug)
            case .withdraw(let number):
                invitations = invitations.filter { $0.value.number != number || $0.value.organizationSlug != slug }
            }
        }
        let used = Set(assignments.map(\.role))
        projectRoles = projectRoles.filter { $0.value.organization != slug || used.contains($0.key) }
    }

    mutating func assign(_ base: BaseRole, to account: String, projects: Set<ProjectRef>, in slug: String) {
        if projects.isEmpty {
            assignments = assignments.filter {
                $0.organization != slug || $0.account != account || $0.role >= Self.firstProjectRole
            }
            assignments.insert(Assignment(organization: slug, account: account, role: base.rawValue))
            return
        }
        let number = projectRole(base, projects, in: slug)
        assignments.insert(Assignment(organization: slug, account: account, role: number))
    }

    private mutating func projectRole(_ base: BaseRole, _ projects: Set<ProjectRef>, in slug: String) -> Int64 {
        let known = projectRoles.values.first {
            $0.organization == slug && $0.role.base == base && $0.role.projects == projects
        }
        if let known { return known.role.number }
        let role = Role(number: nextNumber("role"), base: base, projects: projects)
        projectRoles[role.number] = ProjectRole(organization: slug, role: role)
        return role.number
    }

    private mutating func invite(_ new: NewInvitation, to slug: String) {
        invitations[new.tokenDigest] = Invitation(
            number: nextNumber("invitation"), organizationSlug: slug, organizationName: "", email: new.email,
            role: new.role, projects: new.projects, invitedBy: new.invitedBy, invitedAt: new.at,
            expiresAt: new.expiresAt, isVouched: new.isVouched)
    }
}

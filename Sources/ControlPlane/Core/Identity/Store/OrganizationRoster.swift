public import ProjectModel

/// Members, roles, invitations and projects of an organization: the input of decisions about members.
public struct OrganizationRoster: Sendable, Equatable {
    /// The organization.
    public var organization: Organization
    /// Roles by the identifier of the account; accounts without a role are absent.
    public var roles: [String: [Role]]
    /// E-mail addresses of the members, by the identifier of the account.
    public var emails: [String: String]
    /// Roles limited to projects that exist, assigned or not.
    public var projectRoles: [Role]
    /// Projects that are not deleted, with their names.
    public var projects: [ProjectRef: String]
    /// Invitations by the digest of their token, expired ones included.
    public var invitations: [String: Invitation]

    /// A roster.
    public init(
        organization: Organization, roles: [String: [Role]], emails: [String: String], projectRoles: [Role],
        projects: [ProjectRef: String], invitations: [String: Invitation]
    ) {
        self.organization = organization
        self.roles = roles
        self.emails = emails
        self.projectRoles = projectRoles
        self.projects = projects
        self.invitations = invitations
    }
}

/// One change of a roster. Stores carry them out in order, without questions.
public enum RosterEdit: Sendable, Equatable {
    /// Gives an account a role: for the whole organization, in place of such a one before, or, with projects, the role
    /// of that base for exactly these projects, which is made when there is none.
    case assign(account: String, base: BaseRole, projects: Set<ProjectRef>)
    /// Takes a role from an account. Roles limited to projects disappear with their last member.
    case unassign(account: String, role: Int64)
    /// Takes all roles from an account.
    case remove(account: String)
    /// Adds an invitation; its number is drawn by the store.
    case invite(NewInvitation)
    /// Takes an invitation back.
    case withdraw(invitation: Int64)
}

/// An invitation to be stored.
public struct NewInvitation: Sendable, Equatable {
    /// SHA-256 of its token in hex.
    public var tokenDigest: String
    /// E-mail address in lower case.
    public var email: String
    /// Role that is offered.
    public var role: BaseRole
    /// Projects that the role is limited to.
    public var projects: Set<ProjectRef>
    /// Identifier of the account that invites.
    public var invitedBy: String
    /// When.
    public var at: Timestamp
    /// When it expires.
    public var expiresAt: Timestamp
    /// Whether an administrator of the installation makes it.
    public var isVouched: Bool

    /// An invitation.
    public init(
        tokenDigest: String, email: String, role: BaseRole, projects: Set<ProjectRef>, invitedBy: String,
        at: Timestamp, expiresAt: Timestamp, isVouched: Bool = false
    ) {
        self.tokenDigest = tokenDigest
        self.email = email
        self.role = role
        self.projects = projects
        self.invitedBy = invitedBy
        self.at = at
        self.expiresAt = expiresAt
        self.isVouched = isVouched
    }
}

/// The decision about a roster.
public enum RosterDecision: Sendable, Equatable {
    case apply([RosterEdit])
    /// Nothing changes.
    case refuse(IdentityError)
}

/// The outcome.
public enum RosterOutcome: Sendable, Equatable {
    /// The roster after the edits.
    case applied(OrganizationRoster)
    case refused(IdentityError)
}
